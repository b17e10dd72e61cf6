/** Models of a single node, for tests of operator rows: inputs and attributes in plain values. */
import type { Attribute, Model, OpNode } from "../src/graph/ir/graph.ts";
import type { ElementType, Shape, Tensor } from "../src/graph/ir/tensor.ts";
import { tensorFromNumbers } from "../src/graph/ir/tensor-values.ts";

/** An input given by its type, a constant by its elements too; "" is an input that is left out. */
export type InputSpec = "" | readonly [ElementType, Shape | undefined] | Tensor;

/** Plain values: a whole number is an int, a list of numbers ints unless one is a fraction; attributes as they are. */
export type AttributeSpec = number | string | readonly number[] | Attribute;

export interface NodeSpec {
  readonly operator: string;
  readonly inputs: readonly InputSpec[];
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly opset?: number;
  readonly domain?: string;
  /** How many outputs the node has. */
  readonly outputs?: number;
}

/** A list of int64, as shapes and axes are. */
export function int64s(...values: readonly number[]): Tensor {
  return constant("int64", [values.length], values);
}

export function constant(
  elementType: ElementType,
  shape: readonly number[],
  values: readonly number[],
): Tensor {
  const tensor = tensorFromNumbers(elementType, shape, values);
  if (tensor === undefined) throw new Error(`no constants of ${elementType}`);
  return tensor;
}

export function attribute(value: AttributeSpec): Attribute {
  if (typeof value === "number") {
    return Number.isInteger(value) ? { kind: "int", value: BigInt(value) } : { kind: "float", value };
  }
  if (typeof value === "string") return { kind: "string", value };
  if ("kind" in value) return value;
  if (value.every(Number.isInteger)) return { kind: "ints", value: value.map(BigInt) };
  return { kind: "floats", value };
}

/** The node with inputs x0, x1, ... and outputs y0, y1, ... */
export function oneNode(spec: NodeSpec): Model {
  const opset = spec.opset ?? 17;
  const node: OpNode = {
    name: "node",
    operator: spec.operator,
    domain: spec.domain ?? "",
    opset,
    inputs: spec.inputs.map((input, index) => (input === "" ? "" : `x${index}`)),
    outputs: Array.from({ length: spec.outputs ?? 1 }, (_, index) => `y${index}`),
    attributes: new Map(
      Object.entries(spec.attributes ?? {}).map(([name, value]) => [name, attribute(value)]),
    ),
  };
  const constants = new Map<string, Tensor>();
  const inputs = spec.inputs.flatMap((input, index) => {
    if (input === "") return [];
    if ("data" in input) {
      constants.set(`x${index}`, input);
      return [];
    }
    return [{ name: `x${index}`, type: { elementType: input[0], shape: input[1] } }];
  });
  const outputs = node.outputs.map((name) => ({
    name,
    type: { elementType: "undefined" as const, shape: undefined },
  }));
  return {
    graph: { name: "one node", inputs, outputs, nodes: [node], constants, statedTypes: new Map() },
    irVersion: 8,
    opsets: new Map([[node.domain, opset]]),
    producer: "test",
    metadata: new Map(),
  };
}
