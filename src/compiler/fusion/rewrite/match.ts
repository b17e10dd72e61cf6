/**
 * Where an expression stands in a graph: an assignment of its letters to values, found by going down from the result
 * and trying commutative operators in both orders. An operator's attributes and further inputs are bound too, so that
 * the right side of a rule has them: by operator, and for reductions, which are turned into each other, as axes.
 */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { rowOf } from "../../../graph/ops/registry.ts";
import { applicableOpset, type Carried, carriedBy, isSameCarried } from "./carried.ts";
import type { Application, Expression } from "./expression.ts";
import type { GraphEditor } from "./graph-editor.ts";

export interface Match {
  /** The letters of the rule and what they stand for. */
  readonly values: ReadonlyMap<string, string>;
  /** The nodes of the left side, each once, the result's first. */
  readonly nodes: readonly OpNode[];
  /** By operator, or "Reduce". */
  readonly carried: ReadonlyMap<string, Carried>;
}

const nothing: Match = { values: new Map(), nodes: [], carried: new Map() };

/** All ways in which the node is the result of the expression. */
export function matches(editor: GraphEditor, expression: Application, node: OpNode): readonly Match[] {
  return mayMatch(editor, expression, node) ? matchCall(editor, expression, node, nothing) : [];
}

/** Whether operators and constants are where the expression has them. Most rules end here, and this makes nothing. */
function mayMatch(editor: GraphEditor, { operator, operands }: Application, node: OpNode): boolean {
  if (node.operator !== operator) return false;
  const { inputs } = node;
  if (operands.every((operand, index) => mayBe(editor, operand, inputs[index] ?? ""))) return true;
  const [first, second] = operands;
  if (first === undefined || second === undefined || operands.length !== 2) return false;
  return mayBe(editor, first, inputs[1] ?? "") && mayBe(editor, second, inputs[0] ?? "");
}

function mayBe(editor: GraphEditor, expression: Expression, value: string): boolean {
  switch (expression.kind) {
    case "call": {
      const node = editor.producer(value);
      return node !== undefined && mayMatch(editor, expression, node);
    }
    case "value":
      return true;
    case "constant":
    case "number":
      return editor.constant(value) !== undefined;
    default:
      return expression satisfies never;
  }
}

function matchValue(editor: GraphEditor, expression: Expression, value: string, so: Match): readonly Match[] {
  switch (expression.kind) {
    case "call": {
      const node = editor.producer(value);
      return node === undefined ? [] : matchCall(editor, expression, node, so);
    }
    case "value":
      return bind(expression.name, value, so);
    case "constant":
      return editor.constant(value) === undefined ? [] : bind(expression.name, value, so);
    case "number":
      return isNumber(editor, value, expression.value) ? [so] : [];
    default:
      return expression satisfies never;
  }
}

function bind(name: string, value: string, so: Match): readonly Match[] {
  const bound = so.values.get(name);
  if (bound !== undefined) return bound === value ? [so] : [];
  if (value === "") return [];
  return [{ ...so, values: new Map([...so.values, [name, value]]) }];
}

/** More elements than this are not looked at: a neutral element is one number, or one for each channel. */
const mostCompared = 4096;

function isNumber(editor: GraphEditor, value: string, wanted: number): boolean {
  return editor.numbers(value, mostCompared)?.every((element) => element === wanted) ?? false;
}

function matchCall(editor: GraphEditor, expression: Application, node: OpNode, so: Match): readonly Match[] {
  const { operator, operands } = expression;
  if (node.operator !== operator || !applicableOpset(node)) return [];
  const carried = carriedBy(editor, node, operands.length);
  if (carried === undefined) return [];
  const old = so.carried.get(carried.key);
  if (old !== undefined && !isSameCarried(old, carried)) return [];
  const nodes = so.nodes.includes(node) ? so.nodes : [...so.nodes, node];
  const start: Match = { ...so, nodes, carried: new Map([...so.carried, [carried.key, carried]]) };
  const inOrder = matchOperands(editor, operands, node.inputs, start);
  const [first, second] = node.inputs;
  const isSwappable = operands.length === 2 && first !== second && rowOf(node)?.algebra.commutative === true;
  if (!isSwappable || first === undefined || second === undefined) return inOrder;
  return [...inOrder, ...matchOperands(editor, operands, [second, first], start)];
}

function matchOperands(
  editor: GraphEditor,
  operands: readonly Expression[],
  values: readonly string[],
  so: Match,
): readonly Match[] {
  let all: readonly Match[] = [so];
  for (const [index, operand] of operands.entries()) {
    all = all.flatMap((each) => matchValue(editor, operand, values[index] ?? "", each));
    if (all.length === 0) return all;
  }
  return all;
}
