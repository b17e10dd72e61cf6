/**
 * Small typed graphs by hand, with the shape of every value written out: tests of what comes after shape inference
 * need no inference. Values are named after the node that makes them.
 */
import type { Attribute, OpNode, TypedGraph, UnsupportedNode, Value } from "../src/graph/ir/graph.ts";
import type { ElementType, Shape, Tensor, TensorType } from "../src/graph/ir/tensor.ts";

type PlainAttribute = number | string | readonly number[];

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
  readonly elementType?: ElementType;
  readonly domain?: string;
  readonly opset?: number;
}

export interface GraphBuilder {
  input(name: string, shape: Shape, elementType?: ElementType): string;
  constant(name: string, shape: readonly number[], elementType?: ElementType): string;
  /** One result, named like the node. */
  node(
    operator: string,
    name: string,
    inputs: readonly string[],
    shape: Shape | undefined,
    options?: NodeOptions,
  ): string;
  /** Several results: name, name:1, name:2, ... */
  nodes(
    operator: string,
    name: string,
    inputs: readonly string[],
    shapes: readonly Shape[],
    options?: NodeOptions,
  ): string[];
  /** Marks a value as known without running the network. */
  known(name: string): void;
  unsupported(node: string, operator: string): void;
  build(outputs: readonly string[]): TypedGraph;
}

export function graphBuilder(): GraphBuilder {
  const inputs: Value[] = [];
  const constants = new Map<string, Tensor>();
  const nodes: OpNode[] = [];
  const types = new Map<string, TensorType>();
  const values = new Map<string, Tensor>();
  const unsupported: UnsupportedNode[] = [];

  const addNodes: GraphBuilder["nodes"] = (operator, name, reads, shapes, options = {}) => {
    const outputs = shapes.map((_, index) => (index === 0 ? name : `${name}:${index}`));
    nodes.push({
      name,
      operator,
      domain: options.domain ?? "",
      opset: options.opset ?? 17,
      inputs: reads,
      outputs,
      attributes: new Map(
        Object.entries(options.attributes ?? {}).map(([key, value]) => [key, attribute(value)]),
      ),
    });
    shapes.forEach((shape, index) => {
      types.set(outputs[index] ?? "", { elementType: options.elementType ?? "float32", shape });
    });
    return outputs;
  };

  return {
    input: (name, shape, elementType = "float32") => {
      const type = { elementType, shape };
      inputs.push({ name, type });
      types.set(name, type);
      return name;
    },
    constant: (name, shape, elementType = "float32") => {
      constants.set(name, { elementType, shape, data: { kind: "missing", location: "test" } });
      types.set(name, { elementType, shape });
      return name;
    },
    nodes: addNodes,
    node: (operator, name, reads, shape, options) => {
      addNodes(operator, name, reads, [shape ?? []], options);
      if (shape === undefined) types.set(name, { elementType: options?.elementType ?? "float32", shape });
      return name;
    },
    known: (name) => {
      const shape: readonly number[] = [];
      values.set(name, { elementType: "int64", shape, data: { kind: "missing", location: "test" } });
    },
    unsupported: (node, operator) => {
      unsupported.push({ node, operator, reason: "no such operator" });
    },
    build: (outputs) => ({
      graph: {
        name: "test",
        inputs,
        outputs: outputs.map((name) => ({
          name,
          type: types.get(name) ?? { elementType: "float32", shape: undefined },
        })),
        nodes,
        constants,
        statedTypes: new Map(),
      },
      types,
      values,
      unsupported,
    }),
  };
}

function attribute(value: PlainAttribute): Attribute {
  if (typeof value === "number") return { kind: "int", value: BigInt(value) };
  if (typeof value === "string") return { kind: "string", value };
  return { kind: "ints", value: value.map(BigInt) };
}
