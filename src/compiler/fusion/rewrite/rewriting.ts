/**
 * One application of a rule: the nodes that the right side needs, what is won by it, and the change itself. A node of
 * the left side goes only where nothing else reads it, and only then is its cost saved; one that stays may be used by
 * the right side again.
 */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { tensorOfValue } from "../../../graph/ir/runtime-tensor.ts";
import { tensorFromDoubles } from "../../../graph/ir/runtime-value.ts";
import type { Tensor, TensorType } from "../../../graph/ir/tensor.ts";
import { rowOf } from "../../../graph/ops/registry.ts";
import { carriedKey, isReduction, reductionParts } from "./carried.ts";
import { type Cost, costOf, elementsOf, minus, nothing, plus } from "./cost.ts";
import type { Application, Expression } from "./expression.ts";
import { foldNode } from "./fold-constants.ts";
import type { GraphEditor, NewNode } from "./graph-editor.ts";
import { inferType } from "./infer-type.ts";
import type { Match } from "./match.ts";
import type { Rule } from "./rule.ts";

/** A node that the right side needs. */
interface Planned {
  readonly node: NewNode;
  readonly type: TensorType;
  readonly isConstant: boolean;
  /** The constant, where it is known already. */
  readonly constant?: Tensor;
}

/** A rule at a place, ready to be applied. */
export interface Rewriting {
  readonly rule: Rule;
  readonly root: OpNode;
  /** The new nodes by the names that stand for their results; in order. */
  readonly planned: ReadonlyMap<string, Planned>;
  /** The result: one of them, or a value that is there. */
  readonly result: string;
  /** The costs of the nodes that go and of those that come, and their difference. */
  readonly before: Cost;
  readonly after: Cost;
  readonly gain: Cost;
}

/** Plans the right side; undefined where its type is not that of the left one. */
export function planRewriting(
  editor: GraphEditor,
  rule: Rule,
  root: OpNode,
  match: Match,
): Rewriting | undefined {
  const planner = new Planner(editor, root, match);
  const result = planner.value(rule.after);
  const type = result === undefined ? undefined : planner.type(result);
  const wanted = editor.type(root.outputs[0]);
  if (result === undefined || type?.shape === undefined || wanted?.shape === undefined) return undefined;
  if (type.elementType !== wanted.elementType || type.shape.join() !== wanted.shape.join()) return undefined;
  const before = savedCost(editor, root, match, planner.reused);
  const after = planner.cost();
  return { rule, root, planned: planner.planned, result, before, after, gain: minus(before, after) };
}

/** Names of results that are not there yet. No value of a network begins with a line feed. */
const mark = "\n";

class Planner {
  readonly planned = new Map<string, Planned>();
  /** Nodes of the left side that the right side uses again. */
  readonly reused = new Set<string>();
  readonly #editor: GraphEditor;
  readonly #root: OpNode;
  readonly #match: Match;

  constructor(editor: GraphEditor, root: OpNode, match: Match) {
    this.#editor = editor;
    this.#root = root;
    this.#match = match;
  }

  type(value: string): TensorType | undefined {
    return this.planned.get(value)?.type ?? this.#editor.type(value);
  }

  /** The value that an expression stands for. */
  value(expression: Expression): string | undefined {
    switch (expression.kind) {
      case "value":
      case "constant":
        return this.#match.values.get(expression.name);
      case "number":
        return this.#number(expression.value);
      case "call":
        return this.#call(expression);
      default:
        return expression satisfies never;
    }
  }

  cost(): Cost {
    let total = nothing;
    for (const { node, type, isConstant } of this.planned.values()) {
      const inputs = node.inputs.map((name) => this.type(name));
      const attributes = node.attributes ?? new Map();
      total = plus(total, costOf({ node: { ...node, attributes }, inputs, output: type, isConstant }));
      if (!isConstant) total = plus(total, this.#read(node.inputs));
    }
    return total;
  }

  #read(inputs: readonly string[]): Cost {
    const read = [...new Set(inputs)].filter((name) => !this.planned.has(name) || this.#isConstant(name));
    return [0, 0, read.reduce((all, name) => all + elementsOf(this.type(name)), 0), 0];
  }

  #isConstant(value: string): boolean {
    return this.planned.get(value)?.isConstant ?? this.#editor.constant(value) !== undefined;
  }

