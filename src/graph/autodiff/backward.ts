/**
 * Reverse-mode differentiation of a graph (Linnainmaa 1976; Griewank and Walther, Evaluating Derivatives, chapter 3): nodes in
 * reverse order, each turning the gradients of its results into those of its operands by its operator's row. A value that
 * several nodes read has the sum of what they give. O(nodes), and only what lies between the parameters and the loss is
 * written.
 */
import { known } from "../../base/assert.ts";
import { badInput } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import { nodeReads } from "../ir/captures.ts";
import type { OpNode, TypedGraph } from "../ir/graph.ts";
import { isStandard } from "../ir/node-attributes.ts";
import { isFloatType } from "../ir/runtime-value.ts";
import { elementCount } from "../ir/tensor.ts";
import { knownCall } from "../ops/known-call.ts";
import { gradientRowOf } from "./gradient-rows.ts";
import type { GraphWriter } from "./graph-writer.ts";

export interface BackwardOptions {
  /** A value of one element: what is to become small. */
  readonly loss: string;
  /** Inputs, constants or other values of the graph, to differentiate by. */
  readonly parameters: readonly string[];
}

/**
 * Writes the gradient of the loss by each parameter, and gives their names in the order of the parameters; zeros where the
 * loss does not depend on one.
 *
 * @throws LaminateError bad-input for a loss or a parameter that is not there or is no float, and for an operator between
 * them that has no gradient; it names the node
 */
export function writeBackward(
  typed: TypedGraph,
  write: GraphWriter,
  { loss, parameters }: BackwardOptions,
): readonly string[] {
  checkLoss(typed, loss);
  for (const name of parameters) checkFloat(typed, name, "parameter");
  const active = dependents(typed, parameters);
  const gradients = new Gradients(write);
  write.stem = "gradient";
  gradients.add(loss, write.filled(1, write.elementType(loss), write.shape(loss)));
  for (const node of typed.graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => active.has(name) && gradients.has(name))) continue;
    write.stem = `${node.name}.gradient`;
    goBack(node, write, gradients, active);
  }
  return parameters.map((name) => {
    write.stem = `${name}.gradient`;
    return gradients.of(name) ?? write.filled(0, write.elementType(name), write.shape(name));
  });
}

/** What has reached each value so far. */
class Gradients {
  readonly #write: GraphWriter;
  readonly #parts = new Map<string, string>();

  constructor(write: GraphWriter) {
    this.#write = write;
  }

  has(name: string): boolean {
    return this.#parts.has(name);
  }

  of(name: string): string | undefined {
    return this.#parts.get(name);
  }

  add(name: string, gradient: string): void {
    const fitted = this.#write.fit(gradient, this.#write.shape(name));
    const before = this.#parts.get(name);
    this.#parts.set(name, before === undefined ? fitted : this.#write.add(before, fitted));
  }
}

function goBack(node: OpNode, write: GraphWriter, gradients: Gradients, active: ReadonlySet<string>): void {
  const where = `node ${quote(node.name)} (${node.operator})`;
  const call = knownCall(node, where, (name) => write.operand(name));
  const captured = nodeReads(node).some((name) => !node.inputs.includes(name) && active.has(name));
  const row = isStandard(node) ? gradientRowOf(node.operator) : undefined;
  if (row === undefined || captured) {
    throw call.error(
      `${node.operator} has no gradient`,
      "docs/training-graphs.md lists the operators that have one; write this one with those",
    );
  }
  const ofOutputs = node.outputs.map((name) => (active.has(name) ? gradients.of(name) : undefined));
  const ofInputs = row({ node, call, write, gradients: ofOutputs });
  node.inputs.forEach((name, index) => {
    if (!active.has(name)) return;
    const gradient = ofInputs[index];
    if (gradient === undefined) {
      throw call.error(
        `its input ${index} ${quote(name)} depends on a parameter, and has no gradient`,
        "leave out the parameters that it is made of",
      );
    }
    gradients.add(name, gradient());
  });
}

/** The float values that depend on a parameter; a gradient goes nowhere else. */
function dependents({ graph, types }: TypedGraph, parameters: readonly string[]): ReadonlySet<string> {
  const found = new Set(parameters);
  for (const node of graph.nodes) {
    if (!nodeReads(node).some((name) => found.has(name))) continue;
    for (const name of node.outputs) {
      if (name !== "" && isFloatType(known(types.get(name), `type of ${name}`).elementType)) found.add(name);
    }
  }
  return found;
}

function checkLoss(typed: TypedGraph, loss: string): void {
  checkFloat(typed, loss, "loss");
  const shape = typed.types.get(loss)?.shape;
  if (shape !== undefined && elementCount(shape) === 1) return;
  throw badInput(`the loss has the shape [${shape?.join(",") ?? "?"}], and must have one element`, {
    where: `value ${quote(loss)}`,
    fix: "take the mean or the sum of it, with ReduceMean or ReduceSum",
  });
}

function checkFloat({ types, graph }: TypedGraph, name: string, what: string): void {
  const type = types.get(name);
  if (type === undefined) {
    throw badInput(`there is no value ${quote(name)}, which is to be a ${what}`, {
      where: `graph ${quote(graph.name)}`,
      fix: "name an input, a constant or the output of a node",
    });
  }
  if (isFloatType(type.elementType)) return;
  throw badInput(`a ${what} must be of floats, and this is ${type.elementType}`, {
    where: `value ${quote(name)}`,
    fix: `choose another ${what}`,
  });
}
