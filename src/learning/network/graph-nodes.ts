/** Gathers the nodes of a network that code writes; a value is named after the node that makes it. */
import type { Attribute, OpNode } from "../../graph/ir/graph.ts";
import { tensorOfValue } from "../../graph/ir/runtime-tensor.ts";
import { tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import type { ElementType, Tensor } from "../../graph/ir/tensor.ts";

/** The first opset with LayerNormalization. */
export const opset = 17;

export class GraphNodes {
  readonly nodes: OpNode[] = [];
  readonly constants = new Map<string, Tensor>();
  readonly elementType: ElementType;

  constructor(elementType: ElementType) {
    this.elementType = elementType;
  }

  /** A node of one result, which has its name. */
  node(
    name: string,
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const entries = new Map(Object.entries(attributes));
    this.nodes.push({ name, operator, domain: "", opset, inputs, outputs: [name], attributes: entries });
    return name;
  }

  /** Floats of the network's type; written once, so a name may be asked for again. */
  constant(name: string, shape: readonly number[], numbers: ArrayLike<number>): string {
    if (!this.constants.has(name)) {
      const value = tensorFromDoubles(this.elementType, shape, Array.from(numbers));
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

  /** The sum of all elements. */
  total(name: string, x: string): string {
    return this.node(name, "ReduceSum", [x], { keepdims: { kind: "int", value: 0n } });
  }
}
