/** Kernels of If, Loop and Scan. */
import {
  allocate,
  countOf,
  type RuntimeValue,
  scalarValue,
  type TensorValue,
} from "../../ir/runtime-value.ts";
import { graphAttribute, int, ints, normalAxis } from "../call.ts";
import { type Kernel, type KernelCall, type Kernels, optionalScalar, tensor } from "./kernel.ts";
import { sliceOf } from "./slicing.ts";
import { pasteInto, reshaped } from "./strided.ts";

const ifKernel: Kernel = (call) => {
  const holds = optionalScalar(call, 0) !== 0;
  return call.run(graphAttribute(call, holds ? "then_branch" : "else_branch"), []);
};

/** A loop without a condition to keep that runs longer than this does not end. */
const mostTrips = 1_000_000;

const loop: Kernel = (call) => {
  const body = graphAttribute(call, "body");
  const trips = optionalScalar(call, 0) ?? Number.POSITIVE_INFINITY;
  let goesOn = optionalScalar(call, 1) !== 0;
  let carried = call.values.slice(2).map((value, index) => given(call, value, index + 2));
  const scanned: TensorValue[][] = body.outputs.slice(1 + carried.length).map(() => []);
  for (let trip = 0; trip < trips && goesOn; trip++) {
    if (trip === mostTrips) throw call.error(`the loop has not ended after ${mostTrips} rounds`);
    const [condition, ...results] = call.run(body, [
      scalarValue("int64", trip),
      scalarValue("bool", 1),
      ...carried,
    ]);
    goesOn = condition?.kind !== "tensor" || Number(condition.elements[0]) !== 0;
    carried = results.slice(0, carried.length);
    results.slice(carried.length).forEach((value, index) => {
      scanned[index]?.push(asTensor(call, value));
    });
  }
  const stacks = scanned.map((values, index) => {
    const stated = body.outputs[1 + carried.length + index]?.type;
    return stacked(call, values, 0, emptyLike(stated?.elementType ?? "float32", stated?.shape));
  });
  return [...carried, ...stacks];
};

function given(call: KernelCall, value: RuntimeValue | undefined, index: number): RuntimeValue {
  if (value === undefined) throw call.error(`input ${index} is missing`);
  return value;
}

function asTensor(call: KernelCall, value: RuntimeValue): TensorValue {
  if (value.kind === "tensor") return value;
  throw call.error(`the body collects a ${value.kind}, and only tensors can be stacked`);
}

/** What a loop that never runs has collected. */
function emptyLike(
  elementType: TensorValue["elementType"],
  shape: readonly (number | string)[] | undefined,
): TensorValue {
  const sizes = (shape ?? []).map((size) => (typeof size === "number" ? size : 0));
  const type = elementType === "undefined" ? "float32" : elementType;
  return { kind: "tensor", elementType: type, shape: [0, ...sizes], elements: allocate(type, 0) };
}

/** Tensors of one shape along a new axis. */
export function stacked(
  call: KernelCall,
  values: readonly TensorValue[],
  axis: number,
  empty: TensorValue,
): TensorValue {
  const [first] = values;
  if (first === undefined) return empty;
  const shape = [...first.shape.slice(0, axis), values.length, ...first.shape.slice(axis)];
  const { elementType } = first;
  const whole: TensorValue = {
    kind: "tensor",
    elementType,
    shape,
    elements: allocate(elementType, countOf(shape)),
  };
  values.forEach((value, index) => {
    if (value.shape.join() !== first.shape.join()) {
      throw call.error(`tensors of the shapes [${first.shape}] and [${value.shape}] cannot be stacked`);
    }
    const part = reshaped(
      value,
      shape.map((size, at) => (at === axis ? 1 : size)),
    );
    pasteInto(
      part,
      whole,
      shape.map((_, at) => (at === axis ? index : 0)),
    );
  });
  return whole;
}

