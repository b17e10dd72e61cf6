/** Operators that keep the elements and move them: transposes and their like, and the shape itself. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { describeInput, input, int, ints, normalAxis, optionalInt } from "./call.ts";
import { tensorFact } from "./fact.ts";
import { foldByIndex, offsetOf } from "./fold.ts";
import { withKernels } from "./kernels/kernel.ts";
import { layoutKernels } from "./kernels/layout.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape, productOf } from "./shapes.ts";

function permutation(call: Call, rank: number): readonly number[] {
  const order = ints(call, "perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const normal = order.map((axis) => normalAxis(call, axis, rank));
  if (order.length !== rank || new Set(normal).size !== rank) {
    throw call.error(`perm [${order.join(",")}] is no order of the axes of ${describeInput(call, 0)}`);
  }
  return normal;
}

const transpose = row({
  operator: "Transpose",
  versions: [1, 13, 21],
  arity: [1, 1],
  mappingType: "shuffle",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) {
      const rank = ints(call, "perm")?.length;
      return [tensorFact(elementType, rank === undefined ? undefined : freshShape(call, rank))];
    }
    return [
      tensorFact(
        elementType,
        permutation(call, shape.length).map((axis) => shape[axis] ?? 1),
      ),
    ];
  },
  fold: (call, outputs) => {
    const order = permutation(call, input(call, 0).shape?.length ?? 0);
    return [
      foldByIndex(call, outputs[0], (at, from) => {
        const origin: number[] = [];
        order.forEach((axis, place) => {
          origin[axis] = at[place] ?? 0;
        });
        return offsetOf(from, origin);
      }),
    ];
  },
});

const identity = row({
  operator: "Identity",
  versions: [1, 13, 14, 16, 19, 21],
  arity: [1, 1],
  mappingType: "one-to-one",
  infer: (call) => [input(call, 0)],
});

/** The part of the shape that the attributes start and end (opset 15) choose. */
function shapeSlice(call: Call): Shape | undefined {
  const { shape } = input(call, 0);
  if (shape === undefined) return undefined;
  return shape.slice(optionalInt(call, "start") ?? 0, optionalInt(call, "end") ?? shape.length);
}

const shapeOf = row({
  operator: "Shape",
  versions: [1, 13, 15, 19, 21],
  arity: [1, 1],
  mappingType: "one-to-one",
  infer: (call) => {
    const shape = shapeSlice(call);
    return [tensorFact("int64", [shape === undefined ? call.symbols.fresh() : shape.length], shape)];
  },
});

const sizeOf = row({
  operator: "Size",
  versions: [1, 13, 19, 21],
  arity: [1, 1],
  mappingType: "one-to-one",
  infer: (call) => {
    const { shape } = input(call, 0);
    return [tensorFact("int64", [], shape === undefined ? undefined : [productOf(call, shape)])];
  },
});

function blockSize(call: Call): number {
  const size = int(call, "blocksize", 0);
  if (size < 1) throw call.error(`blocksize is ${size}`, "it must be at least 1");
  return size;
}

function needImage(call: Call, shape: Shape): readonly [Dimension, Dimension, Dimension, Dimension] {
  const [batch, channels, height, width] = shape;
  if (
    shape.length !== 4 ||
    batch === undefined ||
    channels === undefined ||
    height === undefined ||
    width === undefined
  ) {
    throw call.error(`${describeInput(call, 0)} should be [batch, channels, height, width]`);
  }
  return [batch, channels, height, width];
}

function divided(call: Call, size: Dimension, by: number, what: string): Dimension {
  if (typeof size === "number" && size % by !== 0) {
    throw call.error(`the ${what} of ${describeInput(call, 0)} does not divide by ${by}`);
  }
  return call.symbols.floorDivide(size, by);
}

const depthToSpace = row({
  operator: "DepthToSpace",
  versions: [1, 11, 13],
  arity: [1, 1],
  mappingType: "shuffle",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, freshShape(call, 4))];
    const [batch, channels, height, width] = needImage(call, shape);
    const block = blockSize(call);
    const sizes = [height, width].map((size) => call.symbols.multiply(size, block));
    return [tensorFact(elementType, [batch, divided(call, channels, block * block, "channels"), ...sizes])];
  },
});

const spaceToDepth = row({
  operator: "SpaceToDepth",
  versions: [1, 13],
  arity: [1, 1],
  mappingType: "shuffle",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape === undefined) return [tensorFact(elementType, freshShape(call, 4))];
    const [batch, channels, height, width] = needImage(call, shape);
    const block = blockSize(call);
    const sizes = [divided(call, height, block, "height"), divided(call, width, block, "width")];
    return [tensorFact(elementType, [batch, call.symbols.multiply(channels, block * block), ...sizes])];
  },
});

/** Operators whose result has the type of the first input. */
function likeInput(
  operator: string,
  versions: readonly number[],
  arity: readonly [number, number],
): OperatorRow {
  return row({
    operator,
    versions,
    arity,
    mappingType: "one-to-one",
    infer: (call) => [tensorFact(input(call, 0).elementType, input(call, 0).shape)],
  });
}

/** The determinant of the last two axes. */
const det = row({
  operator: "Det",
  versions: [11, 22],
  arity: [1, 1],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    if (shape !== undefined && shape.length < 2) throw call.error(`${describeInput(call, 0)} is no matrix`);
    return [tensorFact(elementType, shape?.slice(0, -2))];
  },
});

export const layoutRows: readonly OperatorRow[] = withKernels(
  [
    depthToSpace,
    det,
    identity,
    likeInput("ReverseSequence", [10], [2, 2]),
    likeInput("Trilu", [14], [1, 2]),
    shapeOf,
    sizeOf,
    spaceToDepth,
    transpose,
  ],
  layoutKernels,
);
