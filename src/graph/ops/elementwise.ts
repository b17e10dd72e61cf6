/** Elementwise operators: activations, arithmetic, comparisons, casts. One output element from one of each input. */
import { roundHalfEven } from "../ir/small-floats.ts";
import type { ElementType, Shape } from "../ir/tensor.ts";
import { describeInput, elementTypeAttribute, input, inputShape, int } from "./call.ts";
import {
  addElements,
  castElement,
  divideElements,
  equalElements,
  largest,
  multiplyElements,
  smallest,
  subtractElements,
  truth,
} from "./element-functions.ts";
import type { Fact } from "./fact.ts";
import { tensorFact } from "./fact.ts";
import type { ElementFunction } from "./fold.ts";
import { foldElementwise, numeric, onWholeNumbers } from "./fold.ts";
import { arithmeticKernels } from "./kernels/arithmetic.ts";
import { castKernels } from "./kernels/cast.ts";
import { functionKernels } from "./kernels/functions.ts";
import { withKernels } from "./kernels/kernel.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { broadcast } from "./shapes.ts";

const sameAsInput = (call: Call): readonly Fact[] => {
  const { elementType, shape } = input(call, 0);
  return [tensorFact(elementType, shape)];
};

function unary(operator: string, versions: readonly number[], compute?: ElementFunction): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, 1],
    mappingType: "one-to-one",
    infer: sameAsInput,
    ...(compute === undefined ? {} : { fold: foldElementwise(compute) }),
  });
}

/** Unary operators that give a truth value. */
function predicate(operator: string, versions: readonly number[]): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, 1],
    mappingType: "one-to-one",
    infer: (call) => [tensorFact("bool", inputShape(call, 0))],
  });
}

/**
 * The shape of a binary operator. Before opset 7 the second operand stretched only if `broadcast` said so, from `axis`
 * on, and the result had the first operand's shape.
 */
function binaryShape(call: Call): Shape | undefined {
  if (call.node.opset >= 7) return broadcast(call, [input(call, 0).shape, input(call, 1).shape]);
  const [left, right] = [input(call, 0).shape, input(call, 1).shape];
  if (left === undefined || right === undefined) return left;
  const axis = int(call, "axis", left.length - right.length);
  const aligned = left.slice(axis < 0 ? axis + left.length : axis).slice(0, right.length);
  const fits = right.every((size, index) => agree(size, aligned[index]) || size === 1);
  if (aligned.length !== right.length || !fits) {
    throw call.error(`${describeInput(call, 1)} does not broadcast to ${describeInput(call, 0)}`);
  }
  return left;
}

function agree(a: number | string, b: number | string | undefined): boolean {
  return a === b || typeof a === "string" || typeof b === "string";
}

/** Behind a barrier a type may not be known; the other operand has the same. */
function firstKnownType(call: Call, indices: readonly number[]): ElementType {
  const types = indices.map((index) => call.inputs[index]?.elementType ?? "undefined");
  return types.find((type) => type !== "undefined") ?? "undefined";
}

interface BinaryParts {
  readonly result?: ElementType;
  readonly compute?: ElementFunction;
}

function binary(operator: string, versions: readonly number[], parts: BinaryParts = {}): OperatorRow {
  return row({
    operator,
    versions,
    arity: [2, 2],
    mappingType: "one-to-one",
    infer: (call) => [tensorFact(parts.result ?? firstKnownType(call, [0, 1]), binaryShape(call))],
    ...(parts.compute === undefined ? {} : { fold: foldOpset7(parts.compute) }),
  });
}

/** The old broadcasting is not folded: shapes were not computed in graphs of that age. */
function foldOpset7(compute: ElementFunction): NonNullable<OperatorRow["fold"]> {
  const fold = foldElementwise(compute);
  return (call, outputs) => (call.node.opset >= 7 ? fold(call, outputs) : []);
}

