/** Kernels that pad, repeat and stretch along axes. */
import { float, ints, normalAxis, string } from "../call.ts";
import { type AxisMap, gatherByAxes, samePlaces } from "./axis-maps.ts";
import {
  integerList,
  type Kernel,
  type KernelCall,
  type Kernels,
  optionalTensor,
  outputType,
  tensor,
} from "./kernel.ts";
import { broadcastStrides, gatherStrided } from "./strided.ts";

/** Which place of an axis stands at a place outside it. */
function foldedPlace(place: number, size: number, mode: string): number {
  if (place >= 0 && place < size) return place;
  switch (mode) {
    case "edge":
      return Math.min(Math.max(place, 0), size - 1);
    case "wrap":
      return ((place % size) + size) % size;
    case "reflect": {
      if (size === 1) return 0;
      const period = 2 * (size - 1);
      const within = ((place % period) + period) % period;
      return within < size ? within : period - within;
    }
    default:
      return -1;
  }
}

/** Begins and ends of the padding: an input from opset 11 on; opset 1 called the attribute "paddings". */
function padsOf(call: KernelCall): readonly number[] {
  return integerList(call, 1) ?? ints(call, "pads") ?? ints(call, "paddings") ?? [];
}

const pad: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  const rank = value.shape.length;
  const pads = padsOf(call);
  const axes = integerList(call, 3)?.map((axis) => normalAxis(call, axis, rank)) ?? samePlaces(rank);
  const mode = string(call, "mode", "constant");
  const maps: AxisMap[] = value.shape.map(samePlaces);
  axes.forEach((axis, index) => {
    const size = value.shape[axis] ?? 0;
    const begin = pads[index] ?? 0;
    maps[axis] = Array.from({ length: shape[axis] ?? 0 }, (_, place) =>
      foldedPlace(place - begin, size, mode),
    );
  });
  return [gatherByAxes(value, maps, fillOf(call))];
};

/** The constant to pad with; 0 or "" where none is given. */
function fillOf(call: KernelCall): number | bigint | string | undefined {
  const given = optionalTensor(call, 2);
  if (given !== undefined) return given.elements[0];
  return call.node.opset < 11 ? float(call, "value", 0) : undefined;
}

const tile: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  const maps = value.shape.map((size, axis) =>
    Array.from({ length: shape[axis] ?? 0 }, (_, place) => place % Math.max(size, 1)),
  );
  return [gatherByAxes(value, maps)];
};

const expand: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  return [gatherStrided(value, shape, broadcastStrides(value.shape, shape))];
};

/** The odd element is cut from the beginning's side last, and padded at the end first. */
const centerCropPad: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  const maps = value.shape.map((size, axis): AxisMap => {
    const wanted = shape[axis] ?? 0;
    const shift = wanted < size ? Math.floor((size - wanted) / 2) : -Math.floor((wanted - size) / 2);
    return Array.from({ length: wanted }, (_, place) => (place + shift < size ? place + shift : -1));
  });
  return [gatherByAxes(value, maps)];
};

export const stretchingKernels: Kernels = {
  CenterCropPad: centerCropPad,
  Expand: expand,
  Pad: pad,
  Tile: tile,
};
