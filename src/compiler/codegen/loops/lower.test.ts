/** Random loop nests as WebAssembly do to memory what they do in plain JavaScript, in one go and in pieces. */
import { expect, test } from "vitest";
import { known } from "../../../base/assert.ts";
import { seededRandom } from "../../../base/random.ts";
import { evaluateNest } from "../testing/evaluate-nest.ts";
import { type RandomNest, randomNest } from "../testing/random-nest.ts";
import { encodeModule } from "../wasm/encode.ts";
import { printFunction } from "../wasm/print-wat.ts";
import type { Affine, Loop } from "./affine.ts";
import { type Buffer, binary, constant, type Expr, loadOf } from "./expr.ts";
import { turnsOf } from "./long-chains.ts";
import { lowerKernel } from "./lower.ts";
import type { Statement } from "./nest.ts";
import type { StoredArray } from "./stored-arrays.ts";
import { mathCallee } from "./vector-math.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 5);
const runs = Number(process.env.LAMINATE_RUNS ?? 200);
const canary = 0xa5;
const gap = 64;

function differences(nest: RandomNest, random: ReturnType<typeof seededRandom>): readonly string[] {
  const buffers = [...nest.memory.keys()];
  const kernel = lowerKernel(
    { name: "nest", buffers, body: nest.body },
    { callee: mathCallee, relaxed: false },
  );
  const starts = new Map<Buffer, number>();
  let end = gap;
  for (const [buffer, elements] of nest.memory) {
    starts.set(buffer, end);
    end = Math.ceil((end + elements.byteLength + gap) / 16) * 16;
  }
  const pages = Math.ceil(end / 65_536);
  const bytes = encodeModule({
    memory: { pages, shared: false },
    functions: [{ ...kernel.function, exported: true }],
  });
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(bytes as BufferSource);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const all = new Uint8Array(memory.buffer);
  all.fill(canary);
  const viewOf = (buffer: Buffer, elements: StoredArray): Uint8Array =>
    all.subarray(known(starts.get(buffer), "start")).subarray(0, elements.byteLength);
  for (const [buffer, elements] of nest.memory) viewOf(buffer, elements).set(new Uint8Array(elements.buffer));
  const run = instance.exports.nest as (...numbers: readonly number[]) => void;
  const cuts = [0, random.below(kernel.units + 1), random.below(kernel.units + 1), kernel.units];
  cuts.sort((a, b) => a - b);
  for (const at of random.below(2) === 0 ? [2, 0, 1] : [0, 1, 2])
    run(...starts.values(), known(cuts[at], "cut"), known(cuts[at + 1], "cut"));
  evaluateNest(nest.body, nest.memory);
  const wrong: string[] = [];
  let at = 0;
  for (const [buffer, elements] of nest.memory) {
    const start = known(starts.get(buffer), "start");
    if (all.subarray(at, start).some((byte) => byte !== canary)) wrong.push(`before ${buffer.name}`);
    at = start + elements.byteLength;
    const copy = viewOf(buffer, elements).slice();
    const make = elements.constructor as new (buffer: ArrayBuffer) => StoredArray;
    const found = new make(copy.buffer as ArrayBuffer);
    for (let index = 0; index < elements.length; index++)
      if (!same(found[index], elements[index]))
        wrong.push(
          `${buffer.name} (${buffer.elementType})[${index}] = ${found[index]}, not ${elements[index]}`,
        );
  }
  if (all.subarray(at).some((byte) => byte !== canary)) wrong.push("behind the last buffer");
  if (wrong.length > 0 && process.env.LAMINATE_SHOW === "1") wrong.push(printFunction(kernel.function));
  return wrong.length > 4 ? [...wrong.slice(0, 3), known(wrong.at(-1), "last")] : wrong;
}

/** The signs of zeros are not looked at: sums in another order may have others. */
function same(a: number | bigint | undefined, b: number | bigint | undefined): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

test(`${runs} nests from seed ${seed} on`, () => {
  for (let at = 0; at < runs; at++) {
    const random = seededRandom(seed + at);
    expect(differences(randomNest(random), random), `seed ${seed + at}`).toEqual([]);
  }
});

test("long chains, which neighbouring vectors take in turns", () => {
  const random = seededRandom(seed);
  for (const extent of [16, 23, 64]) {
    const loop: Loop = { name: "x", extent };
    const at: Affine = { offset: 0, terms: [{ factor: { kind: "loop", loop }, stride: 1 }] };
    const buffers = ["x", "a", "b", "y"].map((name): Buffer => ({ name, elementType: "float32" }));
    const [x, a, b, y] = buffers.map((buffer) => known(buffer, "buffer")) as [Buffer, Buffer, Buffer, Buffer];
    // Each step needs the one before; every fifth value has a second reader later.
    const steps: Expr[] = [loadOf(x, at)];
    for (let step = 0; step < 60; step++) {
      const last = known(steps.at(-1), "the last step");
      const other =
        step % 5 === 4 ? known(steps.at(-4), "an earlier step") : loadOf(step % 2 === 0 ? a : b, at);
      steps.push(binary(step % 2 === 0 ? "multiply" : "add", last, other));
    }
    const value = known(steps.at(-1), "the result");
    expect(turnsOf(value).length).toBe(15);
    const body: Statement[] = [
      { kind: "vector-loop", loop, body: [{ kind: "store", buffer: y, index: at, value }] },
    ];
    const memory = new Map<Buffer, StoredArray>(
      buffers.map((buffer) => [buffer, Float32Array.from({ length: extent }, () => random.uniform() - 0.5)]),
    );
    expect(differences({ body, memory }, random), `${extent} elements`).toEqual([]);
  }
  expect(
    turnsOf(
      binary(
        "add",
        loadOf({ name: "z", elementType: "float32" }, { offset: 0, terms: [] }),
        constant("f32", 1),
      ),
    ),
  ).toEqual([]);
});
