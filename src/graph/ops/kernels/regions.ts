/** Kernels of detection: RoiAlign, MaxRoiPool, NonMaxSuppression. */
import { tensorValue } from "../../ir/runtime-value.ts";
import { float, int, string } from "../call.ts";
import { inputNumbers, type Kernel, type Kernels, numericKernel, optionalScalar, tensor } from "./kernel.ts";

/** The value between four pixels; outside by more than one pixel it is 0. */
function bilinear(
  plane: ArrayLike<number>,
  origin: number,
  size: readonly [number, number],
  at: readonly [number, number],
): readonly number[] {
  const [height, width] = size;
  if (at[0] < -1 || at[0] > height || at[1] < -1 || at[1] > width) return [0];
  const [y, x] = [Math.max(at[0], 0), Math.max(at[1], 0)];
  const top = Math.min(Math.floor(y), height - 1);
  const left = Math.min(Math.floor(x), width - 1);
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
  const [down, along] = [top >= height - 1 ? 0 : y - top, left >= width - 1 ? 0 : x - left];
  const pixel = (row: number, column: number): number => plane[origin + row * width + column] ?? 0;
  return [
    (1 - down) * (1 - along) * pixel(top, left),
    (1 - down) * along * pixel(top, right),
    down * (1 - along) * pixel(bottom, left),
    down * along * pixel(bottom, right),
  ];
}

/** Inputs: X [N, C, H, W], regions [R, 4] as x1, y1, x2, y2, and the image of each region. */
const roiAlign: Kernel = numericKernel((call, out, shape) => {
  const data = tensor(call, 0);
  const [numbers, regions, images] = [inputNumbers(call, 0), inputNumbers(call, 1), inputNumbers(call, 2)];
  const [, channels = 1, height = 1, width = 1] = data.shape;
  const [count = 0, , rows = 1, columns = 1] = shape;
  const scale = float(call, "spatial_scale", 1);
  const ratio = int(call, "sampling_ratio", 0);
  const takesMost = string(call, "mode", "avg") === "max";
  // From opset 16 on pixels are centred at halves unless told otherwise.
  const isHalf =
    call.node.opset >= 16 && string(call, "coordinate_transformation_mode", "half_pixel") === "half_pixel";
  const shift = isHalf ? 0.5 : 0;
  let at = 0;
  for (let region = 0; region < count; region++) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = Array.from(
      regions.subarray(4 * region, 4 * region + 4),
      (edge) => edge * scale - shift,
    );
    const [regionHeight, regionWidth] = isHalf
      ? [y2 - y1, x2 - x1]
      : [Math.max(y2 - y1, 1), Math.max(x2 - x1, 1)];
    const [binHeight, binWidth] = [regionHeight / rows, regionWidth / columns];
    const gridRows = ratio > 0 ? ratio : Math.ceil(binHeight);
    const gridColumns = ratio > 0 ? ratio : Math.ceil(binWidth);
    for (let channel = 0; channel < channels; channel++) {
      const origin = ((images[region] ?? 0) * channels + channel) * height * width;
      for (let bin = 0; bin < rows * columns; bin++) {
        const [row, column] = [Math.floor(bin / columns), bin % columns];
        let sum = takesMost ? Number.NEGATIVE_INFINITY : 0;
        for (let sample = 0; sample < gridRows * gridColumns; sample++) {
          const y = y1 + (row + (Math.floor(sample / gridColumns) + 0.5) / gridRows) * binHeight;
          const x = x1 + (column + ((sample % gridColumns) + 0.5) / gridColumns) * binWidth;
          const parts = bilinear(numbers, origin, [height, width], [y, x]);
          if (takesMost) sum = Math.max(sum, ...parts);
          else for (const part of parts) sum += part;
        }
        out[at++] = takesMost ? sum : sum / Math.max(gridRows * gridColumns, 1);
      }
    }
  }
});

