/**
 * Kernels of recurrent layers: LSTM, GRU, RNN, one sequence and one step at a time. Formulas and the order of the gates
 * (LSTM: input, output, forget, cell; GRU: update, reset, hidden) as in the ONNX operator documentation.
 */
import { known } from "../../../base/assert.ts";
import { type NumberArray, numbersOf, type TensorValue, tensorFromDoubles } from "../../ir/runtime-value.ts";
import { float, int, optionalInt, string } from "../call.ts";
import {
  inputNumbers,
  type Kernel,
  type KernelCall,
  type Kernels,
  optionalTensor,
  tensor,
} from "./kernel.ts";
import { transposed } from "./layout.ts";
import { type Activation, activationsOf } from "./recurrent-activations.ts";

/** What a cell computes with, in one direction. */
interface Cell {
  readonly hidden: number;
  readonly activations: readonly Activation[];
  /** The gates' input part: W x + Wb. */
  readonly fromInput: Float64Array;
  /** Part of R v + Rb: the rows of one gate. */
  readonly recurrent: (gate: number, vector: Float64Array) => Float64Array;
  /** Peephole weights of the LSTM: of input, output and forget gate. */
  readonly peephole: (gate: number, index: number) => number;
  readonly clip: (x: number) => number;
  readonly flags: { readonly linearBeforeReset: boolean; readonly inputForget: boolean };
}

interface State {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

type Step = (cell: Cell, state: State) => State;

const activation = (cell: Cell, index: number): Activation => known(cell.activations[index], "an activation");

const rnnStep: Step = (cell, { h, c }) => {
  const f = activation(cell, 0);
  const recurrent = cell.recurrent(0, h);
  return { h: recurrent.map((value, index) => f(cell.clip((cell.fromInput[index] ?? 0) + value))), c };
};

const gruStep: Step = (cell, { h, c }) => {
  const { hidden, fromInput, clip } = cell;
  const [f, g] = [activation(cell, 0), activation(cell, 1)];
  const gate = (number: number): Float64Array =>
    cell
      .recurrent(number, h)
      .map((value, index) => f(clip((fromInput[number * hidden + index] ?? 0) + value)));
  const [update, reset] = [gate(0), gate(1)];
  const { linearBeforeReset } = cell.flags;
  const base = cell.recurrent(
    2,
    linearBeforeReset ? h : h.map((value, index) => value * (reset[index] ?? 0)),
  );
  const next = base.map((value, index) => {
    const recurrent = linearBeforeReset ? value * (reset[index] ?? 0) : value;
    const candidate = g(clip((fromInput[2 * hidden + index] ?? 0) + recurrent));
    const keep = update[index] ?? 0;
    return (1 - keep) * candidate + keep * (h[index] ?? 0);
  });
  return { h: next, c };
};

const lstmStep: Step = (cell, { h, c }) => {
  const { hidden, fromInput, clip } = cell;
  const [f, g, last] = [activation(cell, 0), activation(cell, 1), activation(cell, 2)];
  const parts = [0, 1, 2, 3].map((gate) => cell.recurrent(gate, h));
  const nextC = new Float64Array(hidden);
  const nextH = new Float64Array(hidden);
  for (let index = 0; index < hidden; index++) {
    const before = (gate: number): number =>
      (fromInput[gate * hidden + index] ?? 0) + (parts[gate]?.[index] ?? 0);
    const old = c[index] ?? 0;
    const input = f(clip(before(0) + cell.peephole(0, index) * old));
    const forget = cell.flags.inputForget ? 1 - input : f(clip(before(2) + cell.peephole(2, index) * old));
    const now = forget * old + input * g(clip(before(3)));
    nextC[index] = now;
    nextH[index] = f(clip(before(1) + cell.peephole(1, index) * now)) * last(now);
  }
  return { h: nextH, c: nextC };
};

/** rows x vector, for the rows of a matrix from `origin` on. */
function times(
  matrix: NumberArray,
  origin: number,
  rows: number,
  vector: ArrayLike<number>,
  vectorOrigin: number,
  columns: number,
): Float64Array {
  const out = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    const start = origin + row * columns;
    for (let column = 0; column < columns; column++) {
      sum += (matrix[start + column] as number) * (vector[vectorOrigin + column] as number);
    }
    out[row] = sum;
  }
  return out;
}

/** The input and states with the sequence first, whatever the layout. */
function sequenceFirst(call: KernelCall, index: number): TensorValue | undefined {
  const value = optionalTensor(call, index);
  return value === undefined || int(call, "layout", 0) === 0 ? value : transposed(value, [1, 0, 2]);
}

