/**
 * Matrix products, lowered to the convolution kernel with one tap: rows are pixels of a line, columns are filters. A
 * constant right side is packed when the network is compiled; one that is computed is packed by a kernel of its own.
 */
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { Room } from "../../../graph/ir/materialize.ts";
import { float, int } from "../../../graph/ops/call.ts";
import { convolution } from "../kernels/convolution.ts";
import { packedFloats } from "../kernels/convolution-spec.ts";
import { type FilterView, packFilters } from "../kernels/pack-filters.ts";
import { type Affine, flatten, loopAffine, unflatten } from "../loops/affine.ts";
import { binary, constant } from "../loops/expr.ts";
import type { BlockState } from "./block.ts";
import { biasView } from "./convolutions.ts";
import { broadcastIndices } from "./index-maps.ts";
import {
  addPacking,
  batchedOperands,
  broadcastShape,
  contiguousRows,
  joinedRows,
  transposedCopy,
  viewIn,
} from "./matrices.ts";
import { operandBuffer, packedBuffer } from "./operands.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { lowerTiled, tileLoops } from "./tiles.ts";
import { derivedView, type PlacedBuffer, type View } from "./views.ts";

/** A x B by batches: A is [batch, z, rows, depth], B [batch, z, depth, columns]. */
interface Product {
  readonly left: View;
  readonly right: RightSide;
  readonly batch: number;
  readonly planes: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

type RightSide =
  | { readonly kind: "constant"; readonly name: string; readonly filters: (room: Room) => FilterView }
  | { readonly kind: "computed"; readonly view: View };

export function lowerMatMul(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed, memory } = context;
  const [a = "", b = ""] = node.inputs;
  const shapeA = shapeOf(typed, a);
  const shapeB = shapeOf(typed, b);
  const left = shapeA.length === 1 ? [1, ...shapeA] : shapeA;
  const right = shapeB.length === 1 ? [...shapeB, 1] : shapeB;
  const [rows = 1, depth = 1] = left.slice(-2);
  const columns = right.at(-1) ?? 1;
  const batches = broadcastShape(left.slice(0, -2), right.slice(0, -2));
  const isConstant = memory.isConstant(b) && right.slice(0, -2).every((size) => size === 1);
  // One right side for all: the rows of all batches are rows of one matrix, if memory has them at equal distances.
  const operandA = { name: a, view: contiguousRows(state, a, left), shape: left };
  const joined = isConstant ? joinedRows(operandA.view, left) : undefined;
  const operandB = isConstant ? [] : [{ name: b, view: viewIn(state, b, right), shape: right }];
  const {
    two: [batch, planes],
    views: [viewA, viewB],
  } =
    joined === undefined
      ? batchedOperands(context, batches, [operandA, ...operandB])
      : { two: [1, 1] as const, views: [joined] };
  const rowCount = joined === undefined ? rows : product(batches) * rows;
  let rightSide: RightSide;
  if (viewB !== undefined) rightSide = { kind: "computed", view: viewB };
  else {
    const numbers = memory.floatsOf(b);
    rightSide = { kind: "constant", name: b, filters: (room) => filterView(numbers(room), columns, 1) };
  }
  const whole = [...batches, rows, columns];
  const loops = tileLoops(batch, [planes, 1, rowCount], columns);
  const flatRows = flatten([loops.batch, loops.z, loops.x].map(loopAffine), [batch, planes, rowCount]);
  const inWhole = [...unflatten(flatRows, whole.slice(0, -1)), loopAffine(loops.filter)];
  const indices = inWhole.filter(
    (_, axis) =>
      !(shapeA.length === 1 && axis === whole.length - 2) &&
      !(shapeB.length === 1 && axis === whole.length - 1),
  );
  lowerProduct(
    state,
    { left: known(viewA, "left side"), right: rightSide, batch, planes, rows: rowCount, depth, columns },
    { node, loops, indices, value: (sum) => sum, bias: undefined, label },
  );
}

