import { describe, expect, test } from "vitest";
import { mulberry32 } from "../../base/mulberry32.ts";
import { bfloat16Bits, float16Bits, materialize, reusedRoom } from "./materialize.ts";
import { valueOfTensor } from "./runtime-tensor.ts";
import type { ChannelFactors, ElementType, Tensor } from "./tensor.ts";

function synthetic(
  elementType: ElementType,
  count: number,
  low: number,
  high: number,
  seed: number,
): Uint8Array {
  return materialize({ elementType, shape: [count], data: { kind: "synthetic", low, high, seed } });
}

/** The first draws from seed 1, times 2^32; worked out apart in Python from the recipe: about .627 .003 .527 .981. */
const draws = [2693262067, 11749833, 2265367787, 4213581821];

test("mulberry32 gives the recipe's draws", () => {
  const draw = mulberry32(1);
  expect(draws.map(() => draw() * 2 ** 32)).toEqual(draws);
  const last = mulberry32(4294967295);
  expect([last() * 2 ** 32, last() * 2 ** 32]).toEqual([3850105811, 813802916]);
});

describe("synthetic elements", () => {
  test("of float32 are worked out in double precision and rounded once", () => {
    const values = new Float32Array(synthetic("float32", 4, -0.1, 0.3, 1).buffer);
    expect([...values]).toEqual(draws.map((draw) => Math.fround(-0.1 + (0.3 - -0.1) * (draw / 2 ** 32))));
  });

  test("of integers are the floor", () => {
    // -3 + 6 x (.627 .003 .527 .981) = .76 -2.98 .16 2.89
    const expected = [0, -3, 0, 2];
    expect([...new Int32Array(synthetic("int32", 4, -3, 3, 1).buffer)]).toEqual(expected);
    expect([...new Int8Array(synthetic("int8", 4, -3, 3, 1).buffer)]).toEqual(expected);
    expect([...new BigInt64Array(synthetic("int64", 4, -3, 3, 1).buffer)]).toEqual(expected.map(BigInt));
    expect([...synthetic("uint8", 4, 250, 256, 1)]).toEqual([253, 250, 253, 255]);
  });

  test("of booleans are draws of at least one half", () => {
    expect([...synthetic("bool", 4, 0, 1, 1)]).toEqual([1, 0, 1, 1]);
  });

  test("of a huge tensor are refused before they are asked for", () => {
    expect(() => synthetic("float32", 2 ** 45, 0, 1, 1)).toThrow(
      "synthetic elements in 140737488355328 bytes",
    );
    expect(() => synthetic("float8e5m2", 1, 0, 1, 1)).toThrow("of type float8e5m2 cannot be made");
  });
});

test("missing elements are bad input that names the file", () => {
  const data = { kind: "missing", location: "w.bin" } as const;
  expect(() => materialize({ elementType: "int8", shape: [1], data }, 'm.onnx: tensor "w"')).toThrow(
    expect.objectContaining({
      code: "bad-input",
      where: 'm.onnx: tensor "w"',
      message: 'the elements are needed, but the file "w.bin" is not there',
    }),
  );
});

test("half precision rounds to nearest, ties to even", () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [Infinity, 0x7c00],
    [NaN, 0x7e00],
    // The smallest normal number, the smallest one there is, and half of that: a tie, to zero.
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    // 1 + 1/2 and 1 + 3/2 units in the last place: ties, down to 1 and up to 1 + 2 units.
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ];
  for (const [value, bits] of cases) expect([value, float16Bits(value)]).toEqual([value, bits]);
});

test("bfloat16 rounds to nearest, ties to even", () => {
  expect([1, -2, 1 + 2 ** -8, 1 + 3 * 2 ** -8, NaN].map(bfloat16Bits)).toEqual([
    0x3f80, 0xc000, 0x3f80, 0x3f82, 0x7fc0,
  ]);
});

describe("scaled elements", () => {
  const floats = (numbers: readonly number[], shape: readonly number[]): Tensor => ({
    elementType: "float32",
    shape,
    data: { kind: "bytes", bytes: new Uint8Array(Float32Array.from(numbers).buffer) },
  });
  const scaled = (
    of: Tensor,
    channels: Partial<ChannelFactors> & Pick<ChannelFactors, "factors">,
  ): Tensor => {
    const whole = { stride: 1, count: 1, perGroup: 0, groupStride: Number.POSITIVE_INFINITY, ...channels };
    return { ...of, data: { kind: "scaled", of, channels: whole } };
  };

  test("have the factor of their channel", () => {
    // Two filters of three weights each.
    const weights = floats([1, 2, 3, 4, 5, 6], [2, 3]);
    const tensor = scaled(weights, { factors: Float64Array.of(10, -0.5), stride: 3, count: 2 });
    expect(valueOfTensor(tensor).elements).toEqual(Float32Array.of(10, 20, 30, -2, -2.5, -3));
    // Two groups of one channel in and two out: channels 0 and 1, then 2 and 3.
    const grouped = scaled(floats([1, 1, 1, 1], [2, 2]), {
      factors: Float64Array.of(2, 3, 4, 5),
      count: 2,
      perGroup: 2,
      groupStride: 2,
    });
    expect(valueOfTensor(grouped).elements).toEqual(Float32Array.of(2, 3, 4, 5));
  });

  test("are rounded at each scaling, in fresh memory and in a room that is used again", () => {
    const once = scaled(floats([0.1, 0.7, 3], [3]), { factors: Float64Array.of(1 / 3), stride: 3 });
    const twice = scaled(once, { factors: Float64Array.of(7), stride: 3 });
    const expected = Float32Array.of(0.1, 0.7, 3).map((value) => Math.fround(value * (1 / 3)) * 7);
    const room = reusedRoom();
    room(100).fill(255);
    expect(valueOfTensor(twice).elements).toEqual(expected);
    expect(valueOfTensor(twice, "tensor", room).elements).toEqual(expected);
    // The constants that they are made of stay what they are.
    expect(valueOfTensor(twice, "tensor", room).elements).toEqual(expected);
  });

  test("of constants that do not begin at a multiple of four bytes", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
    const moved: Tensor = {
      elementType: "float32",
      shape: [2],
      data: { kind: "bytes", bytes: bytes.subarray(1) },
    };
    const tensor = scaled(moved, { factors: Float64Array.of(4), stride: 2 });
    expect(valueOfTensor(tensor, "tensor", reusedRoom()).elements).toEqual(Float32Array.of(6, -8));
    expect(valueOfTensor(moved, "tensor", reusedRoom()).elements).toEqual(Float32Array.of(1.5, -2));
  });
});
