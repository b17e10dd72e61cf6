/**
 * Recurrent layers, LSTM, GRU and RNN: what the input adds to all steps in one kernel, then a kernel for each step, which
 * reads the step before. The kernels of all steps are the same, given other addresses. Gates stand as in ONNX (LSTM: input,
 * output, forget, cell; GRU: update, reset, hidden).
 */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { float, int, string } from "../../../graph/ops/call.ts";
import type { Call } from "../../../graph/ops/row.ts";
import { type Affine, constantAffine, loopAffine, sum } from "../loops/affine.ts";
import { constant, type Expr } from "../loops/expr.ts";
import { add, atLeast, atMost, multiply, subtract } from "../operators/values.ts";
import type { BlockState } from "./block.ts";
import type { Context } from "./context.ts";
import { Nest } from "./nests.ts";
import { notCompiled } from "./not-compiled.ts";
import { type Activation, activationsOf } from "./recurrent-activations.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { allocateView, noHalo, partOf, type View } from "./views.ts";

/** A network of more steps would be mostly calls. */
const mostSteps = 4096;

/** One step of one direction. All views are [batch, hidden]. */
interface Step {
  /** A kernel of this step. */
  readonly newNest: () => Nest;
  /** What the input adds to a gate, with the bias of the input. */
  readonly fromInput: (nest: Nest, gate: number, at: At) => Expr;
  /** A gate's row of the recurrence weights times a vector, with its bias. */
  readonly recurrent: (nest: Nest, gate: number, at: At, vector: (place: Affine) => Expr) => Expr;
  readonly peephole: (nest: Nest, gate: number, at: At) => Expr | undefined;
  /** The output of the step before, and of this one. */
  readonly before: View;
  readonly after: View;
  /** The cell's state, of the step before and of this one. */
  readonly cell: View;
  readonly nextCell: View;
  readonly activations: readonly Activation[];
  readonly clip: (x: Expr) => Expr;
  readonly node: OpNode;
  readonly call: Call;
  readonly label: string;
}

type At = readonly [batch: Affine, unit: Affine];
type Cell = (step: Step) => void;

const activationAt = ({ activations }: Step, index: number): Activation =>
  known(activations[index], "activation");

function overUnits(nest: Nest, view: View, body: (at: At) => void): void {
  // Sums run along the vectors, so the units need no lanes.
  nest.overElements(view, ([batch, unit]) => body([known(batch, "batch"), known(unit, "unit")]), false);
}

/** A gate before its activation. */
function gateOf(step: Step, nest: Nest, gate: number, at: At): Expr {
  const h = (place: Affine): Expr => nest.load(step.before, [at[0], place]);
  return add(step.fromInput(nest, gate, at), step.recurrent(nest, gate, at, h));
}

const rnnCell: Cell = (step) => {
  const nest = step.newNest();
  overUnits(nest, step.after, (at) => {
    const value = activationAt(step, 0)(step.clip(gateOf(step, nest, 0, at)));
    nest.store(step.after, at, value);
  });
  nest.finish(step.label);
};

const lstmCell: Cell = (step) => {
  const [f, g, last] = [0, 1, 2].map((index) => activationAt(step, index));
  if (f === undefined || g === undefined || last === undefined) return;
  const forgets = int(step.call, "input_forget", 0) === 0;
  const nest = step.newNest();
  overUnits(nest, step.after, (at) => {
    const old = nest.load(step.cell, at);
    const gate = (number: number, peephole: number, state: Expr): Expr => {
      const weight = step.peephole(nest, peephole, at);
      const before = gateOf(step, nest, number, at);
      return f(step.clip(weight === undefined ? before : add(before, multiply(weight, state))));
    };
    const input = gate(0, 0, old);
    const forget = forgets ? gate(2, 2, old) : subtract(constant("f32", 1), input);
    const candidate = g(step.clip(gateOf(step, nest, 3, at)));
    const now = add(multiply(forget, old), multiply(input, candidate));
    const result = multiply(gate(1, 1, now), last(now));
    nest.store(step.after, at, result);
    nest.store(step.nextCell, at, now);
  });
  nest.finish(step.label);
};

