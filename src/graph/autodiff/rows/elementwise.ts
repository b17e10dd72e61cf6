/**
 * Gradients of elementwise operators. Where the result says the derivative (Exp, Tanh, Relu), it is taken from the
 * result, so that the operand need not be kept. At kinks Relu and LeakyRelu take the derivative from the left, Abs takes 0,
 * Clip counts its limits as inside, and equal operands of Max and Min share the gradient in equal parts.
 */

import { intAttribute } from "../../ir/node-attributes.ts";
import { elementTypesByNumber } from "../../ir/standard.ts";
import { allNumbers, float, string } from "../../ops/call.ts";
import {
  binary,
  type Gradient,
  type GradientCall,
  type GradientRow,
  type GradientRows,
  inputOf,
  onlyGradient,
  type UnaryCall,
  unary,
} from "../gradient-row.ts";
import type { GraphWriter } from "../graph-writer.ts";

/** The derivative is 0 wherever there is one. */
const flat: GradientRow = unary(({ write, g }) => write.mul(g, 0));

const passes: GradientRow = unary(({ g }) => g);

/** Every operand of any number has the same gradient. */
function each(of: (call: UnaryCall, count: number) => string): GradientRow {
  return (call) => {
    const g = onlyGradient(call);
    const [y = ""] = call.node.outputs;
    return call.node.inputs.map((x) => () => of({ ...call, x, y, g }, call.node.inputs.length));
  };
}

/** The operands that are the result share its gradient. */
const extreme: GradientRow = each(({ write, node, x, y, g }) => {
  const isIt = (operand: string): string => castTo(write, write.op("Equal", [operand, y]), y);
  const [first = "", ...rest] = node.inputs;
  const count = rest.reduce((total, operand) => write.add(total, isIt(operand)), isIt(first));
  return write.div(write.mul(g, isIt(x)), count);
});

/** A value in the element type of another one. */
function castTo(write: GraphWriter, value: string, like: string): string {
  if (write.elementType(value) === write.elementType(like)) return value;
  return write.op("Cast", [value], {
    to: intAttribute(elementTypesByNumber.indexOf(write.elementType(like))),
  });
}

/** b a^(b - 1), for exponents that are not differentiated by. */
const power: GradientRow = (call) => {
  const g = onlyGradient(call);
  const { write } = call;
  const [a, b] = [inputOf(call, 0), inputOf(call, 1)];
  const [exponent, ...others] = allNumbers(call.call.elements(call.call.inputs[1])) ?? [];
  const byBase: Gradient = () => {
    if (exponent === 0 && others.length === 0) return write.mul(g, 0);
    if (exponent === 1 && others.length === 0) return g;
    if (exponent === 2 && others.length === 0) return write.mul(write.mul(g, a), 2);
    if (exponent !== undefined && others.length === 0) {
      return write.mul(write.mul(g, write.op("Pow", [a, exponent - 1])), exponent);
    }
    const last = castTo(write, b, a);
    return write.mul(g, write.mul(last, write.op("Pow", [a, write.sub(last, 1)])));
  };
  return [byBase, () => refuse(call, "an exponent")];
};

function refuse({ call }: GradientCall, what: string): never {
  throw call.error(`there is no gradient by ${what}`, `leave out the parameters that ${what} is made of`);
}

const clip: GradientRow = (call) => {
  const g = onlyGradient(call);
  const { write, node } = call;
  const [x = "", low = "", high = ""] = node.inputs;
  const inside = [
    ...(low === "" ? [] : [() => write.op("GreaterOrEqual", [x, low])]),
    ...(high === "" ? [] : [() => write.op("LessOrEqual", [x, high])]),
  ];
  const limit = (): string => refuse(call, "a limit of Clip");
  return [() => inside.reduce((kept, test) => write.keep(test(), kept), g), limit, limit];
};

const where: GradientRow = (call) => {
  const g = onlyGradient(call);
  const condition = inputOf(call, 0);
  return [undefined, () => call.write.keep(condition, g), () => call.write.drop(condition, g)];
};

/** In inference only, where it is the identity: a mask that is an input of the network is a Mul. */
const dropout: GradientRow = unary(({ node, call, g }) => {
  const trains = call.inputs[2];
  const isOff = trains === undefined || call.elements(trains)?.every((element) => element === 0) === true;
  if (isOff && (node.outputs[1] ?? "") === "") return g;
  throw call.error(
    "Dropout with random numbers of its own has no gradient",
    "multiply by a mask that is an input",
  );
});

