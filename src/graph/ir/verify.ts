/**
 * The invariants of a Graph: unique names, one producer for each value, every value made before it is used, constants
 * whose data fits their shape. The importer turns a broken one into bad input; after our own passes it is our bug.
 * O(size of the graph and its subgraphs).
 */

import { assert } from "../../base/assert.ts";
import { quote } from "../../base/quote.ts";
import { subgraphs } from "./captures.ts";
import type { Graph, OpNode } from "./graph.ts";
import { elementBits, elementCount, type Tensor } from "./tensor.ts";

/** A broken invariant and the place of it. */
export interface GraphProblem {
  readonly message: string;
  /** The node in the graph itself, even if the fault is in a subgraph of it. */
  readonly node: OpNode | undefined;
  /** Further places, from the outside in: the subgraph and the node there. */
  readonly inside: readonly string[];
}

/** A scope: whether a name is there. */
type Names = Pick<ReadonlySet<string>, "has">;

/** Fails as our own bug unless the graph keeps every invariant. Values of outer graphs are named in `outer`. */
export function verifyGraph(graph: Graph, outer: Names = new Set<string>()): void {
  const problem = findGraphProblem(graph, outer);
  if (problem === undefined) return;
  const places = [`graph ${quote(graph.name)}`, ...problemPlaces(problem)];
  assert(false, `${places.join(": ")}: ${problem.message}`);
}

/** Where the problem is, from the outside in. */
export function problemPlaces({ node, inside }: GraphProblem): readonly string[] {
  return node === undefined ? inside : [nodePlace(node), ...inside];
}

function nodePlace(node: OpNode): string {
  return `node ${quote(node.name)} (${node.operator})`;
}

/** The first broken invariant, or undefined. */
export function findGraphProblem(graph: Graph, outer: Names = new Set<string>()): GraphProblem | undefined {
  const made = new Set<string>();
  const problem = declareInputs(graph, made);
  if (problem !== undefined) return { message: problem, node: undefined, inside: [] };
  const later = outputsOf(graph);
  const names = new Set<string>();
  for (const node of graph.nodes) {
    const found = nodeProblem(node, made, outer, later, names);
    if (found !== undefined) return found;
  }
  const message = outputProblem(graph, made, outer);
  return message === undefined ? undefined : { message, node: undefined, inside: [] };
}

function declareInputs(graph: Graph, made: Set<string>): string | undefined {
  for (const { name } of graph.inputs) {
    if (name === "") return "an input without a name";
    if (made.has(name)) return `input ${quote(name)} is there twice`;
    made.add(name);
  }
  for (const [name, tensor] of graph.constants) {
    if (name === "") return "a constant without a name";
    if (made.has(name)) return `${quote(name)} is both an input and a constant`;
    const problem = tensorProblem(tensor);
    if (problem !== undefined) return `constant ${quote(name)} ${problem}`;
    made.add(name);
  }
  return undefined;
}

function tensorProblem(tensor: Tensor): string | undefined {
  const count = elementCount(tensor.shape) ?? Number.NaN;
  if (tensor.elementType === "undefined") return "has no element type";
  if (
    !tensor.shape.every((size) => Number.isSafeInteger(size) && size >= 0) ||
    !Number.isSafeInteger(count)
  ) {
    return `has the impossible shape [${tensor.shape.join(",")}]`;
  }
  const isText = tensor.elementType === "string";
  switch (tensor.data.kind) {
    case "bytes": {
      const expected = Math.ceil((count * elementBits[tensor.elementType]) / 8);
      const actual = tensor.data.bytes.length;
      return isText || actual !== expected ? `has ${actual} bytes, not ${expected}` : undefined;
    }
    case "strings": {
      const actual = tensor.data.strings.length;
      return !isText || actual !== count ? `has ${actual} strings, not ${count}` : undefined;
    }
    case "synthetic":
    case "missing":
      return undefined;
    case "scaled": {
      const { of } = tensor.data;
      const isSame = of.elementType === tensor.elementType && of.shape.join() === tensor.shape.join();
      return isSame && /^float(32|64)$/.test(of.elementType)
        ? tensorProblem(of)
        : "is scaled from another type";
    }
    default:
      tensor.data satisfies never;
      return undefined;
  }
}

function outputsOf(graph: Graph): ReadonlySet<string> {
  const outputs = new Set<string>();
  for (const node of graph.nodes) for (const output of node.outputs) outputs.add(output);
  return outputs;
}

function nodeProblem(
  node: OpNode,
  made: Set<string>,
  outer: Names,
  later: ReadonlySet<string>,
  names: Set<string>,
): GraphProblem | undefined {
  const here = (message: string): GraphProblem => ({ message, node, inside: [] });
  if (node.name === "") return here("a node without a name");
  if (names.has(node.name)) return here(`two nodes are called ${quote(node.name)}`);
  names.add(node.name);
  for (const input of node.inputs) {
    if (input === "" || made.has(input) || (outer.has(input) && !later.has(input))) continue;
    return here(unmade(input, later));
  }
  const inner = subgraphProblem(node, made, outer);
  if (inner !== undefined) return inner;
  for (const output of node.outputs) {
    if (output === "") continue;
    if (made.has(output)) return here(`${quote(output)} is made twice`);
    made.add(output);
  }
  return undefined;
}

function subgraphProblem(node: OpNode, made: ReadonlySet<string>, outer: Names): GraphProblem | undefined {
  const inner = subgraphs(node);
  if (inner.length === 0) return undefined;
  const visible: Names = { has: (name) => made.has(name) || outer.has(name) };
  for (const { attribute, graph } of inner) {
    const problem = findGraphProblem(graph, visible);
    if (problem === undefined) continue;
    return { message: problem.message, node, inside: [attribute, ...problemPlaces(problem)] };
  }
  return undefined;
}

function unmade(name: string, later: ReadonlySet<string>): string {
  if (later.has(name)) return `reads ${quote(name)} before it is made`;
  return `reads ${quote(name)}, which no input, constant or node gives`;
}

function outputProblem(graph: Graph, made: ReadonlySet<string>, outer: Names): string | undefined {
  const listed = new Set<string>();
  for (const { name } of graph.outputs) {
    if (!made.has(name) && !outer.has(name))
      return `output ${quote(name)} is given by no input, constant or node`;
    if (listed.has(name)) return `output ${quote(name)} is there twice`;
    listed.add(name);
  }
  return undefined;
}
