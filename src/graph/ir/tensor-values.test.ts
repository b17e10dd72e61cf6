import { describe, expect, test } from "vitest";
import type { ElementType, Tensor } from "./tensor.ts";
import { tensorFromBigInts, tensorFromNumbers, tensorToBigInts, tensorToNumbers } from "./tensor-values.ts";

function raw(elementType: ElementType, count: number, ...bytes: readonly number[]): Tensor {
  return { elementType, shape: [count], data: { kind: "bytes", bytes: Uint8Array.from(bytes) } };
}

describe("elements of small constants", () => {
  test.each<[ElementType, readonly number[], readonly number[]]>([
    ["float32", [0, 0, 192, 63], [1.5]],
    ["float64", [0, 0, 0, 0, 0, 0, 248, 63], [1.5]],
    // 0x3e00 = 1.5, 0x0001 = 2^-24, 0x7c00 = infinity.
    ["float16", [0, 0x3e, 1, 0, 0, 0x7c], [1.5, 2 ** -24, Number.POSITIVE_INFINITY]],
    ["bfloat16", [0xc0, 0x3f], [1.5]],
    // Largest of each float8, then NaN: 448, 240, 57344, 57344.
    ["float8e4m3fn", [0x7e, 0x7f], [448, Number.NaN]],
    ["float8e4m3fnuz", [0x7f, 0x80], [240, Number.NaN]],
    ["float8e5m2", [0x7b, 0x7f], [57344, Number.NaN]],
    ["float8e5m2fnuz", [0x7f, 0x80], [57344, Number.NaN]],
    ["float4e2m1", [0x97], [6, -0.5]],
    ["int64", [255, 255, 255, 255, 255, 255, 255, 255], [-1]],
    ["uint32", [255, 255, 255, 255], [4294967295]],
    ["int16", [0, 128], [-32768]],
    ["int8", [128], [-128]],
    ["uint4", [0x21], [1, 2]],
    ["int4", [0xf8], [-8, -1]],
    ["bool", [0, 2], [0, 1]],
  ])("%s", (elementType, bytes, expected) => {
    expect(tensorToNumbers(raw(elementType, expected.length, ...bytes))).toEqual(expected);
  });

  test("bytes that start anywhere in a file are read", () => {
    const file = Uint8Array.from([9, 9, 9, 7, 0, 0, 0]);
    const tensor: Tensor = {
      elementType: "int32",
      shape: [],
      data: { kind: "bytes", bytes: file.subarray(3) },
    };
    expect(tensorToNumbers(tensor)).toEqual([7]);
  });

  test("what is not known is undefined, not wrong", () => {
    expect(tensorToNumbers(raw("int32", 2, 1, 0, 0, 0))).toBeUndefined();
    expect(
      tensorToNumbers({ elementType: "int32", shape: [2], data: { kind: "missing", location: "x" } }),
    ).toBeUndefined();
    const synthetic = { kind: "synthetic", low: 0, high: 1, seed: 1 } as const;
    expect(tensorToNumbers({ elementType: "float32", shape: [2], data: synthetic })).toBeUndefined();
    expect(
      tensorToNumbers({ elementType: "string", shape: [1], data: { kind: "strings", strings: [] } }),
    ).toBeUndefined();
    expect(tensorToBigInts(raw("float32", 1, 0, 0, 0, 0))).toBeUndefined();
  });

  test.each<ElementType>(["int64", "uint64", "int32", "int8", "uint4", "int4"])(
    "%s there and back",
    (elementType) => {
      const values = elementType.startsWith("u") ? [3n, 0n, 7n] : [3n, -2n, 7n];
      expect(tensorToBigInts(tensorFromBigInts(elementType, [3], values))).toEqual(values);
    },
  );

  test("the end of everything, once rounded to a double, is clamped to 64 bits", () => {
    const tensor = tensorFromNumbers("int64", [1], [2 ** 63]);
    expect(tensor && tensorToBigInts(tensor)).toEqual([2n ** 63n - 1n]);
  });
});
