/** Kernels of Softmax and its like, and of the losses that are made of them. */
import { countOf, type NumberArray, numbersOf, type TensorValue } from "../../ir/runtime-value.ts";
import { int, normalAxis, optionalInt, string } from "../call.ts";
import {
  fromBuffer,
  inputNumbers,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  numericKernel,
  optionalTensor,
  outputType,
  tensor,
} from "./kernel.ts";
import { type Lines, linesAlong, linesBehind } from "./lines.ts";

/** Before opset 13 the axis, by default 1, only cut the shape in two. */
function softmaxLines(call: KernelCall): Lines {
  const { shape } = tensor(call, 0);
  if (call.node.opset >= 13) return linesAlong(shape, normalAxis(call, int(call, "axis", -1), shape.length));
  const axis = int(call, "axis", 1);
  return linesBehind(shape, axis < 0 ? axis + shape.length : axis);
}

type LineFunction = (from: NumberArray, out: NumberArray, start: number, lines: Lines) => void;

function alongLines(compute: LineFunction): Kernel {
  return numericKernel((call, out) => {
    const numbers = inputNumbers(call, 0);
    const lines = softmaxLines(call);
    for (let line = 0; line < lines.count; line++) compute(numbers, out, lines.start(line), lines);
  });
}

/** The largest element is taken out first, so that no power overflows. */
function largestOf(from: NumberArray, start: number, { size, stride }: Lines): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < size; index++) most = Math.max(most, from[start + index * stride] as number);
  return most;
}

const softmaxLine: LineFunction = (from, out, start, lines) => {
  const { size, stride } = lines;
  const most = largestOf(from, start, lines);
  const powers = new Float64Array(size);
  let sum = 0;
  for (let index = 0; index < size; index++) {
    const power = Math.exp((from[start + index * stride] as number) - most);
    powers[index] = power;
    sum += power;
  }
  for (let index = 0; index < size; index++) out[start + index * stride] = (powers[index] as number) / sum;
};

const logSoftmaxLine: LineFunction = (from, out, start, lines) => {
  const { size, stride } = lines;
  const most = largestOf(from, start, lines);
  let sum = 0;
  for (let index = 0; index < size; index++) sum += Math.exp((from[start + index * stride] as number) - most);
  const shift = most + Math.log(sum);
  for (let index = 0; index < size; index++) {
    out[start + index * stride] = (from[start + index * stride] as number) - shift;
  }
};

const hardmaxLine: LineFunction = (from, out, start, { size, stride }) => {
  let best = 0;
  for (let index = 1; index < size; index++) {
    if ((from[start + index * stride] as number) > (from[start + best * stride] as number)) best = index;
  }
  out[start + best * stride] = 1;
};

/** Minus the weighted log-probabilities [N, C, sizes...] at the target classes [N, sizes...], reduced. */
function negativeLogLikelihood(call: KernelCall, logs: NumberArray, scores: TensorValue): TensorValue {
  const { elementType } = scores;
  const targets = tensor(call, 1);
  const classes = scores.shape[1] ?? 1;
  const behind = countOf(scores.shape.slice(2));
  const weights = optionalTensor(call, 2);
  const weightNumbers = weights === undefined ? undefined : numbersOf(weights);
  const ignored = optionalInt(call, "ignore_index");
  const losses = new Float64Array(targets.elements.length);
  let [total, weightSum] = [0, 0];
  numbersOf(targets).forEach((target: number, index: number) => {
    if (target === ignored) return;
    if (target < 0 || target >= classes)
      throw call.error(`the target ${target} is none of ${classes} classes`);
    const weight = weightNumbers?.[target] ?? (weightNumbers === undefined ? 1 : 0);
    const at = (Math.floor(index / behind) * classes + target) * behind + (index % behind);
    losses[index] = -(logs[at] as number) * weight;
    total += losses[index] as number;
    weightSum += weight;
  });
  const reduction = string(call, "reduction", "mean");
  const out = reduction === "none" ? losses : [reduction === "sum" ? total : total / weightSum];
  const buffer = numberBuffer(elementType, out.length);
  buffer.set(out);
  return fromBuffer(elementType, reduction === "none" ? targets.shape : [], buffer);
}

/** The losses of ONNX; the second output are the log-probabilities. */
const softmaxCrossEntropy: Kernel = (call) => {
  const scores = tensor(call, 0);
  const numbers = numbersOf(scores);
  const logs = new Float64Array(numbers.length);
  const lines = linesAlong(scores.shape, 1);
  for (let line = 0; line < lines.count; line++) logSoftmaxLine(numbers, logs, lines.start(line), lines);
  const rounded = numberBuffer(scores.elementType, logs.length);
  rounded.set(logs);
  return [negativeLogLikelihood(call, logs, scores), fromBuffer(scores.elementType, scores.shape, rounded)];
};

const likelihoodLoss: Kernel = (call) => {
  outputType(call);
  const scores = tensor(call, 0);
  return [negativeLogLikelihood(call, numbersOf(scores), scores)];
};

export const softmaxKernels: Kernels = {
  Hardmax: alongLines(hardmaxLine),
  LogSoftmax: alongLines(logSoftmaxLine),
  NegativeLogLikelihoodLoss: likelihoodLoss,
  Softmax: alongLines(softmaxLine),
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
