/** Small networks by hand, typed by shape inference, and the check that a rewritten one computes the same. */
import { expect } from "vitest";
import { compareValues, type Tolerance } from "../src/graph/interpreter/compare-values.ts";
import { randomInputs } from "../src/graph/interpreter/random-inputs.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import type { OpNode, TypedGraph } from "../src/graph/ir/graph.ts";
import type { ElementType, Shape, Tensor } from "../src/graph/ir/tensor.ts";
import { tensorFromNumbers } from "../src/graph/ir/tensor-values.ts";
import { verifyGraph } from "../src/graph/ir/verify.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { type AttributeSpec, attribute } from "./one-node.ts";

/** Operator, inputs, attributes; `domain` and `opset` where they are not the network's. */
export type NetworkNode = readonly [
  operator: string,
  inputs: readonly string[],
  attributes?: Readonly<Record<string, AttributeSpec>>,
  more?: { readonly opset?: number; readonly outputs?: readonly string[] },
];

export interface NetworkSpec {
  readonly inputs?: Readonly<Record<string, Shape | readonly [ElementType, Shape]>>;
  readonly constants?: Readonly<Record<string, Tensor>>;
  /** By the name of the node and of its result. */
  readonly nodes: Readonly<Record<string, NetworkNode>>;
  readonly outputs: readonly string[];
  readonly opset?: number;
}

const unknown = { elementType: "undefined", shape: undefined } as const;

export function network(spec: NetworkSpec): TypedGraph {
  const { inputs = {}, constants = {}, nodes, outputs, opset = 17 } = spec;
  return inferShapes({
    graph: {
      name: "test",
      inputs: Object.entries(inputs).map(([name, given]) => ({ name, type: typeOf(given) })),
      outputs: outputs.map((name) => ({ name, type: unknown })),
      nodes: Object.entries(nodes).map(
        ([name, [operator, reads, attributes = {}, more]]): OpNode => ({
          name,
          operator,
          domain: "",
          opset: more?.opset ?? opset,
          inputs: reads,
          outputs: more?.outputs ?? [name],
          attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attribute(value)])),
        }),
      ),
      constants: new Map(Object.entries(constants)),
      statedTypes: new Map(),
    },
    irVersion: 8,
    opsets: new Map([["", opset]]),
    producer: "test",
    metadata: new Map(),
  });
}

function typeOf(given: Shape | readonly [ElementType, Shape]): {
  readonly elementType: ElementType;
  readonly shape: Shape;
} {
  const [first, second] = given;
  if (Array.isArray(second)) return { elementType: first as ElementType, shape: second };
  return { elementType: "float32", shape: given as Shape };
}

/** A float32 constant: the numbers given, or small ones that differ. */
export function floats(shape: readonly number[], numbers?: readonly number[]): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = numbers ?? Array.from({ length: count }, (_, index) => ((index * 7 + 3) % 11) / 4 - 1.2);
  const tensor = tensorFromNumbers("float32", shape, values);
  if (tensor === undefined) throw new Error("no constant");
  return tensor;
}

/** `operator(inputs)` of each node, in order. */
export function nodesOf({ graph }: TypedGraph): readonly string[] {
  return graph.nodes.map(({ operator, inputs }) => `${operator}(${inputs.join(", ")})`);
}

/** The operators, in order. */
export function operatorsOf({ graph }: TypedGraph): readonly string[] {
  return graph.nodes.map(({ operator }) => operator);
}

/** Fails unless the rewritten network is well formed, typed, and computes the same outputs from the same inputs. */
export function expectSame(
  before: TypedGraph,
  after: TypedGraph,
  tolerance: Tolerance = { relative: 1e-4, absolute: 1e-5 },
  seed = 0,
): void {
  verifyGraph(after.graph);
  for (const { outputs } of after.graph.nodes)
    for (const name of outputs) if (name !== "") expect(after.types.has(name), `type of ${name}`).toBe(true);
  expect(after.graph.inputs).toEqual(before.graph.inputs);
  expect(after.graph.outputs).toEqual(before.graph.outputs);
  const inputs = randomInputs(before.graph, seed);
  const [expected, actual] = [runGraph(before, inputs), runGraph(after, inputs)];
  for (const [name, value] of expected) {
    const found = actual.get(name);
    if (found === undefined) throw new Error(`no output ${name}`);
    const difference = compareValues(found, value, tolerance);
    expect(difference.isClose, `${name}: ${JSON.stringify(difference)}, seed ${seed}`).toBe(true);
  }
}
