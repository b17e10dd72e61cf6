import { describe, expect, test } from "vitest";
import { network } from "../../../test/network.ts";
import {
  addScale,
  addScaleProgram,
  divideProgram,
  littleWork,
  muchWork,
  programTensor,
  rotateProgram,
} from "../../../test/tiny-programs.ts";
import { compileGraph } from "../codegen/compile.ts";
import { encodeProgram } from "../codegen/encode-program.ts";
import type { Program } from "../codegen/program.ts";
import { createRuntime } from "./runtime.ts";

const a = Float32Array.from([1, 2, 3, 4, 5, 6]);
const b = Float32Array.from([10, 20, 30, 40, 50, 60]);

const thrown = (where: string, message: RegExp, fix: RegExp) =>
  expect.objectContaining({
    code: "bad-input",
    where,
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  });

test("a program runs, again and again", async () => {
  const runtime = createRuntime();
  const model = await runtime.load(addScaleProgram(6));
  expect(model).toMatchObject({ name: "add-scale", threads: 1, notes: [] });
  expect(await model.run({ a, b })).toEqual({ y: addScale(a, b) });
  expect(model.runNow({ a, b })).toEqual({ y: addScale(a, b) });
  expect(() => model.runNow({ a })).toThrow("the input is missing");
  expect(await model.run(new Map([["b", a] as const, ["a", a] as const]))).toEqual({ y: addScale(a, a) });
  const value = { kind: "tensor", elementType: "float32", shape: [6], elements: b } as const;
  expect(await model.run({ a, b: value })).toEqual({ y: addScale(a, b) });
});

test("outputs are copies, or views that the next run changes", async () => {
  const model = await createRuntime().load(addScaleProgram(6));
  const [copy, view] = [await model.run({ a, b }), await model.run({ a, b }, { views: true })];
  await model.run({ a, b: a });
  expect(copy.y).toEqual(addScale(a, b));
  expect(view.y).toEqual(addScale(a, a));
});

/** Products one after another: when the inputs are read, another value may lie where they were. */
function statefulNetwork() {
  return network({
    inputs: { x: [8, 8], s: [8, 8] },
    nodes: {
      xx: ["MatMul", ["x", "x"]],
      a: ["Add", ["xx", "s"]],
      b: ["MatMul", ["a", "a"]],
      y: ["MatMul", ["b", "b"]],
    },
    outputs: ["y"],
  });
}

test("an input that is kept outlasts a run, is changed in place, and need not be copied", async () => {
  const numbers = (start: number) => Float32Array.from({ length: 64 }, (_, at) => ((start + at) % 7) - 3);
  const program = compileGraph(statefulNetwork(), { keptInputs: ["s"] });
  const model = await createRuntime().load(program);
  const s = model.inputView("s") as Float32Array;
  s.set(numbers(1));
  const once = model.runNow({ x: numbers(4), s });
  expect(once).toEqual(model.runNow({ x: numbers(4), s: numbers(1) }));
  expect(s).toEqual(numbers(1));
  expect(model.runNow({ x: numbers(4), s })).toEqual(once);
  s.set(numbers(2));
  expect(model.runNow({ x: numbers(4), s })).toEqual(model.runNow({ x: numbers(4), s: numbers(2) }));
  expect(model.runNow({ x: numbers(4), s })).not.toEqual(once);

  // Without a word, some value takes the place of one of the inputs: keeping costs that memory.
  const places = ({ inputs, places: all }: Program) =>
    inputs.map(({ byteOffset }) => all.filter((place) => place.byteOffset === byteOffset).length);
  expect(Math.max(...places(compileGraph(statefulNetwork())))).toBe(2);
  expect(places(program)[1]).toBe(1);
  expect(() => compileGraph(statefulNetwork(), { keptInputs: ["t"] })).toThrow(
    'there is no input "t" to keep',
  );
  expect(() => model.inputView("t")).toThrow('there is no input "t"');
  model.dispose();
  expect(() => model.inputView("s")).toThrow("the network was disposed of");
});

test("a runtime disposes of what it has loaded", async () => {
  const runtime = createRuntime();
  const model = await runtime.load(addScaleProgram(6));
  runtime.dispose();
  await expect(model.run({ a, b })).rejects.toThrow("the network was disposed of");
});

test("the module for one thread has no atomics and takes memory that is not shared", () => {
  const program = rotateProgram(8, [muchWork, littleWork]);
  const single = new WebAssembly.Module(encodeProgram(program, { threads: false }) as BufferSource);
  expect(WebAssembly.Module.exports(single).map(({ name }) => name)).toEqual(["warm", "run"]);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  expect(() => new WebAssembly.Instance(single, { env: { memory } })).not.toThrow();
  const threaded = new WebAssembly.Module(encodeProgram(program, { threads: true }) as BufferSource);
  expect(WebAssembly.Module.exports(threaded).map(({ name }) => name)).toEqual(["warm", "work", "run"]);
  expect(() => new WebAssembly.Instance(threaded, { env: { memory } })).toThrow(/shared/);
});