const gruCell: Cell = (step) => {
  const [f, g] = [activationAt(step, 0), activationAt(step, 1)];
  const isLinear = int(step.call, "linear_before_reset", 0) !== 0;
  const gates = allocateView(`${step.node.name}.gates`, "float32", [2, ...step.after.shape]);
  const [update, reset] = [0, 1].map((gate) => sliceOf(gates, 0, gate));
  if (update === undefined || reset === undefined) return;
  const first = step.newNest();
  overUnits(first, step.after, (at) => {
    first.store(update, at, f(step.clip(gateOf(step, first, 0, at))));
    first.store(reset, at, f(step.clip(gateOf(step, first, 1, at))));
  });
  first.finish(`${step.label} (gates)`);
  const nest = step.newNest();
  overUnits(nest, step.after, (at) => {
    const h = (place: Affine): Expr => nest.load(step.before, [at[0], place]);
    const vector = (place: Affine): Expr => multiply(h(place), nest.load(reset, [at[0], place]));
    const recurrent = isLinear
      ? multiply(step.recurrent(nest, 2, at, h), nest.load(reset, at))
      : step.recurrent(nest, 2, at, vector);
    const candidate = g(step.clip(add(step.fromInput(nest, 2, at), recurrent)));
    const keep = nest.load(update, at);
    const fresh = multiply(subtract(constant("f32", 1), keep), candidate);
    nest.store(step.after, at, add(fresh, multiply(keep, nest.load(step.before, at))));
  });
  nest.finish(step.label);
};

/** One place of an axis, which goes away. */
function sliceOf(view: View, axis: number, place: number): View {
  const part = partOf(view, axis, place, 1);
  const keep = (sizes: readonly number[]): readonly number[] => sizes.filter((_, at) => at !== axis);
  return {
    ...part,
    shape: keep(part.shape),
    strides: keep(part.strides),
    halo: noHalo(view.shape.length - 1),
  };
}

/** How a layer is lowered: its gates, its cell, its activations unless others are named. */
function recurrentLayer(gates: number, cell: Cell, defaults: readonly string[]) {
  return (state: BlockState, node: OpNode, label: string): void => {
    const { context } = state;
    const { typed, memory, placement } = context;
    const call = staticCall(typed, node);
    const [x = "", , recurrence = "", , lengths = ""] = node.inputs;
    const isBatchFirst = int(call, "layout", 0) === 1;
    const [first = 1, second = 1] = shapeOf(typed, x);
    const [steps, batch] = isBatchFirst ? [second, first] : [first, second];
    const hidden = shapeOf(typed, recurrence)[2] ?? 1;
    const named = node.inputs.filter((name, at) => name !== "" && at !== 4);
    if (named.some((name) => memory.storedType(name) !== "float32")) throw notCompiled(node);
    if (lengths !== "" && !(memory.isConstant(lengths) && areAll(memory.constantNumbers(lengths), steps)))
      throw notCompiled(node, `${node.operator} of sequences of different lengths is not compiled`);
    if (steps > mostSteps) throw notCompiled(node, `${node.operator} of ${steps} steps is not compiled`);
    const direction = string(call, "direction", "forward");
    const directions = direction === "bidirectional" ? 2 : 1;
    const [y = "", lastH = "", lastC = ""] = node.outputs;
    const all = y === "" ? undefined : placement.viewFor(y);
    // [steps, directions, batch, hidden] and [directions, batch, hidden], whatever the layout.
    const results =
      all === undefined
        ? allocateView(`${node.name}.outputs`, "float32", [steps, directions, batch, hidden])
        : reordered(all, isBatchFirst ? [1, 2, 0, 3] : [0, 1, 2, 3]);
    const ends = [lastH, lastC].map((name) => (name === "" ? undefined : placement.viewFor(name)));
    const order = isBatchFirst ? [1, 0, 2] : [0, 1, 2];
    for (let side = 0; side < directions; side++) {
      const layer: Layer = { context, node, label, gates, hidden, batch, steps, side, isBatchFirst };
      const inputPart = addInputPart(layer);
      const start = [5, 6].map((index) => addInitialState(layer, index));
      let before = known(start[0], "state");
      let cellState = known(start[1], "state");
      let nextCell = allocateView(`${node.name}.cell`, "float32", cellState.shape);
      const isReverse = direction === "reverse" || side === 1;
      for (let count = 0; count < steps; count++) {
        const time = isReverse ? steps - 1 - count : count;
        const after = sliceOf(sliceOf(results, 0, time), 0, side);
        const step = stepOf(layer, {
          before,
          after,
          cell: cellState,
          nextCell,
          input: sliceOf(inputPart, 0, time),
          defaults,
        });
        cell(step);
        before = after;
        [cellState, nextCell] = [nextCell, cellState];
      }
      [before, cellState].forEach((view, which) => {
        const end = ends[which];
        if (end === undefined) return;
        const target = sliceOf(reordered(end, order), 0, side);
        const nest = new Nest(context);
        nest.overElements(target, (at) => nest.store(target, at, nest.load(view, at)));
        nest.finish(`${label} (last state)`);
      });
    }
    if (all !== undefined) memory.place(y, all);
    [lastH, lastC].forEach((name, which) => {
      const end = ends[which];
      if (end !== undefined) memory.place(name, end);
    });
  };
}

