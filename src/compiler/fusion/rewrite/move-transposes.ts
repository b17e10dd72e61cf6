/**
 * A Transpose is moved through elementwise operators where it meets its inverse or others like it on the other side:
 *
 *     Transpose(p) -> Relu -> Add(., Transpose(p)) -> Transpose(p inverse)
 *
 * needs none of the three. The region of a permutation p is everything elementwise whose operands are results of a
 * Transpose by p, of the region, constants (transposed now, by the inverse) or single numbers. A connected part of it is
 * computed in the other layout where fewer elements are moved then: its own transposes and the inverse ones behind it
 * go, and where others read a result one comes. O(nodes) for each permutation that is there.
 */
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { intsAttribute, isStandard } from "../../../graph/ir/node-attributes.ts";
import { tensorFromBigInts } from "../../../graph/ir/tensor-values.ts";
import { elementwiseRows } from "../../../graph/ops/elementwise.ts";
import { foldNode } from "./fold-constants.ts";
import type { GraphEditor } from "./graph-editor.ts";
import { mergeTransposes, transposeOrder } from "./merge-transposes.ts";
import { inverse, permuted } from "./permutations.ts";

/** Each element from one of each operand, and nothing else: no mask, no type taken from an operand. */
const elementwise: ReadonlySet<string> = new Set(
  elementwiseRows.map(({ operator }) => operator).filter((name) => name !== "Dropout" && name !== "CastLike"),
);

export function moveTransposes(editor: GraphEditor): void {
  const orders = new Map<string, readonly number[]>();
  for (const node of editor.nodes()) {
    const order = transposeOrder(editor, node);
    if (order !== undefined) orders.set(order.join(), order);
  }
  for (const order of orders.values()) {
    for (const region of regionsOf(editor, order)) if (gainOf(editor, region) > 0) move(editor, region);
  }
  mergeTransposes(editor);
}

/** Elementwise nodes that are connected by values, all of them transposed by one order. */
interface Region {
  readonly order: readonly number[];
  readonly transposes: readonly OpNode[];
  /** In the graph's order. */
  readonly nodes: readonly OpNode[];
}

function regionsOf(editor: GraphEditor, order: readonly number[]): readonly Region[] {
  const parent = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    return at;
  };
  const transposes: OpNode[] = [];
  const nodes: OpNode[] = [];
  for (const node of editor.nodes()) {
    const [result = ""] = node.outputs;
    if (transposeOrder(editor, node)?.join() === order.join()) {
      transposes.push(node);
      parent.set(result, result);
    } else if (canMove(editor, node, order, parent)) {
      nodes.push(node);
      parent.set(result, result);
      for (const name of node.inputs) if (parent.has(name)) parent.set(root(name), result);
    }
  }
  const groups = new Map<string, { transposes: OpNode[]; nodes: OpNode[] }>();
  const groupOf = (node: OpNode): { transposes: OpNode[]; nodes: OpNode[] } => {
    const name = root(node.outputs[0] ?? "");
    const group = groups.get(name) ?? { transposes: [], nodes: [] };
    groups.set(name, group);
    return group;
  };
  for (const node of transposes) groupOf(node).transposes.push(node);
  for (const node of nodes) groupOf(node).nodes.push(node);
  return [...groups.values()].filter((group) => group.nodes.length > 0).map((group) => ({ order, ...group }));
}

function canMove(
  editor: GraphEditor,
  node: OpNode,
  order: readonly number[],
  moved: ReadonlyMap<string, unknown>,
): boolean {
  if (!isStandard(node) || !elementwise.has(node.operator) || node.opset < 7 || node.outputs.length !== 1)
    return false;
  if (editor.shape(node.outputs[0])?.length !== order.length) return false;
  if (!node.inputs.some((name) => moved.has(name))) return false;
  return node.inputs.every((name) => {
    const shape = editor.shape(name);
    if (name === "" || moved.has(name)) return true;
    if (shape === undefined || shape.length > order.length) return false;
    return product(shape) === 1 || editor.constant(name) !== undefined;
  });
}

/** Elements that need not be moved any more, less those that must be. */
function gainOf(editor: GraphEditor, { order, transposes, nodes }: Region): number {
  const inside = new Set(nodes.map(({ name }) => name));
  const back = inverse(order).join();
  const isBack = (node: OpNode): boolean => transposeOrder(editor, node)?.join() === back;
  const sizeOf = (value: string): number => product(editor.shape(value) ?? []);
  let gain = 0;
  for (const { outputs } of transposes) {
    const [value = ""] = outputs;
    if (!editor.isOutput(value) && editor.readers(value).every(({ name }) => inside.has(name)))
      gain += sizeOf(value);
  }
  for (const { outputs } of nodes) {
    const [value = ""] = outputs;
    const readers = editor.readers(value).filter(({ name }) => !inside.has(name));
    gain += readers.filter(isBack).length * sizeOf(value);
    if (editor.isOutput(value) || readers.some((reader) => !isBack(reader))) gain -= sizeOf(value);
  }
  return gain;
}

function move(editor: GraphEditor, { order, transposes, nodes }: Region): void {
  const back = inverse(order);
  /** The values of the region, before the transpose. */
  const origins = new Map<string, string>();
  for (const { inputs, outputs } of transposes) origins.set(outputs[0] ?? "", inputs[0] ?? "");
  for (const { name } of nodes) {
    const node = known(editor.nodeNamed(name), name);
    const [result = ""] = node.outputs;
    const type = known(editor.type(result), `the type of ${result}`);
    const shape = permuted(known(type.shape, `the shape of ${result}`), back);
    const inputs = node.inputs.map((value) => origins.get(value) ?? turned(editor, node, value, back));
    const twin = { operator: node.operator, opset: node.opset, inputs, attributes: node.attributes };
    const made = editor.insert(node, twin, result, { ...type, shape });
    origins.set(result, made);
    // What still reads the old value reads it through a Transpose; inverse ones behind it cancel afterwards.
    const attributes = new Map([["perm", intsAttribute(order)]]);
    editor.replace(node, { operator: "Transpose", opset: node.opset, inputs: [made], attributes });
  }
  for (const { outputs } of nodes) {
    const node = editor.producer(outputs[0]);
    if (node !== undefined) editor.remove(node);
  }
}

/** A constant operand in the other layout; a single number has none. */
function turned(editor: GraphEditor, node: OpNode, value: string, order: readonly number[]): string {
  const shape = value === "" ? undefined : editor.shape(value);
  if (shape === undefined || product(shape) === 1) return value;
  const elementType = known(editor.type(value), value).elementType;
  const whole = [...new Array<number>(order.length - shape.length).fill(1), ...shape];
  const sizes = editor.addConstant(
    tensorFromBigInts("int64", [whole.length], whole.map(BigInt)),
    `${value}.shape`,
  );
  const reshape = { operator: "Reshape", opset: node.opset, inputs: [value, sizes] };
  const reshaped = editor.insert(node, reshape, value, { elementType, shape: whole });
  const attributes = new Map([["perm", intsAttribute(order)]]);
  const transpose = { operator: "Transpose", opset: node.opset, inputs: [reshaped], attributes };
  const result = editor.insert(node, transpose, value, { elementType, shape: permuted(whole, order) });
  for (const each of [reshaped, result]) {
    const made = editor.producer(each);
    if (made !== undefined) foldNode(editor, made);
  }
  return result;
}
