/**
 * Adds nodes to a graph: an operator and its operands give the name of the result, whose type the operator's own row
 * says. What was asked for before is given again, so rows may ask for the same thing twice. Amortised O(1) a node, and
 * names follow from the order of the calls.
 */
import { assert, known } from "../../base/assert.ts";
import { badInput } from "../../base/errors.ts";
import type { Attribute, Graph, OpNode, TypedGraph, Value } from "../ir/graph.ts";
import { NewNames } from "../ir/new-names.ts";
import { intAttribute, intsAttribute, isStandard } from "../ir/node-attributes.ts";
import { tensorOfValue } from "../ir/runtime-tensor.ts";
import { isFloatType, tensorFromDoubles } from "../ir/runtime-value.ts";
import { type ElementType, elementCount, type Tensor, type TensorType } from "../ir/tensor.ts";
import { tensorFromNumbers } from "../ir/tensor-values.ts";
import { formatShape } from "../ops/fact.ts";
import { staticShape } from "../ops/fold.ts";
import { type KnownOperand, knownCall } from "../ops/known-call.ts";
import { findRow } from "../ops/registry.ts";

/** An operand: a value by name, or a number, which becomes a scalar of the first operand's type. */
export type Operand = string | number;

type Attributes = Readonly<Record<string, Attribute>>;

/** Axes as inputs of ReduceSum, Squeeze and Unsqueeze came with opset 13; the rows of gradients are written for them. */
const oldestOpset = 13;
const usualOpset = 17;

export class GraphWriter {
  readonly opset: number;
  /** What the names of new values begin with. */
  stem = "new";
  readonly #typed: TypedGraph;
  readonly #names: NewNames;
  readonly #nodes: OpNode[] = [];
  readonly #constants = new Map<string, Tensor>();
  readonly #types: Map<string, TensorType>;
  /** Results by what makes them. */
  readonly #made = new Map<string, string>();

  constructor(typed: TypedGraph) {
    this.#typed = typed;
    this.#names = new NewNames(typed.graph);
    this.#types = new Map(typed.types);
    const opsets = typed.graph.nodes.filter(isStandard).map(({ opset }) => opset);
    this.opset = Math.max(...opsets, opsets.length === 0 ? usualOpset : 0);
    if (this.opset < oldestOpset) {
      throw badInput(
        `gradients are written in opset ${oldestOpset} or later, the network is of opset ${this.opset}`,
        {
          where: `graph "${typed.graph.name}"`,
          fix: `export the network with opset ${usualOpset}`,
        },
      );
    }
  }

