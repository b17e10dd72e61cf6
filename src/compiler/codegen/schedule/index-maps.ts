/**
 * Operators that only move elements, as maps between indices: which element of the operand stands at an index of the
 * result (`backward`), and for those that lose and repeat nothing, where an element of the operand goes (`forward`). In a
 * fused block such an operator is no work: it changes how its operand is read.
 */

import { known } from "../../../base/assert.ts";
import type { OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import { int, ints, normalAxis, string } from "../../../graph/ops/call.ts";
import { rowOf } from "../../../graph/ops/registry.ts";
import { cuts } from "../../../graph/ops/slice-cuts.ts";
import { type Affine, constantAffine, flatten, scale, sum, unflatten, zero } from "../loops/affine.ts";
import { staticShapeOf } from "./shapes.ts";
import { constantOf, staticCall } from "./static-call.ts";

type Indices = readonly Affine[];

export interface IndexMap {
  /** The one input whose elements are moved. */
  readonly operand: string;
  /** From an index of the result to one of the operand. */
  readonly backward: (result: Indices) => Indices;
  /** From an index of the operand to one of the result; undefined where some elements are dropped or repeated. */
  readonly forward: ((operand: Indices) => Indices) | undefined;
}

/** How an output of a node, by its number, moves elements; undefined where the node does anything else. */
export function indexMapOf(typed: TypedGraph, node: OpNode, output = firstNamed(node)): IndexMap | undefined {
  if (!isStandard(node)) return undefined;
  const operand = node.inputs[0] ?? "";
  const from = staticShapeOf(typed, operand);
  const to = staticShapeOf(typed, node.outputs[output] ?? "");
  if (from === undefined || to === undefined) return undefined;
  const map = (backward: IndexMap["backward"], forward?: IndexMap["forward"]): IndexMap => ({
    operand,
    backward,
    forward,
  });
  const call = staticCall(typed, node);
  switch (node.operator) {
    case "Identity":
    case "Dropout":
      return output === 0 && !mayTrain(node)
        ? map(
            (indices) => indices,
            (indices) => indices,
          )
        : undefined;
    case "Reshape":
    case "Flatten":
    case "Squeeze":
    case "Unsqueeze":
      return reshapeMap(operand, from, to);
    case "Transpose": {
      const given = ints(call, "perm") ?? from.map((_, axis) => from.length - 1 - axis);
      const order = given.map((axis) => normalAxis(call, axis, from.length));
      return transposeMap(operand, order);
    }
    case "Expand":
    case "Tile":
      return map((indices) => broadcastIndices(indices, from, node.operator === "Tile"));
    case "Slice": {
      const all = cuts(call, from);
      if (all === undefined || all.some(({ begin }) => typeof begin !== "number")) return undefined;
      return map((indices) =>
        indices.map((index, axis) => {
          const cut = all.find((one) => one.axis === axis);
          return cut === undefined ? index : sum(constantAffine(Number(cut.begin)), scale(index, cut.step));
        }),
      );
    }
    case "Split": {
      const axis = normalAxis(call, int(call, "axis", 0), from.length);
      const start = startOfPart(typed, node, axis, output);
      if (start === undefined) return undefined;
      return map((indices) =>
        indices.map((index, at) => (at === axis ? sum(constantAffine(start), index) : index)),
      );
    }
    case "Gather":
      return pickMap(typed, node, from);
    case "DepthToSpace":
      return depthToSpaceMap(operand, from, to, int(call, "blocksize", 1), string(call, "mode", "DCR"));
    case "SpaceToDepth":
      return spaceToDepthMap(operand, from, to, int(call, "blocksize", 1));
    default:
      return undefined;
  }
}

/** Elements before a part along the axis. Parts that nobody reads may have no name, and have a size all the same. */
function startOfPart(typed: TypedGraph, node: OpNode, axis: number, output: number): number | undefined {
  const inferred = node.outputs.slice(0, output).includes("")
    ? rowOf(node)?.infer(staticCall(typed, node))
    : undefined;
  let start = 0;
  for (const [part, name] of node.outputs.slice(0, output).entries()) {
    const size = name === "" ? inferred?.[part]?.shape?.[axis] : staticShapeOf(typed, name)?.[axis];
    if (typeof size !== "number") return undefined;
    start += size;
  }
  return start;
}

function firstNamed({ outputs }: OpNode): number {
  return Math.max(
    0,
    outputs.findIndex((name) => name !== ""),
  );
}

/** In training Dropout is no copy. */
const mayTrain = ({ inputs }: OpNode): boolean => (inputs[2] ?? "") !== "";

function reshapeMap(operand: string, from: readonly number[], to: readonly number[]): IndexMap {
  return {
    operand,
    backward: (indices) => unflatten(flatten(indices, to), from),
    forward: (indices) => unflatten(flatten(indices, from), to),
  };
}

function transposeMap(operand: string, order: readonly number[]): IndexMap {
  return {
    operand,
    backward: (indices) => order.map((_, axis) => known(indices[order.indexOf(axis)], "index")),
    forward: (indices) => order.map((axis) => known(indices[axis], "index")),
  };
}

/** The indices of an operand that is stretched to the result; with `repeats`, longer axes start again. */
export function broadcastIndices(indices: Indices, operand: readonly number[], repeats = false): Indices {
  const shift = indices.length - operand.length;
  return operand.map((size, axis) => {
    if (size === 1) return zero;
    const index = known(indices[axis + shift], "index");
    return repeats ? (unflatten(index, [Number.MAX_SAFE_INTEGER, size])[1] ?? zero) : index;
  });
}

/** A Gather of one constant place: the axis goes away. */
function pickMap(typed: TypedGraph, node: OpNode, from: readonly number[]): IndexMap | undefined {
  const call = staticCall(typed, node);
  const places = constantOf(typed, node.inputs[1] ?? "");
  const [place] = call.elements(call.inputs[1]) ?? [];
  if (places === undefined || places.shape.length > 0 || typeof place !== "number") return undefined;
  const axis = normalAxis(call, int(call, "axis", 0), from.length);
  const at = constantAffine(place < 0 ? place + (from[axis] ?? 0) : place);
  return {
    operand: node.inputs[0] ?? "",
    backward: (indices) => [...indices.slice(0, axis), at, ...indices.slice(axis)],
    forward: undefined,
  };
}

/** One map after another: from the last result back to the first operand. */
function chain(operand: string, ...maps: readonly IndexMap[]): IndexMap {
  return {
    operand,
    backward: (indices) => maps.reduceRight((at, { backward }) => backward(at), indices),
    forward: (indices) => maps.reduce((at, { forward }) => known(forward, "forward")(at), indices),
  };
}

function depthToSpaceMap(
  operand: string,
  from: readonly number[],
  to: readonly number[],
  block: number,
  mode: string,
): IndexMap {
  const [batch = 1, depth = 1, height = 1, width = 1] = from;
  const channels = depth / block ** 2;
  const split =
    mode === "DCR"
      ? [batch, block, block, channels, height, width]
      : [batch, channels, block, block, height, width];
  const order = mode === "DCR" ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  const moved = order.map((axis) => split[axis] ?? 1);
  return chain(
    operand,
    reshapeMap(operand, from, split),
    transposeMap(operand, order),
    reshapeMap(operand, moved, to),
  );
}

function spaceToDepthMap(
  operand: string,
  from: readonly number[],
  to: readonly number[],
  block: number,
): IndexMap {
  const [batch = 1, channels = 1, height = 1, width = 1] = from;
  const split = [batch, channels, height / block, block, width / block, block];
  const order = [0, 3, 5, 1, 2, 4];
  const moved = order.map((axis) => split[axis] ?? 1);
  return chain(
    operand,
    reshapeMap(operand, from, split),
    transposeMap(operand, order),
    reshapeMap(operand, moved, to),
  );
}