export function lowerGemm(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed, memory } = context;
  const call = staticCall(typed, node);
  const [a = "", b = "", c = ""] = node.inputs;
  const [rows = 1, columns = 1] = shapeOf(typed, node.outputs[0] ?? "");
  const [alpha, beta] = [float(call, "alpha", 1), float(call, "beta", 1)];
  const transposesA = int(call, "transA", 0) !== 0;
  const transposesB = int(call, "transB", 0) !== 0;
  const shapeA = shapeOf(typed, a);
  const depth = shapeA[transposesA ? 0 : 1] ?? 1;
  const left = transposesA
    ? transposedCopy(state, a)
    : derivedView(contiguousRows(state, a, shapeA), [1, 1, rows, depth], (indices) => indices.slice(2));
  const numbers = memory.isConstant(b) ? memory.floatsOf(b) : undefined;
  const shapeB = shapeOf(typed, b);
  const right: RightSide =
    numbers !== undefined
      ? {
          kind: "constant",
          name: alpha === 1 ? b : `${b}.scaled`,
          filters: (room) => {
            const floats = scaled(numbers(room), alpha);
            return transposesB ? filterView(floats, 1, depth) : filterView(floats, columns, 1);
          },
        }
      : {
          kind: "computed",
          view: known(
            derivedView(viewIn(state, b, shapeB), [1, 1, depth, columns], ([, , k, n]) => {
              const [row, column] = [known(k, "k"), known(n, "n")];
              return transposesB ? [column, row] : [row, column];
            }),
            "view of B",
          ),
        };
  const isBias =
    c !== "" &&
    memory.isConstant(c) &&
    [1, columns].includes(product(shapeOf(typed, c))) &&
    (shapeOf(typed, c).at(-1) ?? 1) === product(shapeOf(typed, c));
  const loops = tileLoops(1, [1, 1, rows], columns);
  const scaleSum = numbers === undefined && alpha !== 1;
  lowerProduct(
    state,
    { left: known(left, "left side"), right, batch: 1, planes: 1, rows, depth, columns },
    {
      node,
      loops,
      indices: [loopAffine(loops.x), loopAffine(loops.filter)],
      value: (sum, reader, indices) => {
        const scaled = scaleSum ? binary("multiply", sum, constant("f32", alpha)) : sum;
        if (c === "" || beta === 0 || (isBias && !scaleSum)) return scaled;
        const added = reader.read(c, broadcastIndices(indices, shapeOf(typed, c)));
        return binary("add", scaled, beta === 1 ? added : binary("multiply", added, constant("f32", beta)));
      },
      bias: isBias && !scaleSum && beta !== 0 ? biasView(state, c, columns, beta) : undefined,
      label,
    },
  );
}

interface ProductTarget {
  readonly node: OpNode;
  readonly loops: ReturnType<typeof tileLoops>;
  readonly indices: readonly Affine[];
  readonly value: Parameters<typeof lowerTiled>[1]["value"];
  readonly bias: View | undefined;
  readonly label: string;
}

function lowerProduct(state: BlockState, matrices: Product, target: ProductTarget): void {
  const { context } = state;
  const { left, right, batch, planes, rows, depth, columns } = matrices;
  const [batchStride = 0, planeStride = 0, rowStride = 0] = left.strides;
  const plain = {
    batch,
    extents: [planes, 1, rows],
    taps: [1, 1, 1],
    strides: [1, 1, 1],
    dilations: [1, 1, 1],
    groups: 1,
    channelsPerGroup: depth,
    filtersPerGroup: columns,
    inputStrides: { batch: batchStride, z: planeStride, y: 0, x: rowStride },
    inputOffset: 0,
  } as const;
  const floats = packedFloats(plain);
  let sizes: typeof plain & { filterStrides?: { batch: number; z: number } } = plain;
  let packed: PlacedBuffer;
  if (right.kind === "constant") {
    packed = packedBuffer(`${right.name}.packed`, floats, (target, room) =>
      packFilters(plain, right.filters(room), target),
    );
  } else {
    const [ofBatch = 0, ofPlane = 0] = right.view.strides;
    const planesApart = ofPlane === 0 && planes > 1 ? 0 : floats;
    const batchesApart = ofBatch === 0 && batch > 1 ? 0 : floats * (planesApart === 0 ? 1 : planes);
    sizes = { ...plain, filterStrides: { batch: batchesApart, z: planesApart } };
    packed = addPacking(context, { name: target.node.name, sizes, view: right.view, label: target.label });
  }
  lowerTiled(state, {
    ...target,
    name: "product",
    parts: [
      {
        operands: [operandBuffer(left), packed],
        sizes,
        make: (head) => convolution({ ...head, ...sizes }),
        work: batch * planes * rows * depth * columns,
      },
    ],
  });
}

function scaled(numbers: Float32Array, factor: number): Float32Array {
  return factor === 1 ? numbers : numbers.map((number) => factor * number);
}

/** A row-major matrix of constants, by the distances of columns and of rows. */
function filterView(data: Float32Array, channel: number, filter: number): FilterView {
  return { data, offset: 0, strides: { group: 0, filter, channel, z: 0, y: 0, x: 0 } };
}
