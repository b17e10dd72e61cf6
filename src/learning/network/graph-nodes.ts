/** Gathers the nodes of a network that code writes; a value is named after the node that makes it. */
import { assert } from "../../base/assert.ts";
import { product } from "../../base/integers.ts";
import type { Attribute, Model, OpNode, Value } from "../../graph/ir/graph.ts";
import { tensorOfValue } from "../../graph/ir/runtime-tensor.ts";
import { tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import type { ElementType, Tensor } from "../../graph/ir/tensor.ts";

/** The first opset with LayerNormalization. */
export const opset = 17;
/** The first with Gelu. */
export const geluOpset = 20;

type Attributes = Readonly<Record<string, Attribute>>;

export class GraphNodes {
  readonly nodes: OpNode[] = [];
  readonly constants = new Map<string, Tensor>();
  readonly elementType: ElementType;
  private readonly opset: number;
  private readonly inputs: Value[] = [];

  constructor(elementType: ElementType, nodesOpset = opset) {
    this.elementType = elementType;
    this.opset = nodesOpset;
  }

  /** An input of the network's type. */
  input(name: string, shape: readonly number[]): string {
    this.inputs.push(this.value(name, shape));
    return name;
  }

  /** A node of one result, which has its name. */
  node(name: string, operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    this.split([name], operator, inputs, attributes);
    return name;
  }

  /** A node with several results, named after the first. */
  split(
    outputs: readonly string[],
    operator: string,
    inputs: readonly string[],
    attributes: Attributes = {},
  ): void {
    const { opset: own } = this;
    const [name = operator] = outputs;
    const entries = new Map(Object.entries(attributes));
    this.nodes.push({ name, operator, domain: "", opset: own, inputs, outputs, attributes: entries });
  }

  /** Floats of the network's type; written once, so a name may be asked for again. */
  constant(name: string, shape: readonly number[], numbers: ArrayLike<number>): string {
    assert(numbers.length === product(shape), `constant ${name} is not ${shape.join(" x ")}`);
    if (!this.constants.has(name)) {
      const value = tensorFromDoubles(this.elementType, shape, Float64Array.from(numbers));
      this.constants.set(name, tensorOfValue(value));
    }
    return name;
  }

  /** One float. */
  scalar(name: string, value: number): string {
    return this.constant(name, [], [value]);
  }

  /** Whole numbers, as shapes and axes are. */
  list(name: string, numbers: readonly number[]): string {
    this.constants.set(name, tensorOfValue(tensorFromDoubles("int64", [numbers.length], numbers)));
    return name;
  }

  /** A linear layer with the parameters `NAME.weight` and `NAME.bias`. */
  linear(name: string, x: string): string {
    return this.node(name, "Add", [
      this.node(`${name}.product`, "MatMul", [x, `${name}.weight`]),
      `${name}.bias`,
    ]);
  }

  /** With the parameters `NAME.scale` and `NAME.bias`. */
  layerNorm(name: string, x: string): string {
    return this.node(name, "LayerNormalization", [x, `${name}.scale`, `${name}.bias`]);
  }

  reshape(name: string, x: string, shape: readonly number[]): string {
    return this.node(name, "Reshape", [x, this.list(`${name}.shape`, shape)]);
  }

  /** The entries from start to before the end of one axis. */
  slice(name: string, x: string, axis: number, start: number, end: number): string {
    const at = (part: string, value: number): string => this.list(`${name}.${part}`, [value]);
    return this.node(name, "Slice", [x, at("start", start), at("end", end), at("axis", axis)]);
  }

  /** What was gathered, with these results. */
  model(name: string, outputs: readonly (readonly [string, readonly number[]])[]): Model {
    const { inputs, nodes, constants } = this;
    const graph = {
      ...{ name, inputs, nodes, constants, statedTypes: new Map() },
      outputs: outputs.map(([output, shape]) => this.value(output, shape)),
    };
    return { graph, irVersion: 9, opsets: new Map([["", this.opset]]), producer: "", metadata: new Map() };
  }

  private value(name: string, shape: readonly number[]): Value {
    return { name, type: { elementType: this.elementType, shape } };
  }

  /** The sum of all elements. */
  total(name: string, x: string): string {
    return this.node(name, "ReduceSum", [x], { keepdims: { kind: "int", value: 0n } });
  }
}