function variadic(operator: string, versions: readonly number[], compute?: ElementFunction): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, Number.POSITIVE_INFINITY],
    mappingType: "one-to-one",
    infer: (call) => {
      const shapes = call.node.inputs.map((_, index) => input(call, index).shape);
      return [tensorFact(firstKnownType(call, [...shapes.keys()]), broadcast(call, shapes))];
    },
    ...(compute === undefined ? {} : { fold: foldElementwise(compute) }),
  });
}

/** Mod follows the divisor's sign unless fmod is set. */
const foldMod: NonNullable<OperatorRow["fold"]> = (call, outputs) => {
  const fmod = int(call, "fmod", 0) !== 0;
  return foldElementwise(
    numeric((a, b) => (fmod ? a % b : b === 0 ? Number.NaN : a - b * Math.floor(a / b))),
  )(call, outputs);
};

const castTo = (call: Call, elementType: ElementType): readonly Fact[] => [
  tensorFact(elementType, inputShape(call, 0)),
];

const foldCast: NonNullable<OperatorRow["fold"]> = (call, outputs) => {
  const only = { ...call, inputs: call.inputs.slice(0, 1) };
  return foldElementwise(castElement)(only, outputs);
};

const activations: readonly OperatorRow[] = [
  unary("Celu", [12]),
  unary("Elu", [1, 6, 22]),
  unary("Gelu", [20]),
  unary("HardSigmoid", [1, 6, 22]),
  unary("HardSwish", [14, 22]),
  unary("LeakyRelu", [1, 6, 16]),
  unary("Mish", [18, 22]),
  unary(
    "Relu",
    [1, 6, 13, 14],
    numeric((value) => Math.max(value, 0)),
  ),
  unary("Selu", [1, 6, 22]),
  unary("Shrink", [9]),
  unary("Sigmoid", [1, 6, 13]),
  unary("Softplus", [1, 22]),
  unary("Softsign", [1, 22]),
  unary("Tanh", [1, 6, 13], numeric(Math.tanh)),
  unary("ThresholdedRelu", [10, 22]),
  row({
    operator: "PRelu",
    versions: [1, 6, 7, 9, 16],
    arity: [2, 2],
    mappingType: "one-to-one",
    // The slope stretches to the input, never the other way.
    infer: sameAsInput,
  }),
  row({
    operator: "Clip",
    versions: [1, 6, 11, 12, 13],
    arity: [1, 3],
    mappingType: "one-to-one",
    infer: sameAsInput,
  }),
];

const functions: readonly OperatorRow[] = [
  unary("Abs", [1, 6, 13], numeric(Math.abs)),
  unary("Acos", [7, 22]),
  unary("Acosh", [9, 22]),
  unary("Asin", [7, 22]),
  unary("Asinh", [9, 22]),
  unary("Atan", [7, 22]),
  unary("Atanh", [9, 22]),
  unary("BitwiseNot", [18]),
  unary("Ceil", [1, 6, 13], onWholeNumbers(Math.ceil)),
  unary("Cos", [7, 22]),
  unary("Cosh", [9, 22]),
  unary("Erf", [9, 13]),
  unary("Exp", [1, 6, 13], numeric(Math.exp)),
  unary("Floor", [1, 6, 13], onWholeNumbers(Math.floor)),
  unary("Log", [1, 6, 13], numeric(Math.log)),
  unary("Neg", [1, 6, 13], ([a], symbols) => (a === undefined ? undefined : symbols.multiply(-1, a))),
  unary(
    "Not",
    [1],
    numeric((value) => truth(value === 0)),
  ),
  unary(
    "Reciprocal",
    [1, 6, 13],
    numeric((value) => 1 / value),
  ),
  unary("Round", [11, 22], onWholeNumbers(roundHalfEven)),
  unary("Sign", [9, 13], numeric(Math.sign)),
  unary("Sin", [7, 22]),
  unary("Sinh", [9, 22]),
  unary("Sqrt", [1, 6, 13], numeric(Math.sqrt)),
  unary("Tan", [7, 22]),
  predicate("IsInf", [10, 20]),
  predicate("IsNaN", [9, 13, 20]),
];