  /** A scalar of the root's type: like all constants a node of its own, so that it is made only if it is used. */
  #number(value: number): string | undefined {
    const elementType = this.#editor.type(this.#root.outputs[0])?.elementType;
    if (elementType === undefined) return undefined;
    return this.#constant(tensorOfValue(tensorFromDoubles(elementType, [], [value])));
  }

  #constant(constant: Tensor): string {
    const bytes = constant.data.kind === "bytes" ? constant.data.bytes.join() : "";
    for (const [name, planned] of this.planned) {
      const data = planned.constant?.elementType === constant.elementType ? planned.constant.data : undefined;
      const isSameShape = planned.constant?.shape.join() === constant.shape.join();
      if (isSameShape && data?.kind === "bytes" && data.bytes.join() === bytes) return name;
    }
    const attributes = new Map([["value", { kind: "tensor" as const, value: constant }]]);
    const node = { operator: "Constant", opset: Math.max(this.#root.opset, 9), inputs: [], attributes };
    return this.#add({ node, type: constant, isConstant: true, constant });
  }

  #call({ operator, operands }: Application): string | undefined {
    const values: string[] = [];
    for (const operand of operands) {
      const value = this.value(operand);
      if (value === undefined) return undefined;
      values.push(value);
    }
    const node = this.#node(operator, values);
    return node === undefined ? undefined : (this.#same(node) ?? this.#made(node));
  }

  /** The node with what it carries over from the left side. */
  #node(operator: string, values: readonly string[]): NewNode | undefined {
    const carried = this.#match.carried.get(carriedKey(operator));
    const opset = Math.max(carried?.opset ?? this.#root.opset, leastOpset(operator));
    if (!isReduction(operator)) {
      const more = carried?.kind === "plain" ? carried : { inputs: [], attributes: new Map() };
      return { operator, opset, inputs: [...values, ...more.inputs], attributes: more.attributes };
    }
    if (carried?.kind !== "reduction") return undefined;
    // A value that was stretched along the axes only afterwards is not summed as often as before.
    const shape = this.type(values[0] ?? "")?.shape;
    const sizes = carried.axes.map((axis) => shape?.at(axis));
    if (sizes.join() !== carried.sizes.join()) return undefined;
    const { axes, attributes } = reductionParts(operator, carried);
    const inputs = axes === undefined ? values : [...values, this.#constant(axes)];
    return { operator, opset, inputs, attributes };
  }

  /** A node that computes this already: of the left side, or planned before. */
  #same(node: NewNode): string | undefined {
    const isCommutative = rowOf({ operator: node.operator, domain: "" })?.algebra.commutative === true;
    const isSame = ({ operator, opset, inputs }: Pick<OpNode, "operator" | "inputs" | "opset">): boolean =>
      operator === node.operator &&
      opset === node.opset &&
      (inputs.join() === node.inputs.join() ||
        (isCommutative && inputs.toReversed().join() === node.inputs.join()));
    // All nodes of one operator carry the same in one match, so that the operands decide.
    for (const [name, { node: other }] of this.planned)
      if (other.operator !== "Constant" && isSame(other)) return name;
    for (const other of this.#match.nodes) {
      if (other === this.#root || !isSame(other)) continue;
      this.reused.add(other.name);
      return other.outputs[0];
    }
    return undefined;
  }

  #constantOf(value: string): Tensor | undefined {
    return this.planned.get(value)?.constant ?? this.#editor.constant(value);
  }

  #made(node: NewNode): string | undefined {
    const type = inferType(node, (value) => {
      const found = this.type(value);
      return found === undefined ? undefined : { type: found, constant: this.#constantOf(value) };
    });
    if (type === undefined) return undefined;
    const isConstant = node.inputs.every((name) => name === "" || this.#isConstant(name));
    const most = Math.max(...node.inputs.map((name) => elementsOf(this.type(name))));
    // Constants are kept: two small ones must not make a large one.
    if (isConstant && elementsOf(type) > Math.max(most, 4096)) return undefined;
    return this.#add({ node, type, isConstant });
  }

  #add(planned: Planned): string {
    const name = `${mark}${this.planned.size}`;
    this.planned.set(name, planned);
    return name;
  }
}

