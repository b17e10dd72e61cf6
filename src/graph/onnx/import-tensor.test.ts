import { describe, expect, test } from "vitest";
import { tensor } from "../../../test/tiny-models.ts";
import { LaminateError } from "../../base/errors.ts";
import type { ElementType, Tensor } from "../ir/tensor.ts";
import { exportTensor } from "./export-tensor.ts";
import { importTensor } from "./import-tensor.ts";
import { type TensorProto, tensorProto } from "./schema.ts";
import { type Draft, encodeBytes, packVarints } from "./wire-encode.ts";

function read(draft: Draft<TensorProto>, files: Readonly<Record<string, Uint8Array>> = {}): Tensor {
  const options = { name: "t.pb", readExternal: (name: string) => files[name] };
  return importTensor(encodeBytes(tensorProto, draft), options).tensor;
}

function refused(draft: Draft<TensorProto>, files: Readonly<Record<string, Uint8Array>> = {}): string {
  try {
    read(draft, files);
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input" && error.fix) return error.message;
    throw error;
  }
  throw new Error("the tensor was read");
}

const ints = (...values: number[]): Uint8Array => packVarints(values.map(BigInt));
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

describe("typed data fields become the bytes that raw_data would hold", () => {
  const cases: readonly (readonly [ElementType, number[], Draft<TensorProto>, Uint8Array])[] = [
    ["float32", [1], { floatData: bytes(0, 0, 128, 63) }, bytes(0, 0, 128, 63)],
    ["complex64", [1], { floatData: bytes(0, 0, 128, 63, 0, 0, 0, 64) }, bytes(0, 0, 128, 63, 0, 0, 0, 64)],
    ["float64", [1], { doubleData: bytes(0, 0, 0, 0, 0, 0, 240, 63) }, bytes(0, 0, 0, 0, 0, 0, 240, 63)],
    ["complex128", [1], { doubleData: new Uint8Array(16).fill(1) }, new Uint8Array(16).fill(1)],
    // 2^53 + 1, which a double cannot hold, and -1.
    [
      "int64",
      [2],
      { int64Data: packVarints([2n ** 53n + 1n, -1n]) },
      bytes(1, 0, 0, 0, 0, 0, 32, 0, 255, 255, 255, 255, 255, 255, 255, 255),
    ],
    [
      "uint64",
      [1],
      { uint64Data: packVarints([2n ** 64n - 2n]) },
      bytes(254, 255, 255, 255, 255, 255, 255, 255),
    ],
    ["uint32", [1], { uint64Data: packVarints([2n ** 32n - 1n]) }, bytes(255, 255, 255, 255)],
    ["int32", [2], { int32Data: ints(-2, 258) }, bytes(254, 255, 255, 255, 2, 1, 0, 0)],
    ["int16", [1], { int32Data: ints(-2) }, bytes(254, 255)],
    ["uint16", [1], { int32Data: ints(65535) }, bytes(255, 255)],
    ["int8", [2], { int32Data: ints(-1, 127) }, bytes(255, 127)],
    ["uint8", [1], { int32Data: ints(200) }, bytes(200)],
    ["bool", [3], { int32Data: ints(1, 0, 1) }, bytes(1, 0, 1)],
    // 1.0 is 0x3c00 in float16 and 0x3f80 in bfloat16.
    ["float16", [1], { int32Data: ints(0x3c00) }, bytes(0, 0x3c)],
    ["bfloat16", [1], { int32Data: ints(0x3f80) }, bytes(0x80, 0x3f)],
    ["float8e4m3fn", [2], { int32Data: ints(0x38, 0xff) }, bytes(0x38, 0xff)],
    ["float8e4m3fnuz", [1], { int32Data: ints(0x40) }, bytes(0x40)],
    ["float8e5m2", [1], { int32Data: ints(0x3c) }, bytes(0x3c)],
    ["float8e5m2fnuz", [1], { int32Data: ints(0x40) }, bytes(0x40)],
    // Three elements of four bits lie in two bytes.
    ["int4", [3], { int32Data: ints(0x21, 0x03) }, bytes(0x21, 0x03)],
    ["uint4", [3], { int32Data: ints(0xf1, 0x0f) }, bytes(0xf1, 0x0f)],
    ["float4e2m1", [2], { int32Data: ints(0x21) }, bytes(0x21)],
  ];
  test.each(cases)("%s", (elementType, shape, data, expected) => {
    expect(read(tensor("t", elementType, shape, data))).toEqual({
      elementType,
      shape,
      data: { kind: "bytes", bytes: expected },
    });
    expect(read(tensor("t", elementType, shape, { rawData: expected }))).toEqual(
      read(tensor("t", elementType, shape, data)),
    );
  });

  test("strings", () => {
    const strings = [bytes(104, 105), bytes()];
    const read2 = read(tensor("t", "string", [2], { stringData: strings }));
    expect(read2.data).toEqual({ kind: "strings", strings });
  });

  test("numbers that are not packed, one field each", () => {
    // Field 1 (dims) = 2, field 2 (data_type) = 1, then field 4 (float_data) as fixed32 twice: 1.0 and 2.0.
    const file = bytes(8, 2, 16, 1, 0x25, 0, 0, 128, 63, 0x25, 0, 0, 0, 64);
    expect(importTensor(file).tensor).toEqual({
      elementType: "float32",
      shape: [2],
      data: { kind: "bytes", bytes: bytes(0, 0, 128, 63, 0, 0, 0, 64) },
    });
  });

  test("a tensor without elements", () => {
    expect(read(tensor("t", "float32", [0, 3], {})).data).toEqual({ kind: "bytes", bytes: bytes() });
  });
});

