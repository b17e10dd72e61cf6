/** Kernels of functions of one element: mathematics and activations. Formulas as in the ONNX operator documentation. */

import { numbersOf, tensorValue } from "../../ir/runtime-value.ts";
import { roundHalfEven } from "../../ir/small-floats.ts";
import { float, int, string } from "../call.ts";
import { bigIntsOf, mapOne, mapTwo, plainUnary, unaryKernel } from "./broadcast.ts";
import {
  fromBuffer,
  inputNumbers,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  optionalTensor,
  tensor,
} from "./kernel.ts";
import { erf, sigmoid, softplus } from "./scalar-functions.ts";

type Attributes = (name: string, otherwise: number) => number;

/** A function with float attributes. */
function withAttributes(make: (attribute: Attributes) => (x: number) => number): Kernel {
  return unaryKernel({ number: (_, call) => make((name, otherwise) => float(call, name, otherwise)) });
}

function predicate(test: (call: KernelCall) => (x: number) => boolean): Kernel {
  return (call) => {
    const value = tensor(call, 0);
    const out = new Uint8Array(value.elements.length);
    const holds = test(call);
    mapOne((x: number) => (holds(x) ? 1 : 0), numbersOf(value), out);
    return [tensorValue("bool", value.shape, out)];
  };
}

