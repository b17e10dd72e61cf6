/**
 * Shape inference: the type of every value from the types of the inputs, one pass over the nodes in their order. Small
 * values are folded on the way, in part where only a part is known, because shapes depend on them (Shape -> Gather ->
 * Concat -> Reshape). O(nodes), and nothing is allocated by a size that a file claims.
 */
import { badInput, LaminateError } from "../../base/errors.ts";
import type { Graph, Model, OpNode, TypedGraph, UnsupportedNode } from "../ir/graph.ts";
import type { Dimension, Shape, Tensor, TensorType } from "../ir/tensor.ts";
import { tensorFromNumbers, tensorToNumbers } from "../ir/tensor-values.ts";
import { checkArity } from "./arity.ts";
import { bindSymbols, boundShape, boundType, type ShapeOptions, type SymbolValues } from "./bindings.ts";
import { allNumbers } from "./call.ts";
import type { Elements, Fact } from "./fact.ts";
import { constantFact, foldableCount, formatShape, tensorFact } from "./fact.ts";
import { staticShape } from "./fold.ts";
import { findRow } from "./registry.ts";
import type { Call, OperatorRow } from "./row.ts";
import { type SymbolTable, symbolTable } from "./symbols.ts";

/** Subgraphs nest; a file that nests deeper than this is broken. */
const deepestNesting = 32;

/** Loop bodies are inferred more than once; a file whose nesting multiplies to more nodes than this is broken. */
const mostVisits = 1_000_000;

export interface InferOptions extends ShapeOptions {
  /** Told the types inside each subgraph that is inferred, in a loop each time that it is. */
  readonly onSubgraph?: (graph: Graph, types: ReadonlyMap<string, TensorType>) => void;
}

/** What one inference carries along. */
interface Inference {
  readonly onSubgraph: InferOptions["onSubgraph"];
  visits: number;
  /** Set when the file is too deep or too large to go on with, which no branch excuses. */
  exhausted: boolean;
  readonly symbols: SymbolTable;
  readonly bound: SymbolValues;
  /** Elements of small constants, decoded once. */
  readonly decoded: Map<Tensor, Elements | undefined>;
  /** By node, so that a loop body that is inferred again lists a node once. */
  readonly unsupported: Map<OpNode, UnsupportedNode>;
}

/** Where names are looked up: a graph's own values, then those around it. */
interface Scope {
  readonly facts: Map<string, Fact>;
  readonly outer: Scope | undefined;
  readonly depth: number;
}

/**
 * The network with the type of every value. Symbolic dimensions flow through; sizes that only a run can tell are
 * symbols that begin with "?". Operators without a row become barriers, listed in `unsupported`, with the types that the
 * file states. Throws bad-input where the network contradicts itself or the options do not fit it.
 */
export function inferShapes(model: Model, options: InferOptions = {}): TypedGraph {
  const bound = bindSymbols(model.graph, options);
  const inputs = model.graph.inputs.map((value) => ({
    name: value.name,
    type: boundType(value, options, bound),
  }));
  const inference: Inference = {
    onSubgraph: options.onSubgraph,
    visits: 0,
    exhausted: false,
    symbols: symbolTable(),
    bound,
    decoded: new Map(),
    unsupported: new Map(),
  };
  const graph: Graph = { ...model.graph, inputs };
  const scope = inferGraph(
    inference,
    graph,
    inputs.map(({ type }) => tensorFact(type.elementType, type.shape)),
    undefined,
  );
  return typedGraph(graph, scope, inference);
}

function typedGraph(graph: Graph, scope: Scope, inference: Inference): TypedGraph {
  const values = new Map<string, Tensor>();
  for (const [name, fact] of scope.facts) {
    const value = graph.constants.has(name) ? undefined : knownValue(fact);
    if (value !== undefined) values.set(name, value);
  }
  return { graph, types: typesOf(scope), values, unsupported: [...inference.unsupported.values()] };
}

