/**
 * The left side of a rule as a small network: values are inputs, what an operator carries is chosen so that it does
 * something, and what a rule wants proven is made by an operator that proves it. Tests run it before and after; the
 * table of rules counts its FLOPs.
 */
import { int64s } from "../../../../../test/one-node.ts";
import type { Attribute, OpNode, TypedGraph } from "../../../../graph/ir/graph.ts";
import { intAttribute, intsAttribute } from "../../../../graph/ir/node-attributes.ts";
import { tensorOfValue } from "../../../../graph/ir/runtime-tensor.ts";
import { tensorFromDoubles } from "../../../../graph/ir/runtime-value.ts";
import type { ElementType, Tensor } from "../../../../graph/ir/tensor.ts";
import { inferShapes } from "../../../../graph/ops/infer-shapes.ts";
import { isReduction } from "../carried.ts";
import { type Expression, namesIn, operatorsIn } from "../expression.ts";
import type { Rule } from "../rule.ts";

export interface ExampleSize {
  readonly m: number;
  readonly n: number;
  readonly elementType: ElementType;
  /** Images and channels, for pooling (default 1). */
  readonly channels?: number;
  /** Keeps reduced axes (default true). */
  readonly keepsAxes?: boolean;
}

const opset = 20;

/** Constants that rules compare with each other: c <= d. */
const constants: Readonly<Record<string, number>> = { c: 0.25, d: 1.5 };

export function exampleOf(rule: Rule, size: ExampleSize): TypedGraph {
  return new Example(rule, size).build();
}

class Example {
  readonly #rule: Rule;
  readonly #size: ExampleSize;
  readonly #nodes: OpNode[] = [];
  readonly #constants = new Map<string, Tensor>();
  readonly #inputs = new Map<
    string,
    { readonly elementType: ElementType; readonly shape: readonly number[] }
  >();

  constructor(rule: Rule, size: ExampleSize) {
    this.#rule = rule;
    this.#size = size;
  }