/** 1/2 (1 + erf(x / sqrt 2)) + x e^(-x^2 / 2) / sqrt(2 pi), or the derivative of the approximation by tanh. */
const gelu: GradientRow = unary(({ write, call, x, g }) => {
  if (string(call, "approximate", "none") === "tanh") return write.mul(g, geluByTanh(write, x));
  const below = write.mul(write.add(write.op("Erf", [write.mul(x, Math.SQRT1_2)]), 1), 0.5);
  const density = write.mul(write.op("Exp", [write.mul(write.mul(x, x), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
  return write.mul(g, write.add(below, write.mul(x, density)));
});

/** Of x (1 + tanh u) / 2 with u = c (x + 0.044715 x^3): (1 + t) / 2 + x (1 - t^2) u' / 2. */
function geluByTanh(write: GraphWriter, x: string): string {
  const [c, cubic] = [Math.sqrt(2 / Math.PI), 0.044715];
  const square = write.mul(x, x);
  const t = write.op("Tanh", [write.mul(x, write.add(write.mul(square, c * cubic), c))]);
  const slope = write.add(write.mul(square, 3 * c * cubic), c);
  const bend = write.mul(write.mul(x, write.from(1, write.mul(t, t))), slope);
  return write.mul(write.add(write.add(bend, t), 1), 0.5);
}

const arithmeticRows: GradientRows = {
  Add: binary(
    ({ g }) => g,
    ({ g }) => g,
  ),
  Sub: binary(
    ({ g }) => g,
    ({ write, g }) => write.neg(g),
  ),
  Mul: binary(
    ({ write, g, b }) => write.mul(g, b),
    ({ write, g, a }) => write.mul(g, a),
  ),
  Div: binary(
    ({ write, g, b }) => write.div(g, b),
    ({ write, g, b, y }) => write.neg(write.div(write.mul(g, y), b)),
  ),
  Pow: power,
  Sum: each(({ g }) => g),
  Mean: each(({ write, g }, count) => write.mul(g, 1 / count)),
  Max: extreme,
  Min: extreme,
  Where: where,
  Clip: clip,
};

const functionRows: GradientRows = {
  Abs: unary(({ write, x, g }) => write.mul(g, write.op("Sign", [x]))),
  Ceil: flat,
  Cos: unary(({ write, x, g }) => write.neg(write.mul(g, write.op("Sin", [x])))),
  Erf: unary(({ write, x, g }) => {
    const bell = write.op("Exp", [write.neg(write.mul(x, x))]);
    return write.mul(write.mul(g, bell), 2 / Math.sqrt(Math.PI));
  }),
  Exp: unary(({ write, y, g }) => write.mul(g, y)),
  Floor: flat,
  Gelu: gelu,
  LeakyRelu: unary(({ write, call, x, g }) => {
    const slope = float(call, "alpha", 0.01);
    return write.op("Where", [write.op("Greater", [x, 0]), g, write.mul(g, slope)]);
  }),
  Log: unary(({ write, x, g }) => write.div(g, x)),
  Neg: unary(({ write, g }) => write.neg(g)),
  Reciprocal: unary(({ write, y, g }) => write.neg(write.mul(g, write.mul(y, y)))),
  Relu: unary(({ write, y, g }) => write.keep(write.op("Greater", [y, 0]), g)),
  Round: flat,
  Sigmoid: unary(({ write, y, g }) => write.mul(g, write.mul(y, write.from(1, y)))),
  Sign: flat,
  Sin: unary(({ write, x, g }) => write.mul(g, write.op("Cos", [x]))),
  Softplus: unary(({ write, x, g }) => write.mul(g, write.op("Sigmoid", [x]))),
  Sqrt: unary(({ write, y, g }) => write.mul(write.div(g, y), 0.5)),
  Tanh: unary(({ write, y, g }) => write.mul(g, write.from(1, write.mul(y, y)))),
};

export const elementwiseGradients: GradientRows = {
  ...arithmeticRows,
  ...functionRows,
  Cast: unary(({ write, x, g }) => castTo(write, g, x)),
  Dropout: dropout,
  Identity: passes,
};