/** A sequence has no shape of its own, only its tensors have. */
function typesOf(scope: Scope): ReadonlyMap<string, TensorType> {
  const types = new Map<string, TensorType>();
  for (const [name, { elementType, shape, container }] of scope.facts) {
    types.set(name, { elementType, shape: container === "tensor" ? shape : undefined });
  }
  return types;
}

/** The value as a tensor, where all its elements are known. */
function knownValue(fact: Fact): Tensor | undefined {
  if (fact.constant !== undefined) return fact.constant;
  const shape = staticShape(fact.shape);
  const elements = allNumbers(fact.elements);
  if (shape === undefined || elements === undefined) return undefined;
  return tensorFromNumbers(fact.elementType, shape, elements);
}

/** Infers all nodes of a graph whose inputs have these facts. */
function inferGraph(
  inference: Inference,
  graph: Graph,
  inputs: readonly Fact[],
  outer: Scope | undefined,
): Scope {
  const scope: Scope = { facts: new Map(), outer, depth: (outer?.depth ?? 0) + 1 };
  checkEffort(inference, graph, scope.depth);
  for (const [name, tensor] of graph.constants) scope.facts.set(name, constantFact(tensor));
  graph.inputs.forEach(({ name, type }, index) => {
    const fact = inputs[index] ?? tensorFact(type.elementType, type.shape);
    checkSizes(fact.shape, `input "${name}"`);
    scope.facts.set(name, fact);
  });
  const stated = statedTypes(graph);
  for (const node of graph.nodes) inferNode(inference, scope, node, stated);
  return scope;
}

function checkEffort(inference: Inference, graph: Graph, depth: number): void {
  inference.visits += graph.nodes.length;
  if (depth <= deepestNesting && inference.visits <= mostVisits) return;
  inference.exhausted = true;
  const message =
    depth > deepestNesting
      ? `subgraphs nest deeper than ${deepestNesting}`
      : `loops nest so that more than ${mostVisits} nodes must be inferred`;
  throw badInput(message, {
    where: `graph "${graph.name}"`,
    fix: "export the network with fewer nested blocks",
  });
}

/** What the file says of values, its outputs included. */
function statedTypes(graph: Graph): (name: string) => TensorType | undefined {
  const outputs = new Map(graph.outputs.map(({ name, type }) => [name, type]));
  return (name) => graph.statedTypes.get(name) ?? outputs.get(name);
}

function inferNode(
  inference: Inference,
  scope: Scope,
  node: OpNode,
  stated: (name: string) => TensorType | undefined,
): void {
  const lookup = findRow(node);
  const outputs = lookup.kind === "row" ? inferCall(lookup.row, makeCall(inference, scope, node)) : [];
  if (lookup.kind === "unsupported") {
    const { name, operator } = node;
    inference.unsupported.set(node, { node: name, operator, reason: lookup.reason });
  }
  node.outputs.forEach((name, index) => {
    if (name === "") return;
    const fact = refined(inference, outputs[index] ?? tensorFact("undefined", undefined), stated(name));
    checkSizes(fact.shape, `${placeOf(node)}, output "${name}"`);
    scope.facts.set(name, fact);
  });
}

/** The rule's types, and elements where they are few enough to matter. */
function inferCall(row: OperatorRow, call: Call): readonly Fact[] {
  checkArity(row, call);
  const outputs = row.infer(call);
  if (row.fold === undefined || outputs.every((fact) => foldableCount(fact.shape) === undefined))
    return outputs;
  if (outputs.every((fact) => fact.elements !== undefined || fact.constant !== undefined)) return outputs;
  const elements = row.fold(call, outputs);
  return outputs.map((fact, index) => {
    const folded = elements[index];
    const count = foldableCount(fact.shape);
    return folded !== undefined && folded.length === count ? { ...fact, elements: folded } : fact;
  });
}

/**
 * What the rule leaves open may be stated by the file: a rank, an element type, a size that only a run could tell. What
 * it does tell stands, since the file may state the shapes of another batch.
 */
