/**
 * Pseudo-random inputs that follow from the names alone, so that a run can be repeated anywhere: one draw of mulberry32
 * for each element in order, started at the FNV-1a hash of `input:NAME`, shifted by the run's seed.
 */
import { badInput } from "../../base/errors.ts";
import { mulberry32 } from "../../base/mulberry32.ts";
import type { Graph, Value } from "../ir/graph.ts";
import {
  countOf,
  isFloatType,
  type RuntimeValue,
  type TensorValue,
  tensorFromDoubles,
} from "../ir/runtime-value.ts";
import type { ElementType } from "../ir/tensor.ts";
import { formatShape } from "../ops/fact.ts";
import { staticShape } from "../ops/fold.ts";

/** Where elements are drawn from: [low, high). */
export interface DrawRange {
  readonly low: number;
  readonly high: number;
}

/** All inputs of a network whose shapes are known. Throws bad-input where one is not, or is no tensor of numbers. */
export function randomInputs(graph: Graph, seed = 0): ReadonlyMap<string, RuntimeValue> {
  return new Map(graph.inputs.map((input) => [input.name, randomInput(input, seed)]));
}

function randomInput({ name, type }: Value, seed: number): TensorValue {
  const shape = staticShape(type.shape);
  if (shape === undefined) {
    throw badInput(`the shape ${formatShape(type.shape)} leaves sizes open`, {
      where: `input "${name}"`,
      fix: `give it with --shape ${name}:...`,
    });
  }
  if (type.elementType === "string" || type.elementType === "undefined") {
    throw badInput("only numbers can be drawn", {
      where: `input "${name}"`,
      fix: "give this input as a file",
    });
  }
  return drawTensor(name, type.elementType, shape, { ...rangeOf(type.elementType), seed });
}

/** Small numbers, so that indices and token numbers are valid in every network; bytes over their whole range. */
function rangeOf(elementType: ElementType): DrawRange {
  if (isFloatType(elementType)) return { low: -1, high: 1 };
  if (elementType === "int8") return { low: -128, high: 128 };
  if (elementType === "uint8") return { low: 0, high: 256 };
  return { low: 0, high: elementType === "bool" ? 1 : 2 };
}

/** One input: integers are the floor of the draw, booleans whether it is at least one half. */
export function drawTensor(
  name: string,
  elementType: ElementType,
  shape: readonly number[],
  { low, high, seed = 0 }: DrawRange & { readonly seed?: number },
): TensorValue {
  const draw = mulberry32((hashOf(`input:${name}`) + seed) >>> 0);
  const isFloat = isFloatType(elementType);
  const numbers = new Float64Array(countOf(shape));
  for (let index = 0; index < numbers.length; index++) {
    const drawn = low + (high - low) * draw();
    numbers[index] = isFloat ? drawn : elementType === "bool" ? Number(drawn >= 0.5) : Math.floor(drawn);
  }
  return tensorFromDoubles(elementType, shape, numbers);
}

/** FNV-1a of 32 bits (Fowler, Noll, Vo). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
