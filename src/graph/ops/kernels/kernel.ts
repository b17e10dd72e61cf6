/**
 * Reference kernels: what an operator computes, plain and right. A kernel gets the call that shape inference gets, with
 * the shapes of this run, so that the row's own rule checks the inputs and says what comes out; and the values.
 */
import { known } from "../../../base/assert.ts";
import type { RandomSource } from "../../../base/random.ts";
import type { Graph } from "../../ir/graph.ts";
import {
  allocateNumbers,
  countOf,
  isBigIntType,
  type NumberArray,
  numbersOf,
  type RuntimeValue,
  type SequenceValue,
  type TensorValue,
  tensorFromDoubles,
  tensorValue,
} from "../../ir/runtime-value.ts";
import type { ElementType } from "../../ir/tensor.ts";
import type { Call, OperatorRow } from "../row.ts";

/** A node with the values of its inputs. */
export interface KernelCall extends Call {
  /** One entry per input of the node; undefined where an optional one is left out. */
  readonly values: readonly (RuntimeValue | undefined)[];
  /** What the row's shape rule says of the outputs at these inputs; sizes that data decide are still symbols. */
  readonly outputTypes: () => readonly OutputType[];
  /** The generator of everything random in this run. */
  readonly random: RandomSource;
  /** Runs a subgraph of the node; it sees the values around the node. */
  readonly run: (graph: Graph, inputs: readonly RuntimeValue[]) => readonly RuntimeValue[];
}

/** The type of an output, as far as it is known before the kernel runs. */
export interface OutputType {
  readonly elementType: ElementType;
  readonly shape: readonly number[] | undefined;
}

/** The values of the outputs; those that the node does not name may be left out. */
export type Kernel = (call: KernelCall) => readonly RuntimeValue[];

/** Kernels of a family, by operator. */
export type Kernels = Readonly<Record<string, Kernel>>;

/** The rows with their kernels. A kernel without a row is a bug. */
export function withKernels(rows: readonly OperatorRow[], kernels: Kernels): readonly OperatorRow[] {
  for (const operator of Object.keys(kernels)) {
    known(
      rows.find((row) => row.operator === operator),
      `the row of the kernel ${operator}`,
    );
  }
  return rows.map((row) => {
    const kernel = kernels[row.operator];
    return kernel === undefined ? row : { ...row, kernel };
  });
}

/** An input that is a tensor; undefined where it is left out. */
export function optionalTensor(call: KernelCall, index: number): TensorValue | undefined {
  const value = call.values[index];
  if (value === undefined || value.kind === "tensor") return value;
  throw call.error(
    `input ${index} "${call.node.inputs[index]}" is a ${value.kind}, and a tensor is needed`,
    value.kind === "optional" ? "take it out with OptionalGetElement" : "export the network again",
  );
}

/** An input that must be a tensor. */
export function tensor(call: KernelCall, index: number): TensorValue {
  const value = optionalTensor(call, index);
  if (value === undefined) throw call.error(`input ${index} is missing`, "export the network again");
  return value;
}

/** An input that must be a sequence. */
export function sequence(call: KernelCall, index: number): SequenceValue {
  const value = call.values[index];
  if (value?.kind === "sequence") return value;
  throw call.error(`input ${index} should be a sequence`, "export the network again");
}

/** The elements of an input as numbers. */
export function inputNumbers(call: KernelCall, index: number): NumberArray {
  return numbersOf(tensor(call, index));
}

/** The whole numbers of a list that newer opsets pass as an input; undefined where it is left out. */
export function integerList(call: KernelCall, index: number): readonly number[] | undefined {
  const value = optionalTensor(call, index);
  return value === undefined ? undefined : Array.from(numbersOf(value));
}

/** The number that an input holds: a scalar or a list of one. */
export function optionalScalar(call: KernelCall, index: number): number | undefined {
  return integerList(call, index)?.[0];
}

/** The type of an output whose shape does not depend on data. */
export function outputType(
  call: KernelCall,
  index = 0,
): { readonly elementType: ElementType; readonly shape: readonly number[] } {
  const type = known(call.outputTypes()[index], `output ${index} of ${call.node.operator}`);
  const { elementType, shape } = type;
  if (shape === undefined) {
    throw call.error(`the inputs do not say the shape of output ${index}`, "check the values of the inputs");
  }
  return { elementType, shape };
}

/** A kernel whose one output is computed in numbers, in an array made for it: doubles where the type has 64-bit integers. */
export function numericKernel(
  fill: (call: KernelCall, out: NumberArray, shape: readonly number[]) => void,
): Kernel {
  return (call) => {
    const { elementType, shape } = outputType(call);
    const out = numberBuffer(elementType, countOf(shape));
    fill(call, out, shape);
    return [fromBuffer(elementType, shape, out)];
  };
}

/** Room for numbers that become elements of this type. */
export function numberBuffer(elementType: ElementType, count: number): NumberArray {
  return isBigIntType(elementType) ? new Float64Array(count) : allocateNumbers(elementType, count);
}

/** The tensor of numbers in such a buffer. */
export function fromBuffer(
  elementType: ElementType,
  shape: readonly number[],
  out: NumberArray,
): TensorValue {
  return isBigIntType(elementType)
    ? tensorFromDoubles(elementType, shape, out)
    : tensorValue(elementType, shape, out);
}