test("without a way to start threads there is one, and a note", async () => {
  const model = await createRuntime({ threads: 2 }).load(rotateProgram(3, [muchWork]));
  expect(model).toMatchObject({
    threads: 1,
    notes: ["runs on one thread: no way to start threads was given"],
  });
  expect(await model.run({ x: Int32Array.from([5, 6, 7]) })).toEqual({ y: Int32Array.from([7, 8, 6]) });
});

test("a thread that cannot start leaves one, and a note", async () => {
  const startThread = () => ({ started: Promise.reject(new Error("blocked")), stop() {} });
  const model = await createRuntime({ threads: 2, startThread }).load(rotateProgram(3, [muchWork]));
  expect(model.notes).toEqual(["runs on one thread: threads cannot be started here (blocked)"]);
  expect(await model.run({ x: Int32Array.from([5, 6, 7]) })).toEqual({ y: Int32Array.from([7, 8, 6]) });
});

describe("what does not fit is named", () => {
  test("inputs", async () => {
    const model = await createRuntime().load(addScaleProgram(6));
    await expect(model.run({ a })).rejects.toThrow(
      thrown('input "b"', /is missing/, /Float32Array for float32 \[6\]/),
    );
    await expect(model.run({ a, b, c: a })).rejects.toThrow(
      thrown("inputs", /no input "c"/, /"a" float32 \[6\], "b" float32 \[6\]/),
    );
    await expect(model.run({ a, b: new Float64Array(6) })).rejects.toThrow(
      thrown('input "b"', /is Float64Array, and Float32Array is expected/, /./),
    );
    await expect(model.run({ a, b: new Float32Array(5) })).rejects.toThrow(
      thrown('input "b"', /has 5 elements, and float32 \[6\] has 6/, /./),
    );
    await expect(model.run({ a, b: { shape: [2, 3], elements: b } })).rejects.toThrow(
      thrown('input "b"', /shape is \[2,3\], and \[6\] is expected/, /./),
    );
    const numbers: unknown = [1, 2, 3, 4, 5, 6];
    await expect(model.run({ a, b: numbers as Float32Array })).rejects.toThrow(
      thrown('input "b"', /is Array, and Float32Array/, /./),
    );
  });

  test("64-bit integers are BigInt64Array, and bool becomes 0 and 1", async () => {
    const program: Program = {
      ...rotateProgram(2, []),
      inputs: [programTensor("n", "int64", [2], 64), programTensor("flags", "bool", [3], 80)],
      outputs: [programTensor("n_out", "int64", [2], 64), programTensor("flags_out", "bool", [3], 80)],
    };
    const model = await createRuntime().load(program);
    const n = BigInt64Array.from([-1n, 2n ** 62n]);
    expect(await model.run({ n, flags: Uint8Array.from([0, 7, 1]) })).toEqual({
      n_out: n,
      flags_out: Uint8Array.from([0, 1, 1]),
    });
    await expect(model.run({ n: new Int32Array(2), flags: new Uint8Array(3) })).rejects.toThrow(
      thrown('input "n"', /is Int32Array, and BigInt64Array is expected/, /BigInt64Array for int64 \[2\]/),
    );
  });

  test("types without an array, memory beyond 4 GiB, numbers of threads", async () => {
    const small = rotateProgram(2, []);
    const half = { ...small, inputs: [programTensor("h", "float16", [2], 64)] };
    await expect(createRuntime().load(half)).rejects.toThrow(thrown('tensor "h"', /float16/, /float32/));
    await expect(createRuntime().load({ ...small, memoryBytes: 2 ** 32 + 1 })).rejects.toThrow(
      thrown("rotate", /4294967297 bytes of memory, and WebAssembly has 4294967296/, /smaller/),
    );
    await expect(createRuntime({ threads: 0 }).load(small)).rejects.toThrow("0 is no number of threads");
  });
});

test("a kernel that stops is an error, and the next run goes on", async () => {
  const model = await createRuntime().load(divideProgram(2));
  const ones = Int32Array.from([1, 1]);
  await expect(model.run({ a: ones, b: new Int32Array(2) })).rejects.toThrow(
    thrown("divide", /a kernel stopped: divide by zero/, /divisors/),
  );
  expect(await model.run({ a: ones, b: ones })).toEqual({ q: ones });
});