const arithmetic: readonly OperatorRow[] = [
  binary("Add", [1, 6, 7, 13, 14], { compute: addElements }),
  binary("Sub", [1, 6, 7, 13, 14], { compute: subtractElements }),
  binary("Mul", [1, 6, 7, 13, 14], { compute: multiplyElements }),
  binary("Div", [1, 6, 7, 13, 14], { compute: divideElements }),
  binary("Pow", [1, 7, 12, 13, 15], { compute: numeric((a, b) => a ** b) }),
  { ...binary("Mod", [10, 13]), fold: foldMod },
  binary("BitShift", [11]),
  binary("BitwiseAnd", [18]),
  binary("BitwiseOr", [18]),
  binary("BitwiseXor", [18]),
  variadic("Max", [1, 6, 8, 12, 13], largest),
  variadic("Mean", [1, 6, 8, 13]),
  variadic("Min", [1, 6, 8, 12, 13], smallest),
  variadic(
    "Sum",
    [1, 6, 8, 13],
    numeric((...values) => values.reduce((a, b) => a + b, 0)),
  ),
];

const comparison = (a: (left: number, right: number) => boolean): BinaryParts => ({
  result: "bool",
  compute: numeric((left, right) => truth(a(left, right))),
});

const comparisons: readonly OperatorRow[] = [
  binary("Equal", [1, 7, 11, 13, 19], { result: "bool", compute: equalElements }),
  binary(
    "Greater",
    [1, 7, 9, 13],
    comparison((a, b) => a > b),
  ),
  binary(
    "GreaterOrEqual",
    [12, 16],
    comparison((a, b) => a >= b),
  ),
  binary(
    "Less",
    [1, 7, 9, 13],
    comparison((a, b) => a < b),
  ),
  binary(
    "LessOrEqual",
    [12, 16],
    comparison((a, b) => a <= b),
  ),
  binary(
    "And",
    [1, 7],
    comparison((a, b) => a !== 0 && b !== 0),
  ),
  binary(
    "Or",
    [1, 7],
    comparison((a, b) => a !== 0 || b !== 0),
  ),
  binary(
    "Xor",
    [1, 7],
    comparison((a, b) => (a !== 0) !== (b !== 0)),
  ),
];

const others: readonly OperatorRow[] = [
  row({
    operator: "Where",
    versions: [9, 16],
    arity: [3, 3],
    mappingType: "one-to-one",
    infer: (call) => [
      tensorFact(
        firstKnownType(call, [1, 2]),
        broadcast(call, [input(call, 0).shape, input(call, 1).shape, input(call, 2).shape]),
      ),
    ],
    fold: foldElementwise(([condition, yes, no]) =>
      condition === undefined ? (yes === no ? yes : undefined) : condition === 0 ? no : yes,
    ),
  }),
  row({
    operator: "Cast",
    versions: [1, 6, 9, 13, 19, 21],
    arity: [1, 1],
    mappingType: "one-to-one",
    infer: (call) => {
      const to = elementTypeAttribute(call, "to");
      if (to === undefined) throw call.error(`attribute "to" is missing or no element type`);
      return castTo(call, to);
    },
    fold: foldCast,
  }),
  row({
    operator: "CastLike",
    versions: [15, 19, 21],
    arity: [2, 2],
    mappingType: "one-to-one",
    infer: (call) => castTo(call, input(call, 1).elementType),
    fold: foldCast,
  }),
  row({
    operator: "Dropout",
    versions: [1, 6, 7, 10, 12, 13, 22],
    arity: [1, 3],
    mappingType: "one-to-one",
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      // The mask had the data's type before opset 10.
      return [
        tensorFact(elementType, shape),
        tensorFact(call.node.opset >= 10 ? "bool" : elementType, shape),
      ];
    },
  }),
];

export const elementwiseRows: readonly OperatorRow[] = withKernels(
  [...activations, ...functions, ...arithmetic, ...comparisons, ...others],
  { ...arithmeticKernels, ...castKernels, ...functionKernels },
);
