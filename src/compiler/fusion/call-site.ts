/**
 * The mapping type of an operator where it is called. A row says what the operator is as such; the shapes at the call
 * say more. An elementwise operator that stretches an activation is One-to-Many; one that stretches a *constant* stays
 * One-to-One, or every bias would block fusion. What only looks complex becomes simple: a pooling window of one
 * element, a Transpose that moves axes of size 1 only, an Expand to the same size, a Gather at constant places.
 */
import type { OpNode, TypedGraph } from "../../graph/ir/graph.ts";
import { elementCount, type Shape } from "../../graph/ir/tensor.ts";
import { elementwiseRows } from "../../graph/ops/elementwise.ts";
import { rowOf } from "../../graph/ops/registry.ts";
import type { MappingType } from "../../graph/ops/row.ts";

/** What is known around a call. */
export interface CallSite {
  readonly typed: TypedGraph;
  /** Values that do not depend on the network's input. */
  readonly constants: ReadonlySet<string>;
}

/** Elementwise operators of several operands, which broadcast. */
const broadcasting: ReadonlySet<string> = new Set(
  elementwiseRows.filter(({ arity }) => arity[1] > 1).map(({ operator }) => operator),
);

const pools: ReadonlySet<string> = new Set(["AveragePool", "LpPool", "MaxPool"]);
const copies: ReadonlySet<string> = new Set(["Expand", "Tile"]);

/** The mapping type of a node; undefined where its operator has no row. */
export function mappingTypeAt(node: OpNode, site: CallSite): MappingType | undefined {
  const row = rowOf(node);
  if (row === undefined) return undefined;
  if (row.domain !== "") return row.mappingType;
  if (broadcasting.has(node.operator) && stretches(node, site)) return "one-to-many";
  if (pools.has(node.operator) && hasUnitWindow(node)) return "one-to-one";
  if (copies.has(node.operator) && keepsSize(node, site)) return "one-to-one";
  if (node.operator === "Gather" && picks(node, site)) return "one-to-one";
  if (node.operator === "Transpose" && keepsOrder(node, site)) return "reorganize";
  return row.mappingType;
}

/** Whether one of the activations that an elementwise operator reads has fewer elements than its result. */
function stretches(node: OpNode, site: CallSite): boolean {
  const result = shapeOf(node.outputs[0], site);
  if (result === undefined) return false;
  return node.inputs.some((name) => {
    if (name === "" || site.constants.has(name)) return false;
    const shape = shapeOf(name, site);
    return shape !== undefined && !sameElements(shape, result);
  });
}

/** The same but for leading axes of size 1, which repeat nothing. */
function sameElements(a: Shape, b: Shape): boolean {
  const [left, right] = [withoutOnes(a), withoutOnes(b)];
  return left.length === right.length && left.every((size, axis) => size === right[axis]);
}

function withoutOnes(shape: Shape): Shape {
  return shape.filter((size) => size !== 1);
}

function hasUnitWindow(node: OpNode): boolean {
  const kernel = node.attributes.get("kernel_shape");
  return kernel?.kind === "ints" && kernel.value.every((size) => size === 1n);
}

function keepsSize(node: OpNode, site: CallSite): boolean {
  const [from, to] = [shapeOf(node.inputs[0], site), shapeOf(node.outputs[0], site)];
  return from !== undefined && to !== undefined && sameElements(from, to);
}

/** A Gather whose places are constant takes a part of its data, as Slice does, unless it repeats some. */
function picks(node: OpNode, site: CallSite): boolean {
  const [data = "", places = ""] = node.inputs;
  if (site.constants.has(data) || !site.constants.has(places)) return false;
  const [from, to] = [shapeOf(data, site), shapeOf(node.outputs[0], site)];
  const [had, has] = [from && elementCount(from), to && elementCount(to)];
  return had !== undefined && has !== undefined && has <= had;
}

function keepsOrder(node: OpNode, site: CallSite): boolean {
  const shape = shapeOf(node.inputs[0], site);
  if (shape === undefined) return false;
  const perm = node.attributes.get("perm");
  const order = perm?.kind === "ints" ? perm.value.map(Number) : shape.map((_, axis) => axis).reverse();
  const moved = order.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, at) => at === 0 || axis > (moved[at - 1] ?? 0));
}

function shapeOf(name: string | undefined, site: CallSite): Shape | undefined {
  return name === undefined ? undefined : site.typed.types.get(name)?.shape;
}
