/** Recurrent layers: LSTM, GRU, RNN. */
import type { Dimension } from "../ir/tensor.ts";
import { describeInput, input, int, optionalInt, string } from "./call.ts";
import { tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { recurrentKernels } from "./kernels/recurrent.ts";
import type { Call, OperatorRow, TypedCall } from "./row.ts";
import { row } from "./row.ts";
import { expectRank } from "./shapes.ts";

function directions(call: Call): number {
  return string(call, "direction", "forward") === "bidirectional" ? 2 : 1;
}

/** hidden_size is optional: the recurrence weights [directions, gates x hidden, hidden] say it too. */
function hiddenSize(call: Call): Dimension {
  return optionalInt(call, "hidden_size") ?? call.inputs[2]?.shape?.[2] ?? call.symbols.fresh();
}

/** X is [sequence, batch, features], with layout 1 (opset 14) [batch, sequence, features]. */
function recurrent(operator: string, gates: number, versions: readonly number[], most: number): OperatorRow {
  return row({
    operator,
    versions,
    arity: [3, most],
    heavy: true,
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      expectRank(call, 0, 3);
      checkWeights(call, gates);
      const { symbols } = call;
      const batchFirst = int(call, "layout", 0) === 1;
      const [first = symbols.fresh(), second = symbols.fresh()] = shape ?? [];
      const [sequence, batch] = batchFirst ? [second, first] : [first, second];
      const [count, hidden] = [directions(call), hiddenSize(call)];
      const state = tensorFact(elementType, batchFirst ? [batch, count, hidden] : [count, batch, hidden]);
      const all = batchFirst ? [batch, sequence, count, hidden] : [sequence, count, batch, hidden];
      return [tensorFact(elementType, all), state, state];
    },
    macs: (call) => recurrentMacs(call),
  });
}

function checkWeights(call: Call, gates: number): void {
  const weights = call.inputs[1]?.shape;
  const features = call.inputs[0]?.shape?.[2];
  if (weights === undefined) return;
  expectRank(call, 1, 3);
  const [, rows, columns] = weights;
  if (typeof columns === "number" && typeof features === "number" && columns !== features) {
    throw call.error(
      `the weights ${describeInput(call, 1)} do not take the features of ${describeInput(call, 0)}`,
    );
  }
  const hidden = optionalInt(call, "hidden_size");
  if (typeof rows === "number" && hidden !== undefined && rows !== gates * hidden) {
    throw call.error(
      `the weights ${describeInput(call, 1)} should have ${gates} x hidden_size ${hidden} rows`,
    );
  }
}

/** At every step and for every sequence of the batch all input and recurrence weights are used once. */
function recurrentMacs(call: TypedCall): number | undefined {
  const [steps, batch] = call.inputs[0]?.shape ?? [];
  const weights = [call.inputs[1]?.shape, call.inputs[2]?.shape].flatMap((shape) => shape ?? [Number.NaN]);
  const numbers = weights.filter((size) => typeof size === "number");
  if (typeof steps !== "number" || typeof batch !== "number" || numbers.length !== 6) return undefined;
  const [d1 = 0, r1 = 0, c1 = 0, d2 = 0, r2 = 0, c2 = 0] = numbers;
  return steps * batch * (d1 * r1 * c1 + d2 * r2 * c2);
}

export const recurrentRows: readonly OperatorRow[] = withKernels(
  [
    recurrent("GRU", 3, [1, 3, 7, 14, 22], 6),
    recurrent("LSTM", 4, [1, 7, 14, 22], 8),
    recurrent("RNN", 1, [1, 7, 14, 22], 6),
  ],
  recurrentKernels,
);
