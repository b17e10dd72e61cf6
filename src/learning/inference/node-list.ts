/** Gathers the nodes of a network that is written by code: a value is named after the node that makes it. O(1) a node. */
import { assert } from "../../base/assert.ts";
import { product } from "../../base/integers.ts";
import type { Attribute, Model, OpNode, Value } from "../../graph/ir/graph.ts";
import { tensorOfValue } from "../../graph/ir/runtime-tensor.ts";
import type { Tensor } from "../../graph/ir/tensor.ts";

type Attributes = Readonly<Record<string, Attribute>>;

/** The first with Gelu. */
const opset = 20;

export class NodeList {
  private readonly nodes: OpNode[] = [];
  private readonly constants = new Map<string, Tensor>();
  private readonly inputs: Value[] = [];

  /** An input of float32. */
  input(name: string, shape: readonly number[]): string {
    this.inputs.push(floatValue(name, shape));
    return name;
  }

  node(name: string, operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    this.split([name], operator, inputs, attributes);
    return name;
  }

  /** A node with several results. */
  split(
    outputs: readonly string[],
    operator: string,
    inputs: readonly string[],
    attributes: Attributes = {},
  ): void {
    const name = outputs[0] ?? operator;
    const entries = new Map(Object.entries(attributes));
    this.nodes.push({ name, operator, domain: "", opset, inputs, outputs, attributes: entries });
  }

  floats(name: string, shape: readonly number[], elements: Float32Array): string {
    assert(elements.length === product(shape), `constant ${name} is not ${shape.join(" x ")}`);
    const value = { kind: "tensor", elementType: "float32", shape, elements } as const;
    this.constants.set(name, tensorOfValue(value));
    return name;
  }

  /** A list of int64, as shapes and sizes of parts are. */
  int64(name: string, numbers: readonly number[]): string {
    const elements = BigInt64Array.from(numbers.map(BigInt));
    const value = { kind: "tensor", elementType: "int64", shape: [numbers.length], elements } as const;
    this.constants.set(name, tensorOfValue(value));
    return name;
  }

  reshape(name: string, x: string, shape: readonly number[]): string {
    return this.node(name, "Reshape", [x, this.int64(`${name}.shape`, shape)]);
  }

  model(name: string, outputs: readonly (readonly [string, readonly number[]])[]): Model {
    const graph = {
      name,
      inputs: this.inputs,
      outputs: outputs.map(([output, shape]) => floatValue(output, shape)),
      nodes: this.nodes,
      constants: this.constants,
      statedTypes: new Map(),
    };
    return { graph, irVersion: 9, opsets: new Map([["", opset]]), producer: "", metadata: new Map() };
  }
}

function floatValue(name: string, shape: readonly number[]): Value {
  return { name, type: { elementType: "float32", shape } };
}
