/** Kernels of pooling over windows and whole images. */
import { allocate, countOf, type NumberArray, numbersOf, tensorValue } from "../../ir/runtime-value.ts";
import { float, int, requiredInts } from "../call.ts";
import { readWindow } from "../window.ts";
import {
  fromBuffer,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  numericKernel,
  outputType,
  tensor,
} from "./kernel.ts";
import { inPadding, placeWindow, windowTable } from "./sliding-window.ts";
import { stridesOf } from "./strided.ts";

/** The windows of a pooling: a row of offsets for each position, and how far apart the images lie. */
interface Windows {
  readonly table: Int32Array;
  readonly places: number;
  readonly positions: number;
  readonly imageSize: number;
}

function windowsOf(call: KernelCall, from: readonly number[], to: readonly number[]): Windows {
  const kernel = requiredInts(call, "kernel_shape");
  const [sizes, positions] = [from.slice(2), to.slice(2)];
  const window = placeWindow(readWindow(call, kernel), sizes, positions);
  const table = windowTable(window, sizes, positions);
  return { table, places: countOf(kernel), positions: countOf(positions), imageSize: countOf(sizes) };
}

/** Calls `pool` for each output element with where its image begins and its row of the table. */
function eachWindow(
  windows: Windows,
  count: number,
  pool: (at: number, imageOrigin: number, row: number) => void,
): void {
  for (let at = 0; at < count; at++) {
    const image = Math.floor(at / windows.positions);
    pool(at, image * windows.imageSize, (at % windows.positions) * windows.places);
  }
}

const averagePool = numericKernel((call, out, shape) => {
  const value = tensor(call, 0);
  const windows = windowsOf(call, value.shape, shape);
  const { table, places } = windows;
  const numbers = numbersOf(value);
  const countsPadding = int(call, "count_include_pad", 0) !== 0;
  eachWindow(windows, out.length, (at, origin, row) => {
    let [sum, count] = [0, 0];
    for (let place = 0; place < places; place++) {
      const offset = table[row + place] as number;
      if (offset >= 0) sum += numbers[origin + offset] as number;
      if (offset >= 0 || (countsPadding && offset === inPadding)) count++;
    }
    out[at] = sum / count;
  });
});

const lpPool = numericKernel((call, out, shape) => {
  const value = tensor(call, 0);
  const windows = windowsOf(call, value.shape, shape);
  const numbers = numbersOf(value);
  const power = norm(call);
  eachWindow(windows, out.length, (at, origin, row) => {
    let sum = 0;
    for (let place = 0; place < windows.places; place++) {
      const offset = windows.table[row + place] as number;
      if (offset >= 0) sum += Math.abs(numbers[origin + offset] as number) ** power;
    }
    out[at] = sum ** (1 / power);
  });
});

/** p was a float in opset 1. */
function norm(call: KernelCall): number {
  return call.node.attributes.get("p")?.kind === "float" ? float(call, "p", 2) : int(call, "p", 2);
}

/** The second output says where each largest element was, in the flattened input. */
const maxPool: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const value = tensor(call, 0);
  const windows = windowsOf(call, value.shape, shape);
  const numbers = numbersOf(value);
  const out = numberBuffer(elementType, countOf(shape));
  const places = new Float64Array(out.length);
  eachWindow(windows, out.length, (at, origin, row) => {
    let [most, where] = [Number.NEGATIVE_INFINITY, 0];
    for (let place = 0; place < windows.places; place++) {
      const offset = windows.table[row + place] as number;
      if (offset < 0) continue;
      const number = numbers[origin + offset] as number;
      if (number > most || Number.isNaN(number)) [most, where] = [number, origin + offset];
    }
    out[at] = most;
    places[at] = where;
  });
  const result = fromBuffer(elementType, shape, out);
  if ((call.node.outputs[1] ?? "") === "") return [result];
  const columnMajor = int(call, "storage_order", 0) === 1;
  const indices = BigInt64Array.from(places, (place) =>
    BigInt(columnMajor ? columnMajorIndex(place, value.shape) : place),
  );
  return [result, tensorValue("int64", shape, indices)];
};

/** The number of an element when the spatial axes are counted from the first on. */
function columnMajorIndex(index: number, shape: readonly number[]): number {
  const sizes = shape.slice(2);
  const imageSize = countOf(sizes);
  let rest = index % imageSize;
  let result = index - rest;
  const strides = stridesOf(sizes);
  let step = 1;
  sizes.forEach((size, axis) => {
    const stride = strides[axis] ?? 1;
    result += Math.floor(rest / stride) * step;
    rest %= stride;
    step *= size;
  });
  return result;
}

/** Puts each element back where the indices say, in the image that the window was moved over. */
const maxUnpool: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [value, places] = [tensor(call, 0), numbersOf(tensor(call, 1))];
  const kernel = requiredInts(call, "kernel_shape");
  const { strides, pads } = readWindow(call, kernel);
  // The indices count in the image that the attributes give, even where a larger one is asked for.
  const inferred = value.shape.map((size, axis) => {
    const at = axis - 2;
    if (at < 0) return size;
    const padding = (pads[at] ?? 0) + (pads[at + kernel.length] ?? 0);
    return (size - 1) * (strides[at] ?? 1) + (kernel[at] ?? 1) - padding;
  });
  const [from, to] = [stridesOf(inferred), stridesOf(shape)];
  const elements = allocate(elementType, countOf(shape));
  const out: { [index: number]: unknown } = elements;
  value.elements.forEach((element: unknown, index: number) => {
    let rest = places[index] ?? 0;
    let target = 0;
    from.forEach((stride, axis) => {
      target += Math.floor(rest / stride) * (to[axis] ?? 0);
      rest %= stride;
    });
    out[target] = element;
  });
  return [{ kind: "tensor", elementType, shape, elements }];
};

/** One number from each whole image. */
function globalPool(pool: (numbers: NumberArray, call: KernelCall) => number): Kernel {
  return numericKernel((call, out) => {
    const value = tensor(call, 0);
    const numbers = numbersOf(value);
    const size = countOf(value.shape.slice(2));
    for (let image = 0; image < out.length; image++) {
      out[image] = pool(numbers.subarray(image * size, (image + 1) * size), call);
    }
  });
}

const sumOf = (numbers: NumberArray): number => {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
};

export const poolingKernels: Kernels = {
  AveragePool: averagePool,
  GlobalAveragePool: globalPool((numbers) => sumOf(numbers) / numbers.length),
  GlobalLpPool: globalPool((numbers, call) => {
    const power = norm(call);
    let sum = 0;
    for (const number of numbers) sum += Math.abs(number) ** power;
    return sum ** (1 / power);
  }),
  GlobalMaxPool: globalPool((numbers) => {
    let most = Number.NEGATIVE_INFINITY;
    for (const number of numbers) most = Math.max(most, number);
    return most;
  }),
  LpPool: lpPool,
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
};
