/** Programs on several threads of Node: that they compute the same, never hang, and end when a kernel fails. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { seededRandom } from "../src/base/random.ts";
import { createRuntime } from "../src/compiler/runtime/runtime.ts";
import { nodeThreads } from "../src/host/node-threads.ts";
import { repositoryRoot } from "./build-dist.ts";
import {
  addScale,
  addScaleProgram,
  divideProgram,
  littleWork,
  muchWork,
  rotateProgram,
} from "./tiny-programs.ts";

const runtimeOf = (threads: number) => createRuntime({ threads, startThread: nodeThreads() });

afterEach(() => vi.restoreAllMocks());

/** y[i] = x[(i + steps) mod count] + steps. */
function rotated(x: Int32Array, steps: number): Int32Array {
  return x.map((_, index) => (x[(index + steps) % x.length] ?? 0) + steps);
}

/** Steps that all share, and runs of steps of thread 0 between them. */
function mixedWorks(seed: number, steps: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: steps }, () => (random.below(3) === 0 ? littleWork : muchWork));
}

test("two threads give the same as one", async () => {
  const model = await runtimeOf(2).load(addScaleProgram(7));
  const [a, b] = [Float32Array.from([1, 2, 3, 4, 5, 6, 7]), Float32Array.from([7, 6, 5, 4, 3, 2, 1])];
  expect(model).toMatchObject({ threads: 2, notes: [] });
  expect(await model.run({ a, b })).toEqual({ y: addScale(a, b) });
  model.dispose();
  await expect(model.run({ a, b })).rejects.toThrow("disposed");
});

// More threads than cores, too: then a thread that spins takes the place of the one it waits for.
describe.each([2, 3, 4])("%i threads", (threads) => {
  test.each([
    ["that may sleep", true],
    ["of which the first may only spin, as in a page", false],
  ])("%s pass thousands of barriers, seed 1", async (_, sleeps) => {
    if (!sleeps) vi.spyOn(Atomics, "wait").mockImplementation(() => expect.fail("not in a page"));
    const works = mixedWorks(1, 3000);
    const runtime = runtimeOf(threads);
    const model = await runtime.load(rotateProgram(13, works));
    expect(model.threads).toBe(threads);
    const x = Int32Array.from({ length: 13 }, (_, index) => index * 1000);
    for (let run = 0; run < 5; run++) {
      expect(await model.run({ x })).toEqual({ y: rotated(x, works.length) });
      // The others fall asleep, or not yet.
      await new Promise((resolve) => setTimeout(resolve, run));
    }
    runtime.dispose();
  });

  test("of which some have nothing to do", async () => {
    const runtime = runtimeOf(threads);
    const model = await runtime.load(rotateProgram(2, [muchWork, muchWork, littleWork]));
    const x = Int32Array.from([10, 20]);
    for (let run = 0; run < 500; run++) expect(await model.run({ x })).toEqual({ y: rotated(x, 3) });
    runtime.dispose();
  });

  test.each([0, 1, 2, 3])("all end when the one with element %i fails", async (failing) => {
    const runtime = runtimeOf(threads);
    const model = await runtime.load(divideProgram(4));
    const [a, b] = [new Int32Array(4).fill(6), new Int32Array(4).fill(2)];
    expect(await model.run({ a, b })).toEqual({ q: new Int32Array(4).fill(3) });
    b[failing] = 0;
    await expect(model.run({ a, b })).rejects.toThrow(
      expect.objectContaining({ code: "bad-input", message: "a kernel stopped: divide by zero" }),
    );
    await expect(model.run({ a, b: a })).rejects.toThrow("has stopped after a failure");
    runtime.dispose();
  });
});

test("idle threads keep no process alive", () => {
  const script = `
    import { nodeThreads } from ${JSON.stringify(join(repositoryRoot, "dist", "node.js"))};
    const script = "async (message, reply) => { reply(1); Atomics.wait(new Int32Array(message), 0, 0); }";
    await nodeThreads()(script, new SharedArrayBuffer(4)).started;
    console.log("started");
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
  expect(output.toString()).toBe("started\n");
});