function recurrentKernel(gates: number, step: Step, defaults: readonly string[]): Kernel {
  return (call) => {
    const data = known(sequenceFirst(call, 0), "the sequence");
    const [steps = 0, batch = 0, features = 0] = data.shape;
    const [weights, recurrence] = [inputNumbers(call, 1), inputNumbers(call, 2)];
    const hidden = optionalInt(call, "hidden_size") ?? tensor(call, 2).shape[2] ?? 0;
    const direction = string(call, "direction", "forward");
    const directions = direction === "bidirectional" ? 2 : 1;
    const activations = activationsOf(call, defaults, directions);
    const numbers = numbersOf(data);
    const lengths = call.values[4] === undefined ? undefined : inputNumbers(call, 4);
    const starts = [5, 6].map((index) => {
      const value = sequenceFirst(call, index);
      return value === undefined ? undefined : numbersOf(value);
    });
    const bias = call.values[3] === undefined ? undefined : inputNumbers(call, 3);
    const peepholes = call.values[7] === undefined ? undefined : inputNumbers(call, 7);
    const limit = float(call, "clip", Number.POSITIVE_INFINITY);
    const all = new Float64Array(steps * directions * batch * hidden);
    const lastH = new Float64Array(directions * batch * hidden);
    const lastC = new Float64Array(directions * batch * hidden);
    const rows = gates * hidden;
    for (let line = 0; line < directions * batch; line++) {
      const [side, sequence] = [Math.floor(line / batch), line % batch];
      const biasAt = (row: number): number => bias?.[side * 2 * rows + row] ?? 0;
      const isReverse = direction === "reverse" || side === 1;
      const length = lengths?.[sequence] ?? steps;
      const from = line * hidden;
      let state: State = {
        h: Float64Array.from({ length: hidden }, (_, index) => starts[0]?.[from + index] ?? 0),
        c: Float64Array.from({ length: hidden }, (_, index) => starts[1]?.[from + index] ?? 0),
      };
      for (let count = 0; count < length; count++) {
        const time = isReverse ? length - 1 - count : count;
        const origin = (time * batch + sequence) * features;
        const cell: Cell = {
          hidden,
          activations: activations[side] ?? [],
          fromInput: times(weights, side * rows * features, rows, numbers, origin, features).map(
            (value, row) => value + biasAt(row),
          ),
          recurrent: (gate, vector) =>
            times(recurrence, (side * gates + gate) * hidden * hidden, hidden, vector, 0, hidden).map(
              (value, row) => value + biasAt(rows + gate * hidden + row),
            ),
          peephole: (gate, index) => peepholes?.[(side * 3 + gate) * hidden + index] ?? 0,
          clip: (x) => Math.min(Math.max(x, -limit), limit),
          flags: {
            linearBeforeReset: int(call, "linear_before_reset", 0) !== 0,
            inputForget: int(call, "input_forget", 0) !== 0,
          },
        };
        state = step(cell, state);
        all.set(state.h, ((time * directions + side) * batch + sequence) * hidden);
      }
      lastH.set(state.h, from);
      lastC.set(state.c, from);
    }
    return outputs(call, { steps, directions, batch, hidden }, { all, lastH, lastC }, data.elementType);
  };
}

interface Sizes {
  readonly steps: number;
  readonly directions: number;
  readonly batch: number;
  readonly hidden: number;
}

interface Results {
  readonly all: Float64Array;
  readonly lastH: Float64Array;
  readonly lastC: Float64Array;
}

function outputs(
  call: KernelCall,
  { steps, directions, batch, hidden }: Sizes,
  { all, lastH, lastC }: Results,
  elementType: TensorValue["elementType"],
): readonly TensorValue[] {
  const stateShape = [directions, batch, hidden];
  const whole = tensorFromDoubles(elementType, [steps, directions, batch, hidden], all);
  const states = [lastH, lastC].map((state) => tensorFromDoubles(elementType, stateShape, state));
  if (int(call, "layout", 0) === 0) return [whole, ...states];
  return [transposed(whole, [2, 0, 1, 3]), ...states.map((state) => transposed(state, [1, 0, 2]))];
}

export const recurrentKernels: Kernels = {
  GRU: recurrentKernel(3, gruStep, ["Sigmoid", "Tanh"]),
  LSTM: recurrentKernel(4, lstmStep, ["Sigmoid", "Tanh", "Tanh"]),
  RNN: recurrentKernel(1, rnnStep, ["Tanh"]),
};
