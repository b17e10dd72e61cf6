import fc from "fast-check";
import { expect, test } from "vitest";
import { LaminateError } from "./errors.ts";
import { duplicateKey } from "./json-keys.ts";
import { seededRandom } from "./random.ts";
import {
  float32Tensor,
  int32Tensor,
  readSafetensors,
  type SafeTensor,
  safetensorsWidths,
  tensorElements,
  writeSafetensors,
} from "./safetensors.ts";

/** A file with any header, valid or not. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const text =
    header instanceof Uint8Array
      ? header
      : new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const float = (shape: readonly number[], begin: number, end: number) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

test("a file is the header's length, the header and the elements, at a multiple of 8", () => {
  const file = writeSafetensors({
    tensors: new Map<string, SafeTensor>([
      ["half", { type: "F16", shape: [1], bytes: Uint8Array.of(7, 8) }],
      ["w", float32Tensor([2], Float32Array.of(1, 2))],
    ]),
    metadata: new Map([["format", "test"]]),
  });
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  expect((8 + length) % 8).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))).toEqual({
    __metadata__: { format: "test" },
    w: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    half: { dtype: "F16", shape: [1], data_offsets: [8, 10] },
  });
  // Two floats of four bytes, then one half of two.
  expect(file.length).toBe(8 + length + 2 * 4 + 2);
  expect([...new Float32Array(file.slice(8 + length, 8 + length + 8).buffer)]).toEqual([1, 2]);
});

const types = Object.keys(safetensorsWidths) as (keyof typeof safetensorsWidths)[];
const tensors = fc
  .array(
    fc.tuple(
      fc.string({ unit: "binary", maxLength: 12 }).filter((name) => name !== "__metadata__"),
      fc.constantFrom(...types),
      fc.array(fc.nat(4), { maxLength: 3 }),
    ),
    { maxLength: 6 },
  )
  .map(
    (list) =>
      new Map(
        list.map(([name, type, shape], index): [string, SafeTensor] => {
          const length = shape.reduce((a, b) => a * b, safetensorsWidths[type]);
          return [name, { type, shape, bytes: new Uint8Array(length).fill(index + 1) }];
        }),
      ),
  );
const metadata = fc
  .dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }))
  .map((object) => new Map(Object.entries(object)));

test("what is written is read again, and the order in which it was given leaves no trace", () => {
  fc.assert(
    fc.property(tensors, metadata, (given, notes) => {
      const file = writeSafetensors({ tensors: given, metadata: notes });
      const read = readSafetensors(file, "x");
      expect(new Map(read.tensors)).toEqual(given);
      expect(new Map(read.metadata)).toEqual(notes);
      const reversed = new Map([...given].reverse());
      expect(writeSafetensors({ tensors: reversed, metadata: notes })).toEqual(file);
    }),
    { numRuns: 200 },
  );
});

test("whatever bytes are changed, cut off or added, a reader answers or says bad input", () => {
  const seed = 17;
  const good = writeSafetensors({
    tensors: new Map<string, SafeTensor>([
      ["a", float32Tensor([2, 3], new Float32Array(6))],
      ["b", int32Tensor([4], new Int32Array(4))],
    ]),
    metadata: new Map([["k", "v"]]),
  });
  let refused = 0;
  for (let trial = 0; trial < 5_000; trial++) {
    const random = seededRandom(seed * 100_000 + trial);
    const bytes = Uint8Array.from(good);
    for (let flips = 1 + random.below(3); flips > 0; flips--) {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    const cut = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      readSafetensors(cut, "x");
    } catch (error) {
      refused++;
      if (error instanceof LaminateError && error.code === "bad-input" && error.where?.startsWith("x"))
        continue;
      throw new Error(`seed ${seed} trial ${trial}`, { cause: error });
    }
  }
  expect(refused).toBeGreaterThan(2_000);
});

const cases: readonly (readonly [string, Uint8Array, string])[] = [
  ["an empty file", new Uint8Array(), "cut off"],
  ["a header that is longer than the file", fileOf("{}").subarray(0, 9), "cut off"],
  ["a giant header", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x7f, 0), "a header of 9151314442816847872 bytes"],
  ["a header of another kind", fileOf("[1]"), "does not begin with {"],
  ["a header that is no JSON", fileOf("{oops}"), "not JSON"],
  ["a header that is no UTF-8", fileOf(Uint8Array.of(0x7b, 0xff, 0x7d)), "not UTF-8"],
  [
    "a name that stands twice",
    fileOf(`{"a":${JSON.stringify(float([1], 0, 4))},"\\u0061":${JSON.stringify(float([1], 4, 8))}}`, 8),
    'names "a" twice',
  ],
  ["an unknown dtype", fileOf({ a: { ...float([1], 0, 4), dtype: "F8_E4M3" } }, 4), 'dtype is "F8_E4M3"'],
  ["a dtype of another width", fileOf({ a: { ...float([1], 0, 4), dtype: "F64" } }, 4), "takes 8 bytes"],
  ["a shape that is no list", fileOf({ a: { ...float([1], 0, 4), shape: "1" } }, 4), 'shape is "1"'],
  ["a negative size", fileOf({ a: float([-1, -1], 0, 4) }, 4), "shape is [-1,-1]"],
  ["sizes whose product is no number", fileOf({ a: float([2 ** 53 - 1, 2 ** 53 - 1], 0, 4) }, 4), "takes"],
  ["offsets that run backwards", fileOf({ a: float([1], 4, 0) }, 4), "backwards"],
  ["offsets past the end", fileOf({ a: float([2], 0, 8) }, 4), "ends at byte 8, and there are 4"],
  [
    "tensors that overlap",
    fileOf({ a: float([2], 0, 8), b: float([1], 4, 8) }, 8),
    "inside the tensor before it",
  ],
  ["a hole", fileOf({ a: float([1], 4, 8) }, 8), "4 bytes before it belong to no tensor"],
  ["bytes at the end", fileOf({ a: float([1], 0, 4) }, 6), "2 bytes at its end"],
  ["metadata that is no text", fileOf({ __metadata__: { a: 1 } }), 'no text for "a"'],
  ["a tensor that is no object", fileOf({ a: 3 }), "no object"],
];

test.each(cases)("%s is refused", (_, file, message) => {
  expect(() => readSafetensors(file, "weights.safetensors")).toThrow(
    expect.objectContaining({
      code: "bad-input",
      message: expect.stringContaining(message),
      where: expect.stringMatching(/^weights\.safetensors/),
      fix: expect.any(String),
    }),
  );
});

test("a writer refuses what no reader would take", () => {
  const tensor = float32Tensor([3], new Float32Array(2));
  expect(() => writeSafetensors({ tensors: new Map([["a", tensor]]), metadata: new Map() })).toThrow(
    "F32 [3] takes 12 bytes, and there are 8",
  );
  const reserved = new Map([["__metadata__", float32Tensor([2], new Float32Array(2))]]);
  expect(() => writeSafetensors({ tensors: reserved, metadata: new Map() })).toThrow("cannot be called");
});

test("elements come out in their type, or it is said what they are", () => {
  const file = { tensors: new Map([["a", int32Tensor([2, 1], Int32Array.of(5, -6))]]), metadata: new Map() };
  expect([...tensorElements(file, { name: "a", type: "I32", shape: [-1, 1] }, "x")]).toEqual([5, -6]);
  expect(() => tensorElements(file, { name: "a", type: "F32", shape: [-1, 1] }, "x")).toThrow(
    "it is I32 [2,1], and should be F32 [any,1]",
  );
  expect(() => tensorElements(file, { name: "b", type: "F32", shape: [] }, "x")).toThrow("missing");
});

test("keys are held against those of their own object", () => {
  expect(duplicateKey('{"a":{"b":1},"b":["a","a",{"a":1}],"c":"\\"a\\":{"}')).toBeUndefined();
  expect(duplicateKey('{"x":[{"a":1,"b":2,"a":3}]}')).toBe("a");
});

test("elements of a file in a Buffer, whose slice is a view, are those of the tensor alone", () => {
  const bytes = writeSafetensors({
    tensors: new Map([
      ["a", float32Tensor([2], Float32Array.of(1, 2))],
      ["b", float32Tensor([1], Float32Array.of(3))],
    ]),
    metadata: new Map(),
  });
  const memory = Buffer.alloc(bytes.length + 5);
  memory.set(bytes, 5);
  const file = readSafetensors(memory.subarray(5), "f");
  expect(tensorElements(file, { name: "b", type: "F32", shape: [1] }, "f")).toEqual(Float32Array.of(3));
});
