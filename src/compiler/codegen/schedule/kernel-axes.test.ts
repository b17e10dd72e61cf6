/** Which axes are lines; that the results are right is held by random networks (compile-random.slow.test.ts). */
import { expect, test } from "vitest";
import type { ConvolutionSizes } from "../kernels/convolution-spec.ts";
import type { Triple } from "../kernels/place.ts";
import { flatAxes, orderedAxes } from "./kernel-axes.ts";

function sizes(extents: Triple, taps: Triple, gap = 0): ConvolutionSizes {
  const [, height, width] = extents;
  const line = 8 * width + gap;
  return {
    batch: 2,
    extents,
    taps,
    strides: [1, 1, 1],
    dilations: [1, 1, 1],
    groups: 1,
    channelsPerGroup: 8,
    filtersPerGroup: 16,
    inputStrides: { batch: extents[0] * height * line, z: height * line, y: line, x: 8 },
    inputOffset: 0,
  };
}

test("a pointwise convolution walks all pixels of all images as one line", () => {
  const axes = flatAxes(sizes([1, 7, 7], [1, 1, 1]), 4);
  expect(axes?.sizes).toMatchObject({ batch: 1, extents: [1, 1, 98], inputStrides: { x: 8 } });
  expect(axes?.indices).toHaveLength(4);
});

test("but not over gaps, with taps or strides, or where it is one line already", () => {
  expect(flatAxes(sizes([1, 7, 7], [1, 1, 1], 4), 4)).toBeUndefined();
  expect(flatAxes(sizes([1, 7, 7], [1, 3, 3]), 4)).toBeUndefined();
  expect(flatAxes({ ...sizes([1, 7, 7], [1, 1, 1]), strides: [1, 2, 2] }, 4)).toBeUndefined();
  expect(flatAxes({ ...sizes([1, 1, 7], [1, 1, 1]), batch: 1 }, 4)).toBeUndefined();
});

test("an image of one column has its column as a line", () => {
  const column = orderedAxes(sizes([1, 50, 1], [1, 3, 1]), 4);
  expect(column.sizes).toMatchObject({ extents: [1, 1, 50], taps: [1, 1, 3], inputStrides: { y: 8, x: 8 } });
  expect(column.filterStrides).toMatchObject({ y: 1, x: 1, channel: 3 });
  expect(orderedAxes(sizes([50, 1, 1], [3, 1, 1]), 5).sizes.extents).toEqual([1, 1, 50]);
});

test("taps along z only make z the inner axis of lines", () => {
  const { sizes: turned, filterStrides } = orderedAxes(sizes([9, 5, 6], [7, 1, 1]), 5);
  expect(turned).toMatchObject({ extents: [5, 9, 6], taps: [1, 7, 1] });
  expect(turned.inputStrides).toMatchObject({ z: 48, y: 240 });
  expect(filterStrides).toMatchObject({ z: 1, y: 1, x: 1 });
  expect(orderedAxes(sizes([9, 5, 6], [3, 3, 3]), 5).sizes.extents).toEqual([9, 5, 6]);
});