  build(): TypedGraph {
    // Values in the order of their letters, whatever the law begins with.
    const names = [...new Set([...namesIn(this.#rule.before)])].sort();
    const values = new Map(names.map((name) => [name, this.#value(name)]));
    const result = this.#expression(this.#rule.before, values);
    const unknown = { elementType: "undefined", shape: undefined } as const;
    return inferShapes({
      graph: {
        name: this.#rule.name,
        inputs: [...this.#inputs].map(([name, type]) => ({ name, type })),
        outputs: [{ name: result, type: unknown }],
        nodes: this.#nodes,
        constants: this.#constants,
        statedTypes: new Map(),
      },
      irVersion: 9,
      opsets: new Map([["", opset]]),
      producer: "test",
      metadata: new Map(),
    });
  }

  #isAbout(pattern: RegExp): boolean {
    return operatorsIn(this.#rule.before).some((operator) => pattern.test(operator));
  }

  #shape(name: string): readonly number[] {
    const { m, n, channels = 1 } = this.#size;
    const kind = this.#rule.family.shapes?.[name] ?? (/^[a-z]/.test(name) ? "1" : "mn");
    if (kind === "1") return [];
    const columns = this.#isAbout(/^MatMul$/) ? m : n;
    const matrix = [kind === "n" ? 1 : m, kind === "m" ? 1 : columns];
    return this.#isAbout(/Pool$/) ? [channels, channels, ...matrix] : matrix;
  }

  /** A value of the rule, with the proof that a condition asks for. */
  #value(name: string): string {
    const elementType = /^[PQ]$/.test(name) ? "bool" : this.#size.elementType;
    if (/^[a-z]/.test(name)) return this.#constant(constants[name] ?? 1, elementType, this.#shape(name));
    this.#inputs.set(name, { elementType, shape: this.#shape(name) });
    const proven = this.#rule.when.map(({ text }) => text);
    if (proven.includes(`${name} >= 0`)) return this.#node("Abs", [name]);
    if (!proven.includes(`${name} > 0`)) return name;
    return this.#node("Add", [this.#node("Abs", [name]), this.#constant(1, elementType, [])]);
  }

  #constant(value: number, elementType: ElementType, shape: readonly number[]): string {
    const count = shape.reduce((a, b) => a * b, 1);
    const tensor = tensorOfValue(tensorFromDoubles(elementType, shape, new Array<number>(count).fill(value)));
    return this.#keep(tensor);
  }

  #keep(tensor: Tensor): string {
    const name = `constant${this.#constants.size}`;
    this.#constants.set(name, tensor);
    return name;
  }

  #node(
    operator: string,
    inputs: readonly string[],
    attributes: ReadonlyMap<string, Attribute> = new Map(),
  ): string {
    const same = this.#nodes.find(
      (node) => node.operator === operator && node.inputs.join() === inputs.join(),
    );
    if (same !== undefined) return same.name;
    const name = `${operator}${this.#nodes.length}`;
    this.#nodes.push({ name, operator, domain: "", opset, inputs, outputs: [name], attributes });
    return name;
  }

  #expression(expression: Expression, values: ReadonlyMap<string, string>): string {
    switch (expression.kind) {
      case "value":
      case "constant":
        return values.get(expression.name) ?? "";
      case "number":
        return this.#constant(expression.value, this.#size.elementType, []);
      case "call": {
        const operands = expression.operands.map((operand) => this.#expression(operand, values));
        const more = this.#carried(expression.operator, operands.length);
        return this.#node(expression.operator, [...operands, ...more.inputs], more.attributes);
      }
      default:
        return expression satisfies never;
    }
  }

  /** Attributes and further inputs, such that the operator does something. */
  #carried(
    operator: string,
    operands: number,
  ): { readonly inputs: readonly string[]; readonly attributes: ReadonlyMap<string, Attribute> } {
    const { n, elementType, keepsAxes = true } = this.#size;
    const list = (...values: readonly number[]): string => this.#once(int64s(...values));
    const keepdims = ["keepdims", intAttribute(keepsAxes ? 1 : 0)] as const;
    if (isReduction(operator)) return { inputs: [list(-1)], attributes: new Map([keepdims]) };
    const plain = (inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}) => ({
      inputs,
      attributes: new Map(Object.entries(attributes)),
    });
    switch (operator) {
      case "ArgMax":
      case "ArgMin":
        return plain([], { axis: intAttribute(-1) });
      case "BitShift":
        return plain([], { direction: { kind: "string", value: "LEFT" } });
      case "Clip": {
        const [low, high] = [-0.5, 0.7].map((value) => this.#limit(value, elementType));
        return plain(operands === 1 && low !== undefined && high !== undefined ? [low, high] : []);
      }
      case "Expand":
        return plain([list(1, n)]);
      case "Gather":
        return plain([list(0)], { axis: intAttribute(1) });
      case "MaxPool":
      case "AveragePool":
        return plain([], { kernel_shape: intsAttribute([1, n]) });
      case "Mod":
        return plain([], { fmod: intAttribute(1) });
      case "Slice":
        return plain([list(0), list(1), list(-1)]);
      case "Tile":
        return plain([list(1, n)]);
      default:
        return plain([]);
    }
  }

  /** A list that is there already is the same value, as after common subexpressions are one. */
  #once(tensor: Tensor): string {
    const key = tensor.data.kind === "bytes" ? tensor.data.bytes.join() : "";
    for (const [name, { data, elementType, shape }] of this.#constants) {
      const isSame = data.kind === "bytes" && data.bytes.join() === key;
      if (isSame && elementType === tensor.elementType && shape.join() === tensor.shape.join()) return name;
    }
    return this.#keep(tensor);
  }

  #limit(value: number, elementType: ElementType): string {
    return this.#once(tensorOfValue(tensorFromDoubles(elementType, [], [value])));
  }
}
