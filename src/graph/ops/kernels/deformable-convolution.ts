/**
 * The kernel of DeformConv: a convolution whose window reads each place a little beside it, between pixels, and may
 * weigh it. Formulas as in the ONNX operator documentation.
 */
import { countOf, type NumberArray, numbersOf } from "../../ir/runtime-value.ts";
import { int } from "../call.ts";
import { readWindow } from "../window.ts";
import { addBias } from "./convolution.ts";
import { dotProducts } from "./dot-products.ts";
import { type Kernel, numericKernel, optionalTensor, tensor } from "./kernel.ts";
import { placeWindow } from "./sliding-window.ts";

/** Between four pixels; what lies outside is 0. */
function between(
  plane: NumberArray,
  origin: number,
  height: number,
  width: number,
  y: number,
  x: number,
): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, along] = [y - top, x - left];
  const pixel = (row: number, column: number): number =>
    row < 0 || row >= height || column < 0 || column >= width
      ? 0
      : (plane[origin + row * width + column] as number);
  return (
    (1 - down) * ((1 - along) * pixel(top, left) + along * pixel(top, left + 1)) +
    down * ((1 - along) * pixel(top + 1, left) + along * pixel(top + 1, left + 1))
  );
}

/** Inputs: X, W, offsets [N, 2 x offset groups x kernel, positions], B, mask [N, offset groups x kernel, positions]. */
export const deformConvKernel: Kernel = numericKernel((call, out, shape) => {
  const [data, filter, offsets, mask] = [
    tensor(call, 0),
    tensor(call, 1),
    tensor(call, 2),
    optionalTensor(call, 4),
  ];
  const [batch = 0, channels = 0, height = 1, width = 1] = data.shape;
  if (data.shape.length !== 4)
    throw call.error("DeformConv is run on images [batch, channels, height, width] only");
  const [numbers, weights, shifts] = [numbersOf(data), numbersOf(filter), numbersOf(offsets)];
  const masks = mask === undefined ? undefined : numbersOf(mask);
  const positions = shape.slice(2);
  const { kernel, strides, dilations, begins } = placeWindow(
    readWindow(call, filter.shape.slice(2)),
    [height, width],
    positions,
  );
  const [places, count, columns] = [countOf(kernel), countOf(positions), positions[1] ?? 1];
  const [groups, offsetGroups] = [int(call, "group", 1), int(call, "offset_group", 1)];
  const [groupChannels, filters] = [channels / groups, (shape[1] ?? 0) / groups];
  const length = groupChannels * places;
  const patches = new Float64Array(count * length);
  for (let image = 0; image < batch * groups; image++) {
    const [n, group] = [Math.floor(image / groups), image % groups];
    for (let at = 0; at < patches.length; at++) {
      const [position, place] = [Math.floor(at / length), at % places];
      const channel = group * groupChannels + (Math.floor(at / places) % groupChannels);
      const offsetGroup = Math.floor((channel * offsetGroups) / channels);
      const entry = (n * offsetGroups + offsetGroup) * places + place;
      const [row, column] = [Math.floor(position / columns), position % columns];
      const [placeRow, placeColumn] = [Math.floor(place / (kernel[1] ?? 1)), place % (kernel[1] ?? 1)];
      const y = row * (strides[0] ?? 1) - (begins[0] ?? 0) + placeRow * (dilations[0] ?? 1);
      const x = column * (strides[1] ?? 1) - (begins[1] ?? 0) + placeColumn * (dilations[1] ?? 1);
      const shiftY = shifts[2 * entry * count + position] as number;
      const shiftX = shifts[(2 * entry + 1) * count + position] as number;
      const origin = (n * channels + channel) * height * width;
      const weight = masks === undefined ? 1 : (masks[entry * count + position] as number);
      patches[at] = weight * between(numbers, origin, height, width, y + shiftY, x + shiftX);
    }
    dotProducts(
      { elements: patches, origin: 0, count },
      { elements: weights, origin: group * filters * length, count: filters },
      length,
      { elements: out, origin: image * filters * count, rowStride: 1, columnStride: count },
    );
  }
  addBias(call, 3, shape, out);
});