const gelu = unaryKernel({
  number: (_, call) => {
    if (string(call, "approximate", "none") !== "tanh") return (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    const scale = Math.sqrt(2 / Math.PI);
    return (x) => 0.5 * x * (1 + Math.tanh(scale * (x + 0.044715 * x ** 3)));
  },
});

/** Limits are attributes before opset 11 and scalar inputs from then on. */
const clip: Kernel = (call) => {
  const value = tensor(call, 0);
  const [low, high] = [optionalTensor(call, 1), optionalTensor(call, 2)];
  const bigs = bigIntsOf(value.elements);
  if (bigs !== undefined) {
    const [least, most] = [low?.elements[0], high?.elements[0]].map((limit) =>
      typeof limit === "bigint" ? limit : undefined,
    );
    const out = bigs.map((x) => (least !== undefined && x < least ? least : x));
    return [
      tensorValue(
        value.elementType,
        value.shape,
        out.map((x) => (most !== undefined && x > most ? most : x)),
      ),
    ];
  }
  const least = low === undefined ? float(call, "min", Number.NEGATIVE_INFINITY) : (numbersOf(low)[0] ?? 0);
  const most = high === undefined ? float(call, "max", Number.POSITIVE_INFINITY) : (numbersOf(high)[0] ?? 0);
  const out = numberBuffer(value.elementType, value.elements.length);
  mapOne((x: number) => Math.min(Math.max(x, least), most), numbersOf(value), out);
  return [fromBuffer(value.elementType, value.shape, out)];
};

/** The slope stretches to the input; before opset 7 it had one entry per channel. */
const prelu: Kernel = (call) => {
  const [value, slope] = [tensor(call, 0), tensor(call, 1)];
  const { elementType, shape } = value;
  const perChannel = call.node.opset < 7 && slope.shape.length === 1 && slope.shape[0] !== 1;
  const slopeShape = perChannel
    ? [...slope.shape, ...new Array<number>(Math.max(shape.length - 2, 0)).fill(1)]
    : slope.shape;
  const out = numberBuffer(elementType, value.elements.length);
  mapTwo(
    (x: number, factor: number) => (x < 0 ? x * factor : x),
    { elements: numbersOf(value), shape },
    { elements: numbersOf(slope), shape: slopeShape },
    shape,
    out,
  );
  return [fromBuffer(elementType, shape, out)];
};

/** In training elements are dropped by chance and the others scaled up; the mask says which are kept. */
const dropout: Kernel = (call) => {
  const value = tensor(call, 0);
  const ratio = call.values[1] === undefined ? float(call, "ratio", 0.5) : (inputNumbers(call, 1)[0] ?? 0.5);
  const trains = call.values[2] !== undefined && inputNumbers(call, 2)[0] === 1;
  const maskType = call.node.opset >= 10 ? "bool" : value.elementType;
  const mask = numberBuffer(maskType, value.elements.length).fill(1);
  if (!trains || ratio === 0) return [value, fromBuffer(maskType, value.shape, mask)];
  const numbers = numbersOf(value);
  const out = numberBuffer(value.elementType, numbers.length);
  const scale = 1 / (1 - ratio);
  for (let index = 0; index < numbers.length; index++) {
    mask[index] = call.random.uniform() >= ratio ? 1 : 0;
    out[index] = mask[index] === 1 ? (numbers[index] ?? 0) * scale : 0;
  }
  return [fromBuffer(value.elementType, value.shape, out), fromBuffer(maskType, value.shape, mask)];
};

const bigAbs = (x: bigint): bigint => (x < 0n ? -x : x);
const bigSign = (x: bigint): bigint => (x > 0n ? 1n : x < 0n ? -1n : 0n);

export const functionKernels: Kernels = {
  Abs: plainUnary(Math.abs, bigAbs),
  Acos: plainUnary(Math.acos),
  Acosh: plainUnary(Math.acosh),
  Asin: plainUnary(Math.asin),
  Asinh: plainUnary(Math.asinh),
  Atan: plainUnary(Math.atan),
  Atanh: plainUnary(Math.atanh),
  BitwiseNot: plainUnary(
    (x) => ~x,
    (x) => ~x,
  ),
  Ceil: plainUnary(Math.ceil),
  Cos: plainUnary(Math.cos),
  Cosh: plainUnary(Math.cosh),
  Erf: plainUnary(erf),
  Exp: plainUnary(Math.exp),
  Floor: plainUnary(Math.floor),
  Log: plainUnary(Math.log),
  Neg: plainUnary(
    (x) => -x,
    (x) => -x,
  ),
  Not: plainUnary((x) => (x === 0 ? 1 : 0)),
  Reciprocal: plainUnary((x) => 1 / x),
  Round: plainUnary(roundHalfEven),
  Sign: plainUnary(Math.sign, bigSign),
  Sin: plainUnary(Math.sin),
  Sinh: plainUnary(Math.sinh),
  Sqrt: plainUnary(Math.sqrt),
  Tan: plainUnary(Math.tan),
  IsInf: predicate((call) => {
    const [negative, positive] = [
      int(call, "detect_negative", 1) !== 0,
      int(call, "detect_positive", 1) !== 0,
    ];
    return (x) =>
      (positive && x === Number.POSITIVE_INFINITY) || (negative && x === Number.NEGATIVE_INFINITY);
  }),
  IsNaN: predicate(() => Number.isNaN),
  Celu: withAttributes((attribute) => {
    const alpha = attribute("alpha", 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  }),
  Elu: withAttributes((attribute) => {
    const alpha = attribute("alpha", 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  }),
  Gelu: gelu,
  HardSigmoid: withAttributes((attribute) => {
    const [alpha, beta] = [attribute("alpha", 0.2), attribute("beta", 0.5)];
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  }),
  HardSwish: plainUnary((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  LeakyRelu: withAttributes((attribute) => {
    const alpha = attribute("alpha", 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  }),
  Mish: plainUnary((x) => x * Math.tanh(softplus(x))),
  Relu: plainUnary(
    (x) => Math.max(x, 0),
    (x) => (x > 0n ? x : 0n),
  ),
  Selu: withAttributes((attribute) => {
    const alpha = attribute("alpha", 1.6732631921768188);
    const gamma = attribute("gamma", 1.0507010221481323);
    return (x) => gamma * (x > 0 ? x : alpha * Math.expm1(x));
  }),
  Shrink: withAttributes((attribute) => {
    const [bias, lambda] = [attribute("bias", 0), attribute("lambd", 0.5)];
    return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : Number.isNaN(x) ? x : 0);
  }),
  Sigmoid: plainUnary(sigmoid),
  Softplus: plainUnary(softplus),
  Softsign: plainUnary((x) => x / (1 + Math.abs(x))),
  Tanh: plainUnary(Math.tanh),
  ThresholdedRelu: withAttributes((attribute) => {
    const alpha = attribute("alpha", 1);
    return (x) => (x > alpha || Number.isNaN(x) ? x : 0);
  }),
  PRelu: prelu,
  Clip: clip,
  Dropout: dropout,
};
