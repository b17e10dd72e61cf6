/**
 * One row per operator: the vector-Jacobian product of each input, written with standard operators. A row gives a function
 * for each input, so that nothing is written for an input that nobody differentiates by; what a function gives may still be
 * of the broadcast shape, or of the shape before it is stretched: the caller brings it to the input's own.
 */
import { known } from "../../base/assert.ts";
import type { OpNode } from "../ir/graph.ts";
import type { Call } from "../ops/row.ts";
import type { GraphWriter } from "./graph-writer.ts";

/** A node whose results have gradients. */
export interface GradientCall {
  readonly node: OpNode;
  /** What the helpers of graph/ops/call.ts read attributes and constant operands with. */
  readonly call: Call;
  readonly write: GraphWriter;
  /** The gradient of a result, of its shape; undefined where nothing depends on it. */
  readonly gradients: readonly (string | undefined)[];
}

/** Writes the gradient of one input, and gives its name. */
export type Gradient = () => string;

/** The gradients of the inputs in their order; undefined for those that have none, as indices and conditions. */
export type GradientRow = (call: GradientCall) => readonly (Gradient | undefined)[];

export type GradientRows = Readonly<Record<string, GradientRow>>;

/** What an operator of one result and one differentiable input, its first, is described by. */
export interface UnaryCall extends GradientCall {
  readonly x: string;
  readonly y: string;
  /** The gradient of y. */
  readonly g: string;
}

/** The name of an input; every row asks only for those that its operator requires. */
export function inputOf({ node }: GradientCall, index: number): string {
  return known(node.inputs[index], `input ${index} of ${node.name}`);
}

/** The gradient of the first result. Bad input: one of a further result, which no row of a single result has. */
export function onlyGradient({ node, call, gradients }: GradientCall): string {
  const further = gradients.findIndex((gradient, index) => index > 0 && gradient !== undefined);
  if (further > 0) {
    throw call.error(
      `result ${further} "${node.outputs[further]}" has no gradient`,
      "use the first result only, or write this operator with smaller ones",
    );
  }
  return known(gradients[0], `gradient of ${node.name}`);
}

/** A row for operators of one input that counts. */
export function unary(of: (call: UnaryCall) => string): GradientRow {
  return (call) => {
    const g = onlyGradient(call);
    const [y = ""] = call.node.outputs;
    return [() => of({ ...call, x: inputOf(call, 0), y, g })];
  };
}

export interface BinaryCall extends UnaryCall {
  readonly a: string;
  readonly b: string;
}

/** A row for operators of two inputs. */
export function binary(ofA: (call: BinaryCall) => string, ofB: (call: BinaryCall) => string): GradientRow {
  return (call) => {
    const g = onlyGradient(call);
    const [a, b] = [inputOf(call, 0), inputOf(call, 1)];
    const [y = ""] = call.node.outputs;
    const both: BinaryCall = { ...call, x: a, y, g, a, b };
    return [() => ofA(both), () => ofB(both)];
  };
}
