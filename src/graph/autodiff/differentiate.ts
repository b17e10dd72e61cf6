/** Differentiation as a transform: from a graph to one that gives the gradient of a loss by parameters as well. */
import type { Graph, Model, TypedGraph, Value } from "../ir/graph.ts";
import { isStandard } from "../ir/node-attributes.ts";
import { verifyGraph } from "../ir/verify.ts";
import { inferShapes } from "../ops/infer-shapes.ts";
import { type BackwardOptions, writeBackward } from "./backward.ts";
import { GraphWriter } from "./graph-writer.ts";

export interface DifferentiateOptions extends BackwardOptions {}

export interface DifferentiatedGraph {
  /** The graph with the gradients as further outputs, and with the loss as one. */
  readonly typed: TypedGraph;
  /** The same as a model, for exportOnnx. */
  readonly model: Model;
  /** The output that is the gradient, by parameter: `NAME.gradient` where that name is free. */
  readonly gradients: ReadonlyMap<string, string>;
}

/**
 * The graph with the gradient of the loss by each parameter, each of the parameter's shape and type, zeros where the loss does
 * not depend on it. The new nodes are standard operators of the graph's own opset, 13 or later.
 *
 * @throws LaminateError bad-input for a loss or a parameter that is not there or is no float, for sizes that are left open,
 * and for an operator between them that has no gradient; it names the node
 */
export function differentiate(typed: TypedGraph, options: DifferentiateOptions): DifferentiatedGraph {
  const write = new GraphWriter(typed);
  const written = writeBackward(typed, write, options);
  const gradients = new Map(
    options.parameters.map((name, index) => [name, write.copy(written[index] ?? "", `${name}.gradient`)]),
  );
  const outputs = withOutputs(typed, write, [options.loss, ...gradients.values()]);
  return { ...typedModel(write.finish({ outputs })), gradients };
}

/** The graph's outputs and those that are not among them yet. */
export function withOutputs(
  { graph }: TypedGraph,
  write: GraphWriter,
  names: readonly string[],
): readonly Value[] {
  const there = new Set(graph.outputs.map(({ name }) => name));
  const added = names.filter((name) => !there.has(name));
  return [...graph.outputs, ...added.map((name) => ({ name, type: write.type(name) }))];
}

/** Verifies and types what was written. The model's opsets are those of its nodes. */
export function typedModel(graph: Graph): { readonly typed: TypedGraph; readonly model: Model } {
  verifyGraph(graph);
  const opsets = new Map<string, number>();
  for (const node of graph.nodes) {
    const domain = isStandard(node) ? "" : node.domain;
    opsets.set(domain, Math.max(node.opset, opsets.get(domain) ?? 0));
  }
  const model: Model = { graph, irVersion: 8, opsets, producer: "laminate", metadata: new Map() };
  return { typed: inferShapes(model), model };
}