const areAll = (numbers: ArrayLike<number>, value: number): boolean =>
  Array.from(numbers).every((number) => number === value);

function reordered(view: View, order: readonly number[]): View {
  const pick = (sizes: readonly number[]): readonly number[] => order.map((axis) => sizes[axis] ?? 0);
  return { ...view, shape: pick(view.shape), strides: pick(view.strides), halo: noHalo(order.length) };
}

/** One direction of a layer. */
interface Layer {
  readonly context: Context;
  readonly node: OpNode;
  readonly label: string;
  readonly gates: number;
  readonly hidden: number;
  readonly batch: number;
  readonly steps: number;
  readonly side: number;
  readonly isBatchFirst: boolean;
}

/** [steps, batch, gates x hidden]: the input weights times the input, and their bias. */
function addInputPart(layer: Layer): View {
  const { context, node, label, gates, hidden, batch, steps, side, isBatchFirst } = layer;
  const [x = "", weights = "", , bias = ""] = node.inputs;
  const features = { name: "feature", extent: shapeOf(context.typed, weights)[2] ?? 1 };
  const view = allocateView(`${node.name}.input`, "float32", [steps, batch, gates * hidden]);
  const nest = new Nest(context);
  nest.overElements(
    view,
    (at) => {
      const [time, sequence, row] = [0, 1, 2].map((axis) => known(at[axis], "index"));
      if (time === undefined || sequence === undefined || row === undefined) return;
      const feature = loopAffine(features);
      const here = isBatchFirst ? [sequence, time, feature] : [time, sequence, feature];
      const weight = nest.read(weights, [constantAffine(side), row, feature]);
      const total = nest.reduce("add", [features], 0, multiply(nest.read(x, here), weight));
      nest.store(view, at, bias === "" ? total : add(total, nest.read(bias, [constantAffine(side), row])));
    },
    false,
  );
  nest.finish(`${label} (input)`);
  return view;
}

/** A state that later steps may overwrite: what is given, or zeros. */
function addInitialState(layer: Layer, index: number): View {
  const { context, node, label, hidden, batch, side, isBatchFirst } = layer;
  const name = node.inputs[index] ?? "";
  const view = allocateView(`${node.name}.state`, "float32", [batch, hidden]);
  const nest = new Nest(context);
  nest.overElements(view, (at) => {
    const [sequence, unit] = [known(at[0], "batch"), known(at[1], "unit")];
    const line = constantAffine(side);
    const place = isBatchFirst ? [sequence, line, unit] : [line, sequence, unit];
    nest.store(view, at, name === "" ? constant("f32", 0) : nest.read(name, place));
  });
  nest.finish(`${label} (first state)`);
  return view;
}

interface StepParts {
  readonly before: View;
  readonly after: View;
  readonly cell: View;
  readonly nextCell: View;
  readonly input: View;
  readonly defaults: readonly string[];
}

function stepOf(layer: Layer, { before, after, cell, nextCell, input, defaults }: StepParts): Step {
  const { context, node, label, gates, hidden, side } = layer;
  const [, , recurrence = "", bias = "", , , , peepholes = ""] = node.inputs;
  const line = constantAffine(side);
  const call = staticCall(context.typed, node);
  const limit = float(call, "clip", Number.POSITIVE_INFINITY);
  const rowOf = (gate: number, unit: Affine): Affine => sum(constantAffine(gate * hidden), unit);
  return {
    newNest: () => new Nest(context),
    fromInput: (nest, gate, [batch, unit]) => nest.load(input, [batch, rowOf(gate, unit)]),
    recurrent: (nest, gate, [, unit], vector) => {
      const loop = { name: "k", extent: hidden };
      const row = rowOf(gate, unit);
      const weight = nest.read(recurrence, [line, row, loopAffine(loop)]);
      const total = nest.reduce("add", [loop], 0, multiply(vector(loopAffine(loop)), weight));
      if (bias === "") return total;
      return add(total, nest.read(bias, [line, sum(constantAffine(gates * hidden), row)]));
    },
    peephole: (nest, gate, [, unit]) =>
      peepholes === "" ? undefined : nest.read(peepholes, [line, rowOf(gate, unit)]),
    activations: activationsOf(context, node, defaults, side),
    clip: (x) => atLeast(atMost(x, limit), -limit),
    ...{ before, after, cell, nextCell, node, call, label },
  };
}

export const lowerGru = recurrentLayer(3, gruCell, ["Sigmoid", "Tanh"]);
export const lowerLstm = recurrentLayer(4, lstmCell, ["Sigmoid", "Tanh", "Tanh"]);
export const lowerRnn = recurrentLayer(1, rnnCell, ["Tanh"]);
