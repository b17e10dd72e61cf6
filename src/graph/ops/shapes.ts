/** Rules of shapes that many operators share: broadcasting, equal dimensions, element counts. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { describeInputs } from "./call.ts";
import { formatShape } from "./fact.ts";
import type { Call } from "./row.ts";

/** No network needs more axes; a file that claims a million of them is broken. */
const mostAxes = 64;

/**
 * Multidirectional broadcasting (ONNX "Broadcasting"): aligned at the right, 1 stretches. A symbol against a number
 * above 1 must be that number or 1, so the result is the number.
 */
export function broadcast(call: Call, shapes: readonly (Shape | undefined)[]): Shape | undefined {
  let result: Shape = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    result = broadcastPair(call, result, shape);
  }
  return result;
}

function broadcastPair(call: Call, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis): Dimension => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    if (typeof left === "number" && typeof right === "number") {
      throw call.error(
        `the shapes of ${describeInputs(call)} do not broadcast: ${left} against ${right}`,
        "aligned at the right, dimensions must be equal or 1",
      );
    }
    return call.symbols.either(left, right);
  });
}

/** The one dimension that both stand for; an error where two numbers differ. */
export function sameDimension(call: Call, a: Dimension, b: Dimension, what: string): Dimension {
  if (a === b) return a;
  if (typeof a === "number" && typeof b === "number") {
    throw call.error(`${what}: ${a} and ${b} differ (${describeInputs(call)})`, "export the network again");
  }
  return typeof a === "number" ? a : b;
}

/** An error unless the input has this rank; nothing where the rank is not known. */
export function expectRank(call: Call, index: number, rank: number): void {
  const shape = call.inputs[index]?.shape;
  if (shape !== undefined && shape.length !== rank) {
    throw call.error(`input "${call.node.inputs[index]}" ${formatShape(shape)} should have rank ${rank}`);
  }
}

/** The product of dimensions, symbols and all. */
export function productOf(call: Call, dimensions: Iterable<Dimension>): Dimension {
  let result: Dimension = 1;
  for (const dimension of dimensions) result = call.symbols.multiply(result, dimension);
  return result;
}

/** A shape of this rank of which nothing else is known. */
export function freshShape(call: Call, rank: number): Shape {
  if (rank > mostAxes) throw call.error(`a tensor of ${rank} axes is not supported; ${mostAxes} are`);
  return Array.from({ length: rank }, () => call.symbols.fresh());
}

/** The shape with one dimension replaced. */
export function withDimension(shape: Shape, axis: number, dimension: Dimension): Shape {
  return shape.map((old, index) => (index === axis ? dimension : old));
}

/** What two shapes of the same value have in common: undefined where the ranks differ, fresh where dimensions do. */
export function commonShape(call: Call, a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return a.map((dimension, axis) => (dimension === b[axis] ? dimension : call.symbols.fresh()));
}