  /** The value's type, which must be known. */
  type(value: string): TensorType {
    return known(this.#types.get(value), `type of ${value}`);
  }

  elementType(value: string): ElementType {
    return this.type(value).elementType;
  }

  /** The value's sizes. Throws bad-input where one of them is open. */
  shape(value: string): readonly number[] {
    const { shape } = this.type(value);
    const sizes = staticShape(shape);
    if (sizes !== undefined) return sizes;
    throw badInput(`the shape ${formatShape(shape)} leaves sizes open`, {
      where: `value "${value}"`,
      fix: "give every size to inferShapes before the network is differentiated",
    });
  }

  isFloat(value: string): boolean {
    return isFloatType(this.type(value).elementType);
  }

  /** What is known of a value before the network runs. */
  operand(value: string): KnownOperand | undefined {
    const type = this.#types.get(value);
    if (type === undefined) return undefined;
    const { graph, values } = this.#typed;
    const constant = this.#constants.get(value) ?? graph.constants.get(value) ?? values.get(value);
    return { type, constant };
  }

  /** The first result of an operator. */
  op(operator: string, inputs: readonly Operand[], attributes: Attributes = {}): string {
    const like = inputs.find((input) => typeof input === "string");
    const names = inputs.map((input) =>
      typeof input === "string" ? input : this.scalar(input, this.elementType(known(like, "operand"))),
    );
    const key = keyOf(operator, names, attributes);
    const old = this.#made.get(key);
    if (old !== undefined) return old;
    const output = this.#names.take(this.stem);
    this.#add(operator, names, attributes, output);
    this.#made.set(key, output);
    return output;
  }

  /** The same value under a name of its own: the one that is asked for where it is free. */
  copy(value: string, name: string): string {
    const output = this.#names.claim(name);
    this.#add("Identity", [value], {}, output);
    return output;
  }

  /** An input that a run must be given: its name, the one that is asked for where it is free. */
  input(name: string, type: TensorType): Value {
    const value = { name: this.#names.claim(name), type };
    this.#types.set(value.name, type);
    return value;
  }

  /** A scalar constant. */
  scalar(number: number, elementType: ElementType): string {
    return this.#constant(tensorOfValue(tensorFromDoubles(elementType, [], [number])), `scalar ${number}`);
  }

  /** A list of int64, as shapes and axes are. */
  list(numbers: readonly number[]): string {
    return this.#constant(
      known(tensorFromNumbers("int64", [numbers.length], numbers), "list"),
      `list ${numbers}`,
    );
  }

  /** The same number in every place of a value of this type. */
  filled(number: number, elementType: ElementType, shape: readonly number[]): string {
    return this.stretch(this.scalar(number, elementType), shape);
  }

  add(a: Operand, b: Operand): string {
    return this.op("Add", [a, b]);
  }

  sub(a: string, b: Operand): string {
    return this.op("Sub", [a, b]);
  }

  mul(a: string, b: Operand): string {
    return this.op("Mul", [a, b]);
  }

  div(a: string, b: Operand): string {
    return this.op("Div", [a, b]);
  }

  neg(a: string): string {
    return this.op("Neg", [a]);
  }

  /** a - b with a number on the left. */
  from(a: number, b: string): string {
    return this.op("Sub", [this.scalar(a, this.elementType(b)), b]);
  }

  /** `yes` where the condition holds, 0 elsewhere. */
  keep(condition: string, yes: string): string {
    return this.op("Where", [condition, yes, this.scalar(0, this.elementType(yes))]);
  }

  /** `no` where the condition does not hold, 0 elsewhere. */
  drop(condition: string, no: string): string {
    return this.op("Where", [condition, this.scalar(0, this.elementType(no)), no]);
  }

  /** Without a node where the shape is that already. */
  reshape(value: string, shape: readonly number[]): string {
    return sameShape(this.shape(value), shape) ? value : this.op("Reshape", [value, this.list(shape)]);
  }

  transpose(value: string, order: readonly number[]): string {
    if (order.every((axis, at) => axis === at)) return value;
    return this.op("Transpose", [value], { perm: intsAttribute(order) });
  }

  /** With its last two axes exchanged. */
  swap(value: string): string {
    const rank = this.shape(value).length;
    const order = Array.from({ length: rank }, (_, axis) => axis);
    return this.transpose(value, [...order.slice(0, -2), rank - 1, rank - 2]);
  }

  /** The sum along axes, which stay as axes of size 1 or go. */
  sum(value: string, axes: readonly number[], keeps: boolean): string {
    if (axes.length === 0) return value;
    return this.op("ReduceSum", [value, this.list(axes)], { keepdims: intAttribute(keeps ? 1 : 0) });
  }

  /** The mean along axes, which stay as axes of size 1. */
  mean(value: string, axes: readonly number[]): string {
    const shape = this.shape(value);
    const count = elementCount(axes.map((axis) => shape[axis] ?? 1)) ?? 1;
    return this.mul(this.sum(value, axes, true), 1 / count);
  }

  stretch(value: string, shape: readonly number[]): string {
    return sameShape(this.shape(value), shape) ? value : this.op("Expand", [value, this.list(shape)]);
  }

  /** The elements [start, start + size) of one axis. */
  slice(value: string, axis: number, start: number, size: number): string {
    if (start === 0 && size === this.shape(value)[axis]) return value;
    const ends = this.list([start + size]);
    return this.op("Slice", [value, this.list([start]), ends, this.list([axis])]);
  }

  /**
   * Brings the gradient of a broadcast operand to the operand's own shape: what was stretched is summed, and what is still
   * to be stretched is.
   */
  fit(value: string, shape: readonly number[]): string {
    const from = this.shape(value);
    if (sameShape(from, shape)) return value;
    const shift = from.length - shape.length;
    const axes = from.flatMap((size, axis) => {
      const wanted = axis < shift ? 1 : (shape[axis - shift] ?? 1);
      return wanted === 1 && (size !== 1 || axis < shift) ? [axis] : [];
    });
    const summed =
      axes.length === 0 ? value : this.reshape(this.sum(value, axes, false), shapeAfter(from, axes, shape));
    return this.stretch(summed, shape);
  }

  /** The graph with the new nodes behind its own, and other inputs, outputs and constants where they are given. */
  finish(parts: Pick<Graph, "outputs"> & Partial<Pick<Graph, "inputs" | "constants">>): Graph {
    const { graph } = this.#typed;
    return {
      ...graph,
      ...parts,
      nodes: [...graph.nodes, ...this.#nodes],
      constants: new Map([...(parts.constants ?? graph.constants), ...this.#constants]),
    };
  }

  #constant(tensor: Tensor, key: string): string {
    const full = `${tensor.elementType} ${key}`;
    const old = this.#made.get(full);
    if (old !== undefined) return old;
    const name = this.#names.take("constant");
    this.#constants.set(name, tensor);
    this.#types.set(name, { elementType: tensor.elementType, shape: tensor.shape });
    this.#made.set(full, name);
    return name;
  }

  #add(operator: string, inputs: readonly string[], attributes: Attributes, output: string): void {
    const node: OpNode = {
      name: this.#names.take(`${output.replace(/~\d+$/, "")}/${operator}`),
      operator,
      domain: "",
      opset: this.opset,
      inputs,
      outputs: [output],
      attributes: new Map(Object.entries(attributes)),
    };
    const lookup = findRow(node);
    assert(lookup.kind === "row", `${operator} of opset ${this.opset} has a row`);
    const call = knownCall(node, `node "${node.name}" (${operator})`, (name) => this.operand(name));
    const fact = known(lookup.row.infer(call)[0], "result");
    this.#types.set(output, { elementType: fact.elementType, shape: fact.shape });
    this.#nodes.push(node);
  }
}

function keyOf(operator: string, inputs: readonly string[], attributes: Attributes): string {
  return JSON.stringify([operator, inputs, attributes], (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The wanted shape, but for axes that are not summed and still are to be stretched. */
function shapeAfter(
  from: readonly number[],
  axes: readonly number[],
  wanted: readonly number[],
): readonly number[] {
  const shift = from.length - wanted.length;
  return wanted.map((size, axis) => (axes.includes(axis + shift) ? size : (from[axis + shift] ?? 1)));
}