/** Clip has its limits as inputs since opset 11, and takes whole numbers since opset 12. */
function leastOpset(operator: string): number {
  return Math.max(operator === "Clip" ? 12 : 7, rowOf({ operator, domain: "" })?.versions[0] ?? 7);
}

/** The names of those nodes of a match that nothing but the match needs: they go with its result. */
export function removable(
  editor: GraphEditor,
  root: OpNode,
  nodes: readonly OpNode[],
  reused: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const gone = new Set([root.name]);
  // Readers come before what they read in most matches; a few rounds find all in any order.
  for (let grown = true; grown; ) {
    grown = false;
    for (const node of nodes) {
      const [result = ""] = node.outputs;
      if (gone.has(node.name) || reused.has(node.name) || editor.isOutput(result)) continue;
      if (!editor.readers(result).every(({ name }) => gone.has(name))) continue;
      gone.add(node.name);
      grown = true;
    }
  }
  return gone;
}

/** The cost of the nodes of the left side that go. */
function savedCost(editor: GraphEditor, root: OpNode, { nodes }: Match, reused: ReadonlySet<string>): Cost {
  const gone = removable(editor, root, nodes, reused);
  let total = nothing;
  const made = new Set(nodes.filter(({ name }) => gone.has(name)).map(({ outputs }) => outputs[0]));
  for (const node of nodes) {
    if (!gone.has(node.name)) continue;
    const output = known(editor.type(node.outputs[0]), "the type");
    const inputs = node.inputs.map((name) => editor.type(name));
    const isConstant = node.inputs.every((name) => name === "" || editor.constant(name) !== undefined);
    total = plus(total, costOf({ node, inputs, output, isConstant }));
    const read = [...new Set(node.inputs)].filter((name) => !made.has(name));
    if (!isConstant)
      total = plus(total, [0, 0, read.reduce((all, name) => all + elementsOf(editor.type(name)), 0), 0]);
  }
  return total;
}

/**
 * Makes the change; false, and nothing changed, where a constant that comes of it is not finite: then the rounded
 * numbers do not do what real ones would.
 */
export function apply(editor: GraphEditor, { root, planned, result }: Rewriting): boolean {
  const names = new Map<string, string>();
  const real = (value: string): string => names.get(value) ?? value;
  const added: string[] = [];
  for (const [name, { node, type, isConstant }] of planned) {
    const inputs = node.inputs.map(real);
    if (name === result && !isConstant) {
      editor.replace(root, { ...node, inputs });
      return true;
    }
    const made = editor.insert(root, { ...node, inputs }, root.name, type);
    names.set(name, made);
    added.push(made);
    if (isConstant && !foldFinite(editor, made)) {
      for (const value of added.toReversed()) {
        const producer = editor.producer(value);
        if (producer !== undefined) editor.remove(producer);
      }
      return false;
    }
  }
  editor.forward(root, real(result));
  return true;
}

/** Folds a node whose operands are constant; whether all of its elements are finite, as far as they are there. */
function foldFinite(editor: GraphEditor, value: string): boolean {
  const node = known(editor.producer(value), value);
  const operands = node.inputs.map((name) => editor.numbers(name, 4096));
  if (!foldNode(editor, node)) return true;
  const isFiniteAll = (numbers: ArrayLike<number> | undefined): boolean =>
    numbers === undefined || Array.from(numbers).every(Number.isFinite);
  return isFiniteAll(editor.numbers(value, 4096)) || !operands.every(isFiniteAll);
}
