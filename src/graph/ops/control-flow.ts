/** If, Loop, Scan: operators whose work is in subgraphs. */
import { LaminateError } from "../../base/errors.ts";
import type { Dimension, Shape } from "../ir/tensor.ts";
import { graphAttribute, input, int, ints, normalAxis, scalarInput } from "./call.ts";
import type { Fact } from "./fact.ts";
import { tensorFact } from "./fact.ts";
import { controlFlowKernels } from "./kernels/control-flow.ts";
import { withKernels } from "./kernels/kernel.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { commonShape } from "./shapes.ts";

/** What two facts about the same value agree on. */
function commonFact(call: Call, a: Fact, b: Fact): Fact {
  const shape = commonShape(call, a.shape, b.shape);
  const elements =
    a.elements !== undefined &&
    b.elements !== undefined &&
    shape !== undefined &&
    a.elements.length === b.elements.length
      ? a.elements.map((element, index) => (element === b.elements?.[index] ? element : undefined))
      : undefined;
  const container = a.container === b.container ? a.container : "optional";
  return { elementType: a.elementType, shape, container, elements, constant: undefined };
}

/**
 * A branch that contradicts itself cannot be the one that is taken: export code guards a Squeeze by a test of the size.
 * Only where both branches fail is the network wrong.
 */
const ifRow = row({
  operator: "If",
  versions: [1, 11, 13, 16, 19, 21],
  arity: [1, 1],
  infer: (call) => {
    const condition = scalarInput(call, 0);
    const yes = graphAttribute(call, "then_branch");
    const no = graphAttribute(call, "else_branch");
    if (typeof condition === "number") return call.subgraph(condition === 0 ? no : yes, []);
    const [first, second] = [call.trySubgraph(yes, []), call.trySubgraph(no, [])];
    if (first instanceof LaminateError) {
      if (second instanceof LaminateError) throw first;
      return second;
    }
    if (second instanceof LaminateError) return first;
    return first.map((fact, index) => {
      const other = second[index];
      return other === undefined ? fact : commonFact(call, fact, other);
    });
  },
});

/** How often what a loop carries may change before it is given up: a shape that grows grows for ever. */
const mostRounds = 3;

/**
 * Finds types of the carried values that the body keeps: a dimension that changes becomes a fresh symbol, a rank that
 * changes becomes unknown.
 */
function steadyState(
  call: Call,
  initial: readonly Fact[],
  body: (carried: readonly Fact[]) => readonly Fact[],
): readonly Fact[] {
  let carried = initial.map(withoutElements);
  let outputs = body(carried);
  for (let round = 0; round < mostRounds; round++) {
    const next = carried.map((fact, index) => widened(call, fact, outputs[index]));
    if (next.every((fact, index) => fact === carried[index])) return outputs;
    carried = round === mostRounds - 1 ? next.map((fact) => ({ ...fact, shape: undefined })) : next;
    outputs = body(carried);
  }
  return outputs;
}

function withoutElements(fact: Fact): Fact {
  return { ...fact, elements: undefined, constant: undefined };
}

/** The fact itself where the body keeps its shape. */
function widened(call: Call, fact: Fact, after: Fact | undefined): Fact {
  if (fact.shape === undefined || after === undefined) return fact;
  const same =
    after.shape?.length === fact.shape.length &&
    fact.shape.every((size, axis) => size === after.shape?.[axis] || call.symbols.isFresh(size));
  return same ? fact : { ...fact, shape: commonShape(call, fact.shape, after.shape) };
}

const loop = row({
  operator: "Loop",
  versions: [1, 11, 13, 16, 19, 21],
  // Trip count and condition may both be left out.
  arity: [0, Number.POSITIVE_INFINITY],
  infer: (call) => {
    const body = graphAttribute(call, "body");
    const initial = call.node.inputs.slice(2).map((_, index) => input(call, index + 2));
    const iteration = tensorFact("int64", []);
    // The body runs only while the condition holds.
    const condition = tensorFact("bool", [], [1]);
    let stops: Fact | undefined;
    const outputs = steadyState(call, initial, (carried) => {
      const [stop, ...rest] = call.subgraph(body, [iteration, condition, ...carried]);
      stops = stop;
      return rest;
    });
    const trips = tripCount(call, stops);
    return outputs.map((fact, index) => {
      if (index < initial.length) return withoutElements(fact);
      return tensorFact(fact.elementType, fact.shape === undefined ? undefined : [trips, ...fact.shape]);
    });
  },
});