/** The tensor without an axis, at one place of it. */
function elementAt(value: TensorValue, axis: number, place: number): TensorValue {
  return reshaped(
    sliceOf(value, axis, place, 1),
    value.shape.filter((_, index) => index !== axis),
  );
}

/** Scan from opset 9 on: states first, then the scanned inputs, each with an axis and a direction. */
const scan: Kernel = (call) => {
  if (call.node.opset < 9) return batchedScan(call);
  const body = graphAttribute(call, "body");
  const scanned = int(call, "num_scan_inputs", 0);
  const states = call.values.length - scanned;
  const inputs = call.values.slice(states).map((_, index) => tensor(call, states + index));
  return scanOver(call, body, call.values.slice(0, states), inputs, {
    inputAxes: ints(call, "scan_input_axes"),
    inputDirections: ints(call, "scan_input_directions"),
    outputAxes: ints(call, "scan_output_axes"),
    outputDirections: ints(call, "scan_output_directions"),
  });
};

interface Directions {
  readonly inputAxes: readonly number[] | undefined;
  readonly inputDirections: readonly number[] | undefined;
  readonly outputAxes: readonly number[] | undefined;
  readonly outputDirections: readonly number[] | undefined;
}

function scanOver(
  call: KernelCall,
  body: ReturnType<typeof graphAttribute>,
  initial: readonly (RuntimeValue | undefined)[],
  inputs: readonly TensorValue[],
  { inputAxes, inputDirections, outputAxes, outputDirections }: Directions,
): readonly RuntimeValue[] {
  let states = initial.map((value, index) => given(call, value, index));
  const axes = inputs.map(({ shape }, index) => normalAxis(call, inputAxes?.[index] ?? 0, shape.length));
  const steps = inputs[0]?.shape[axes[0] ?? 0] ?? 0;
  const collected: TensorValue[][] = body.outputs.slice(states.length).map(() => []);
  for (let step = 0; step < steps; step++) {
    const elements = inputs.map((value, index) =>
      elementAt(value, axes[index] ?? 0, inputDirections?.[index] === 1 ? steps - 1 - step : step),
    );
    const results = call.run(body, [...states, ...elements]);
    states = results.slice(0, states.length);
    results.slice(states.length).forEach((value, index) => {
      if (outputDirections?.[index] === 1) collected[index]?.unshift(asTensor(call, value));
      else collected[index]?.push(asTensor(call, value));
    });
  }
  const outputs = collected.map((values, index) => {
    const type = body.outputs[states.length + index]?.type;
    const rank = (values[0]?.shape.length ?? type?.shape?.length ?? 0) + 1;
    const axis = normalAxis(call, outputAxes?.[index] ?? 0, rank, "the stacked result");
    return stacked(call, values, axis, emptyLike(type?.elementType ?? "float32", type?.shape));
  });
  return [...states, ...outputs];
}

/** Scan 8: an input for sequence lengths, then states and inputs with a batch axis in front. */
function batchedScan(call: KernelCall): readonly RuntimeValue[] {
  const body = graphAttribute(call, "body");
  if (call.values[0] !== undefined)
    throw call.error("Scan 8 with sequence lengths is not supported", "leave them out");
  const scanned = int(call, "num_scan_inputs", 0);
  const values = call.values.slice(1).map((_, index) => tensor(call, index + 1));
  const states = values.length - scanned;
  const batch = values[0]?.shape[0] ?? 0;
  const directions = {
    inputAxes: undefined,
    inputDirections: ints(call, "directions"),
    outputAxes: undefined,
    outputDirections: undefined,
  };
  const runs = Array.from({ length: batch }, (_, index) => {
    const own = values.map((value) => elementAt(value, 0, index));
    return scanOver(call, body, own.slice(0, states), own.slice(states), directions);
  });
  return body.outputs.map(({ type }, output) => {
    const parts = runs.map((results) => asTensor(call, given(call, results[output], output)));
    return stacked(call, parts, 0, emptyLike(type.elementType, type.shape));
  });
}

export const controlFlowKernels: Kernels = { If: ifKernel, Loop: loop, Scan: scan };
