/** Kernels that read or write at places given by indices. */
import { allocate, countOf, type ElementArray, type TensorValue } from "../../ir/runtime-value.ts";
import { int, normalAxis, string } from "../call.ts";
import { gatherByAxes, samePlaces } from "./axis-maps.ts";
import { inputNumbers, type Kernel, type KernelCall, type Kernels, outputType, tensor } from "./kernel.ts";
import { type Movable, reshaped, stridesOf, walkRows } from "./strided.ts";

/** An index counted from the front; an error where the axis does not have it. */
function placeOf(call: KernelCall, index: number, size: number): number {
  const place = index < 0 ? index + size : index;
  if (place >= 0 && place < size) return place;
  throw call.error(
    `index ${index} is out of range for an axis of size ${size}`,
    `use -${size} to ${size - 1}`,
  );
}

const gather: Kernel = (call) => {
  const value = tensor(call, 0);
  const { shape } = outputType(call);
  const axis = normalAxis(call, int(call, "axis", 0), value.shape.length);
  const size = value.shape[axis] ?? 0;
  const places = Array.from(inputNumbers(call, 1), (index) => placeOf(call, index, size));
  const maps = value.shape.map((each, at) => (at === axis ? places : samePlaces(each)));
  return [reshaped(gatherByAxes(value, maps), shape)];
};

/** For each element of the indices, in order: its own number, and the place in the data that it names along the axis. */
function eachIndexed(
  call: KernelCall,
  data: TensorValue,
  axis: number,
  visit: (at: number, place: number) => void,
): void {
  const indices = tensor(call, 1);
  const numbers = inputNumbers(call, 1);
  const strides = stridesOf(data.shape);
  const size = data.shape[axis] ?? 0;
  const stride = strides[axis] ?? 1;
  const others = strides.map((each, index) => (index === axis ? 0 : each));
  walkRows(
    indices.shape,
    [stridesOf(indices.shape), others],
    ([start = 0, base = 0], count, [step = 0, jump = 0]) => {
      for (let index = 0; index < count; index++) {
        const at = start + index * step;
        visit(at, base + index * jump + placeOf(call, numbers[at] as number, size) * stride);
      }
    },
  );
}

const gatherElements: Kernel = (call) => {
  const data = tensor(call, 0);
  const { elementType, shape } = outputType(call);
  const elements = allocate(elementType, countOf(shape));
  const [out, from]: [Movable, Movable] = [elements, data.elements];
  eachIndexed(call, data, normalAxis(call, int(call, "axis", 0), data.shape.length), (at, place) => {
    out[at] = from[place];
  });
  return [{ kind: "tensor", elementType, shape, elements }];
};

/** How an update is put where something is: over it, or combined with it. */
function combiner(call: KernelCall): (old: unknown, update: unknown) => unknown {
  const reduction = string(call, "reduction", "none");
  // Both have the data's type, so that numbers meet numbers and bigints bigints.
  const numbers = (f: (a: number, b: number) => number) => f as (old: unknown, update: unknown) => unknown;
  switch (reduction) {
    case "none":
      return (_, update) => update;
    case "add":
      return numbers((a, b) => a + b);
    case "mul":
      return numbers((a, b) => a * b);
    case "max":
      return numbers((a, b) => (a > b || Number.isNaN(a) ? a : b));
    case "min":
      return numbers((a, b) => (a < b || Number.isNaN(a) ? a : b));
    default:
      throw call.error(`reduction "${reduction}" does not exist`, "use none, add, mul, max or min");
  }
}

const copyOf = (value: TensorValue): ElementArray =>
  Array.isArray(value.elements) ? [...value.elements] : value.elements.slice();

const scatterElements: Kernel = (call) => {
  const data = tensor(call, 0);
  outputType(call);
  const elements = copyOf(data);
  const [out, updates]: [Movable, Movable] = [elements, tensor(call, 2).elements];
  const combine = combiner(call);
  eachIndexed(call, data, normalAxis(call, int(call, "axis", 0), data.shape.length), (at, place) => {
    out[place] = combine(out[place], updates[at]);
  });
  return [{ ...data, elements }];
};

/** Where the rows of indices lead: the place of each one's first element, and how many elements it stands for. */
function indexedBlocks(
  call: KernelCall,
  data: TensorValue,
  batchAxes: number,
): { readonly places: readonly number[]; readonly size: number } {
  const indices = tensor(call, 1);
  const numbers = inputNumbers(call, 1);
  const depth = indices.shape.at(-1) ?? 0;
  const strides = stridesOf(data.shape);
  const rows = countOf(indices.shape.slice(0, -1));
  const rowsPerBatch = countOf(indices.shape.slice(batchAxes, -1));
  const batchSize = countOf(data.shape.slice(batchAxes));
  const places = Array.from({ length: rows }, (_, row) => {
    let place = Math.floor(row / Math.max(rowsPerBatch, 1)) * batchSize;
    for (let axis = 0; axis < depth; axis++) {
      const at = batchAxes + axis;
      place += placeOf(call, numbers[row * depth + axis] ?? 0, data.shape[at] ?? 0) * (strides[at] ?? 1);
    }
    return place;
  });
  return { places, size: countOf(data.shape.slice(batchAxes + depth)) };
}

const gatherNd: Kernel = (call) => {
  const data = tensor(call, 0);
  const { elementType, shape } = outputType(call);
  const elements = allocate(elementType, countOf(shape));
  const [out, from]: [Movable, Movable] = [elements, data.elements];
  const { places, size } = indexedBlocks(call, data, int(call, "batch_dims", 0));
  places.forEach((place, row) => {
    for (let index = 0; index < size; index++) out[row * size + index] = from[place + index];
  });
  return [{ kind: "tensor", elementType, shape, elements }];
};

const scatterNd: Kernel = (call) => {
  const data = tensor(call, 0);
  const elements = copyOf(data);
  const [out, updates]: [Movable, Movable] = [elements, tensor(call, 2).elements];
  const combine = combiner(call);
  const { places, size } = indexedBlocks(call, data, 0);
  places.forEach((place, row) => {
    for (let index = 0; index < size; index++) {
      out[place + index] = combine(out[place + index], updates[row * size + index]);
    }
  });
  return [{ ...data, elements }];
};

/** Indices out of range give a line without the "on" value. */
const oneHot: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const indices = inputNumbers(call, 0);
  const axis = normalAxis(call, int(call, "axis", -1), shape.length);
  const [depth, stride] = [shape[axis] ?? 0, stridesOf(shape)[axis] ?? 1];
  const values: Movable = tensor(call, 2).elements;
  const elements = allocate(elementType, countOf(shape));
  const out: Movable = elements;
  for (let at = 0; at < elements.length; at++) out[at] = values[0];
  indices.forEach((index: number, line: number) => {
    const place = index < 0 ? index + depth : index;
    if (place < 0 || place >= depth) return;
    out[Math.floor(line / stride) * stride * depth + (line % stride) + place * stride] = values[1];
  });
  return [{ kind: "tensor", elementType, shape, elements }];
};

export const indexingKernels: Kernels = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  OneHot: oneHot,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
};