describe("external data", () => {
  const external = (...entries: readonly [string, string][]): Draft<TensorProto> =>
    tensor("t", "uint8", [4], {
      dataLocation: 1,
      externalData: entries.map(([key, value]) => ({ key, value })),
    });
  const files = { "w.bin": bytes(0, 1, 2, 3, 4, 5), "sub/w.bin": bytes(9, 9, 9, 9) };

  test("is a view at its offset", () => {
    const { data } = read(external(["location", "w.bin"], ["offset", "2"], ["length", "4"]), files);
    expect(data).toEqual({ kind: "bytes", bytes: bytes(2, 3, 4, 5) });
    expect(data.kind === "bytes" && data.bytes.buffer === files["w.bin"].buffer).toBe(true);
    expect(read(external(["location", "sub/w.bin"]), files).data).toMatchObject({ kind: "bytes" });
  });

  test("that is not there is missing, and is so again when it was written", () => {
    const missing = read(external(["location", "no.bin"], ["offset", "2"]), files);
    expect(missing.data).toEqual({ kind: "missing", location: "no.bin", offset: 2 });
    expect(importTensor(exportTensor(missing)).tensor).toEqual(missing);
  });

  test("and a shape without any data too", () => {
    expect(read(tensor("t", "float32", [1000, 1000], {})).data).toEqual({ kind: "missing", location: "" });
  });

  test("of a recipe is not made", () => {
    const draft = tensor("t", "float32", [1e6, 1e6], {
      dataLocation: 1,
      externalData: [{ key: "location", value: "synthetic:-1e-05:.5:4294967295" }],
    });
    const synthetic = read(draft);
    expect(synthetic.data).toEqual({ kind: "synthetic", low: -1e-5, high: 0.5, seed: 4294967295 });
    expect(importTensor(exportTensor(synthetic)).tensor).toEqual(synthetic);
  });

  test.each([
    "/etc/passwd",
    "../w.bin",
    "sub/../../w.bin",
    "..\\w.bin",
    "C:\\w.bin",
    "\\\\host\\w.bin",
    "file:///etc/passwd",
    "w.bin\0.txt",
    "",
  ])("at %j is refused", (location) => {
    expect(refused(external(["location", location]), files)).toMatch(/^external data at .* is refused$/);
  });

  test.each([
    [
      [
        ["location", "w.bin"],
        ["offset", "3"],
      ],
      'bytes 3 to 7 of "w.bin" are asked for, which has 6',
    ],
    [
      [
        ["location", "w.bin"],
        ["length", "5"],
      ],
      "external data of 5 bytes for a tensor of 4",
    ],
    [
      [
        ["location", "w.bin"],
        ["offset", "-1"],
      ],
      'external data with offset "-1"',
    ],
    [
      [
        ["location", "w.bin"],
        ["offset", "99999999999999999999"],
      ],
      'external data with offset "99999999999999999999"',
    ],
    [[["location", "synthetic:1:0:3"]], '"synthetic:1:0:3" is not a recipe of synthetic elements'],
    [[["location", "synthetic:0:1e999:3"]], '"synthetic:0:1e999:3" is not a recipe of synthetic elements'],
  ] as const)("%j is refused", (entries, message) => {
    expect(refused(external(...(entries as unknown as [string, string][])), files)).toBe(message);
  });
});

describe("bad input", () => {
  test.each([
    [tensor("t", "float32", [1], { int64Data: ints(1) }), "a tensor of type float32 with int64_data"],
    [
      tensor("t", "float32", [1], { rawData: bytes(0, 0, 0, 0), floatData: bytes(0, 0, 0, 0) }),
      "a tensor beside raw_data with float_data",
    ],
    [
      tensor("t", "float32", [2], { floatData: bytes(0, 0, 0, 0, 0) }),
      "the shape asks for 8 bytes, the data has 5",
    ],
    [tensor("t", "int8", [1], { int32Data: bytes(0x80) }), "a list of numbers ends within a number"],
    [tensor("t", "string", [2], { stringData: [bytes()] }), "the shape asks for 2 strings, the data has 1"],
    [tensor("t", "string", [1], { rawData: bytes(1) }), "strings in raw_data, which ONNX does not have"],
    [{ dims: ints(1) }, "a tensor without an element type"],
    [{ dataType: 1, segment: bytes() }, "a tensor in segments, which ONNX has given up"],
  ] as const)("%#: %j", (draft, message) => {
    expect(refused(draft as Draft<TensorProto>)).toBe(message);
  });
});

test("synthetic elements are written out on demand", () => {
  const data = { kind: "synthetic", low: 0, high: 1, seed: 1 } as const;
  const synthetic: Tensor = { elementType: "float32", shape: [3], data };
  const { name, tensor: made } = importTensor(exportTensor(synthetic, "w", { materialize: true }));
  expect(name).toBe("w");
  expect(made.data).toMatchObject({ kind: "bytes" });
});