/** Regions are [image, x1, y1, x2, y2], in whole pixels after scaling. */
const maxRoiPool: Kernel = numericKernel((call, out, shape) => {
  const data = tensor(call, 0);
  const [numbers, regions] = [inputNumbers(call, 0), inputNumbers(call, 1)];
  const [, channels = 1, height = 1, width = 1] = data.shape;
  const [, , rows = 1, columns = 1] = shape;
  const scale = float(call, "spatial_scale", 1);
  const clamp = (place: number, size: number): number => Math.min(Math.max(place, 0), size);
  for (let at = 0; at < out.length; at++) {
    const [column, row] = [at % columns, Math.floor(at / columns) % rows];
    const channel = Math.floor(at / (rows * columns)) % channels;
    const region = Math.floor(at / (rows * columns * channels));
    const [image = 0, ...edges] = regions.subarray(5 * region, 5 * region + 5);
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = edges.map((edge) => Math.round(edge * scale));
    const [binHeight, binWidth] = [Math.max(y2 - y1 + 1, 1) / rows, Math.max(x2 - x1 + 1, 1) / columns];
    const [top, bottom] = [row * binHeight, (row + 1) * binHeight];
    const [left, right] = [column * binWidth, (column + 1) * binWidth];
    const origin = (image * channels + channel) * height * width;
    let most = Number.NEGATIVE_INFINITY;
    for (let y = clamp(Math.floor(top) + y1, height); y < clamp(Math.ceil(bottom) + y1, height); y++) {
      for (let x = clamp(Math.floor(left) + x1, width); x < clamp(Math.ceil(right) + x1, width); x++) {
        most = Math.max(most, numbers[origin + y * width + x] as number);
      }
    }
    out[at] = most === Number.NEGATIVE_INFINITY ? 0 : most;
  }
});

/** A box by its corners. */
type Box = readonly [y1: number, x1: number, y2: number, x2: number];

function boxAt(numbers: ArrayLike<number>, index: number, isCentred: boolean): Box {
  const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((place) => numbers[4 * index + place] ?? 0);
  if (isCentred) return [b - d / 2, a - c / 2, b + d / 2, a + c / 2];
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

/** Intersection over union. */
function overlap(a: Box, b: Box): number {
  const height = Math.max(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), 0);
  const width = Math.max(Math.min(a[3], b[3]) - Math.max(a[1], b[1]), 0);
  const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1]);
  const shared = height * width;
  return shared === 0 ? 0 : shared / (area(a) + area(b) - shared);
}

/** Boxes that survive, best first within each class: rows of [image, class, box]. O(classes x boxes^2). */
const nonMaxSuppression: Kernel = (call) => {
  const [boxes, scores] = [inputNumbers(call, 0), inputNumbers(call, 1)];
  const [images = 0, classes = 0, count = 0] = tensor(call, 1).shape;
  const most = optionalScalar(call, 2) ?? 0;
  const limit = optionalScalar(call, 3) ?? 0;
  const least = optionalScalar(call, 4) ?? Number.NEGATIVE_INFINITY;
  const isCentred = int(call, "center_point_box", 0) !== 0;
  const rows: number[] = [];
  for (let line = 0; line < images * classes; line++) {
    const image = Math.floor(line / classes);
    const score = (box: number): number => scores[line * count + box] as number;
    const order = Array.from({ length: count }, (_, box) => box).filter((box) => score(box) > least);
    order.sort((a, b) => score(b) - score(a) || a - b);
    const kept: Box[] = [];
    for (const box of order) {
      if (kept.length >= most) break;
      const corners = boxAt(boxes, image * count + box, isCentred);
      if (kept.some((other) => overlap(other, corners) > limit)) continue;
      kept.push(corners);
      rows.push(image, line % classes, box);
    }
  }
  return [tensorValue("int64", [rows.length / 3, 3], BigInt64Array.from(rows, BigInt))];
};

export const regionKernels: Kernels = {
  MaxRoiPool: maxRoiPool,
  NonMaxSuppression: nonMaxSuppression,
  RoiAlign: roiAlign,
};