/** The trip count is exact where neither condition can end the loop early. */
function tripCount(call: Call, stops: Fact | undefined): Dimension {
  const trips = call.inputs[0] === undefined ? undefined : scalarInput(call, 0);
  const starts = call.inputs[1] === undefined ? 1 : scalarInput(call, 1);
  if (starts === 0) return 0;
  const goesOn = call.elements(stops)?.[0] === 1;
  return starts === 1 && goesOn && trips !== undefined ? trips : call.symbols.fresh();
}

/** Scan 8 has a batch axis and an input for sequence lengths; from 9 on it has neither. */
function scanShapes(call: Call): { readonly first: number; readonly batched: boolean } {
  const batched = call.node.opset < 9;
  return { first: batched ? 1 : 0, batched };
}

const scan = row({
  operator: "Scan",
  versions: [8, 9, 11, 16, 19, 21],
  // The first input of Scan 8, the sequence lengths, may be left out.
  arity: [0, Number.POSITIVE_INFINITY],
  infer: (call) => {
    const body = graphAttribute(call, "body");
    const { first, batched } = scanShapes(call);
    const scanned = int(call, "num_scan_inputs", 0);
    const states = call.node.inputs.length - first - scanned;
    if (scanned < 1 || states < 0)
      throw call.error(`num_scan_inputs is ${scanned}, and there are ${call.node.inputs.length} inputs`);
    const initial = Array.from({ length: states }, (_, index) => input(call, first + index));
    const sequences = Array.from({ length: scanned }, (_, index) =>
      scannedInput(call, first + states + index, index),
    );
    const steps = sequences.find(({ steps }) => steps !== undefined)?.steps ?? call.symbols.fresh();
    const batch = batched ? (initial[0] ?? input(call, first)).shape?.[0] : undefined;
    const unbatched = initial.map((fact) => (batched ? dropAxis(fact, 0) : fact));
    const outputs = steadyState(call, unbatched, (carried) =>
      call.subgraph(body, [...carried, ...sequences.map(({ element }) => element)]),
    );
    return outputs.map((fact, index) => {
      const isState = index < states;
      const { shape } = fact;
      if (shape === undefined) return withoutElements(fact);
      const result = isState ? shape : stackedShape(call, shape, { steps, output: index - states });
      return tensorFact(fact.elementType, batch === undefined ? result : [batch, ...result]);
    });
  },
});

function dropAxis(fact: Fact, axis: number): Fact {
  return tensorFact(
    fact.elementType,
    fact.shape?.filter((_, index) => index !== axis),
  );
}

interface ScannedInput {
  readonly steps: Dimension | undefined;
  readonly element: Fact;
}

function scannedInput(call: Call, index: number, place: number): ScannedInput {
  const fact = input(call, index);
  if (fact.shape === undefined) return { steps: undefined, element: withoutElements(fact) };
  if (scanShapes(call).batched) {
    return { steps: fact.shape[1], element: tensorFact(fact.elementType, fact.shape.slice(2)) };
  }
  const stated = ints(call, "scan_input_axes")?.[place] ?? 0;
  const axis = normalAxis(call, stated, fact.shape.length);
  return { steps: fact.shape[axis], element: dropAxis(fact, axis) };
}

function stackedShape(
  call: Call,
  shape: Shape,
  { steps, output }: { readonly steps: Dimension; readonly output: number },
): Shape {
  const stated = ints(call, "scan_output_axes")?.[output] ?? 0;
  const axis = normalAxis(call, stated, shape.length + 1, "the stacked result");
  return [...shape.slice(0, axis), steps, ...shape.slice(axis)];
}

export const controlFlowRows: readonly OperatorRow[] = withKernels([ifRow, loop, scan], controlFlowKernels);