function refined(inference: Inference, fact: Fact, stated: TensorType | undefined): Fact {
  if (stated === undefined) return fact;
  const elementType = fact.elementType === "undefined" ? stated.elementType : fact.elementType;
  if (stated.shape === undefined) return elementType === fact.elementType ? fact : { ...fact, elementType };
  const statedShape = boundShape(stated.shape, inference.bound);
  if (fact.shape === undefined) return { ...fact, elementType, shape: statedShape };
  if (fact.shape.length !== statedShape.length || !fact.shape.some(inference.symbols.isFresh)) {
    return elementType === fact.elementType ? fact : { ...fact, elementType };
  }
  const shape = fact.shape.map((size, axis): Dimension => {
    const known = statedShape[axis];
    return inference.symbols.isFresh(size) && typeof known === "number" ? known : size;
  });
  return { ...fact, elementType, shape };
}

/** Sizes must be whole, not negative, and their product exact in a double. */
function checkSizes(shape: Shape | undefined, where: string): void {
  let count = 1;
  for (const size of shape ?? []) {
    if (typeof size === "string") continue;
    if (!Number.isInteger(size) || size < 0) {
      throw badInput(`a tensor cannot have the size ${size} in ${formatShape(shape)}`, {
        where,
        fix: "export the network again",
      });
    }
    // An axis of size 0 does not make the others smaller.
    count *= Math.max(size, 1);
  }
  if (count > Number.MAX_SAFE_INTEGER) {
    throw badInput(`a tensor ${formatShape(shape)} has more than 2^53 elements`, {
      where,
      fix: "the file is broken, or a symbol is bound to a wrong size",
    });
  }
}

function placeOf(node: OpNode): string {
  return `node "${node.name}" (${node.operator})`;
}

/** What to do where a rule knows nothing better. */
const contradiction =
  "the network contradicts itself here: export it again, or correct the sizes given for its inputs";

function makeCall(inference: Inference, scope: Scope, node: OpNode): Call {
  return {
    node,
    inputs: node.inputs.map((name) => (name === "" ? undefined : lookUp(scope, name, node))),
    symbols: inference.symbols,
    elements: (fact) => elementsOf(inference, fact),
    error: (message, fix = contradiction) => badInput(message, { where: placeOf(node), fix }),
    subgraph: (graph, inputs) => subgraphOutputs(inference, scope, graph, inputs),
    trySubgraph: (graph, inputs) => {
      try {
        return subgraphOutputs(inference, scope, graph, inputs);
      } catch (error) {
        if (error instanceof LaminateError && !inference.exhausted) return error;
        throw error;
      }
    },
  };
}

function lookUp(scope: Scope, name: string, node: OpNode): Fact {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const fact = at.facts.get(name);
    if (fact !== undefined) return fact;
  }
  throw badInput(`nothing makes the input "${name}"`, {
    where: placeOf(node),
    fix: "export the network again",
  });
}

function subgraphOutputs(
  inference: Inference,
  scope: Scope,
  graph: Graph,
  inputs: readonly Fact[],
): readonly Fact[] {
  const inner = inferGraph(inference, graph, inputs, scope);
  inference.onSubgraph?.(graph, typesOf(inner));
  return graph.outputs.map(({ name, type }) => {
    for (let at: Scope | undefined = inner; at !== undefined; at = at.outer) {
      const fact = at.facts.get(name);
      if (fact !== undefined) return fact;
    }
    return tensorFact(type.elementType, type.shape);
  });
}

function elementsOf(inference: Inference, fact: Fact | undefined): Elements | undefined {
  if (fact === undefined) return undefined;
  const { constant } = fact;
  if (fact.elements !== undefined || constant === undefined) return fact.elements;
  if (foldableCount(constant.shape) === undefined) return undefined;
  if (!inference.decoded.has(constant)) inference.decoded.set(constant, tensorToNumbers(constant));
  return inference.decoded.get(constant);
}
