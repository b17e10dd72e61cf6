/** Every elementwise row on every type it is compiled for, with inputs drawn from a seed: for tests of rows and of their code. */
import { type AttributeSpec, oneNode } from "../../../../../test/one-node.ts";
import { known } from "../../../../base/assert.ts";
import { type RandomSource, seededRandom } from "../../../../base/random.ts";
import { runGraph } from "../../../../graph/interpreter/run-graph.ts";
import { type TensorValue, tensorFromDoubles } from "../../../../graph/ir/runtime-value.ts";
import type { ElementType } from "../../../../graph/ir/tensor.ts";
import { type Affine, zero } from "../../loops/affine.ts";
import { type Buffer, constant, type Expr, loadOf, numberTypeOf } from "../../loops/expr.ts";
import { asRegister, type RegisterValue } from "../../testing/evaluate-expr.ts";
import { elementwiseExpr } from "../elementwise.ts";
import { storedTypeOf } from "../stored-type.ts";
import { integerRanges } from "../values.ts";

export const seed = 97;
/** Elements of each input; no multiple of 4, so that vector loops have a rest. */
export const count = 163;

const floats: readonly ElementType[] = ["float32", "float64", "float16", "bfloat16"];
const singles: readonly ElementType[] = ["float32", "float16", "bfloat16"];
const integers: readonly ElementType[] = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"];
const signed: readonly ElementType[] = ["int8", "int16", "int32", "int64"];
const unsigned: readonly ElementType[] = ["uint8", "uint16", "uint32"];
const numbers = [...floats, ...integers];

/** What an input is drawn from. "any" has special values; "small" are numbers of a few units; "positive" are above 0. */
type Draw = "any" | "small" | "positive" | "shift" | number;

export interface Case {
  readonly types: readonly ElementType[];
  /** One per input; the types of the later ones are the first's unless `others` says otherwise. */
  readonly draws: readonly (Draw | "")[];
  readonly others?: readonly (ElementType | undefined)[];
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly opset?: number;
  /** How far a float32 result may be off, of its size or of 1, whichever is more. */
  readonly tolerance?: number;
}

const one = (types: readonly ElementType[], more: Partial<Case> = {}): Case => ({
  types,
  draws: ["any"],
  ...more,
});
const two = (types: readonly ElementType[], more: Partial<Case> = {}): Case => ({
  types,
  draws: ["any", "any"],
  ...more,
});
const float = (value: number): AttributeSpec => ({ kind: "float", value: Math.fround(value) });
const cast = (to: number, types: readonly ElementType[]): Case =>
  one(types, { attributes: { to }, draws: ["small"] });

export const cases: Readonly<Record<string, readonly Case[]>> = {
  Abs: [one(numbers)],
  Acos: [one(singles)],
  Acosh: [one(singles)],
  Add: [two(numbers)],
  And: [two(["bool"])],
  Asin: [one(singles)],
  Asinh: [one(singles)],
  Atan: [one(singles)],
  Atanh: [one(singles)],
  BatchNormalization: [
    one(singles, { draws: ["small", "small", "small", "small", "positive"], opset: 15 }),
    one(singles, {
      draws: ["any", "small", "small", "small", "positive"],
      attributes: { epsilon: float(0.1) },
    }),
  ],
  BitShift: ["LEFT", "RIGHT"].map((direction) =>
    one(unsigned, { draws: ["any", "shift"], attributes: { direction } }),
  ),
  BitwiseAnd: [two(integers, { opset: 18 })],
  BitwiseNot: [one(integers, { opset: 18 })],
  BitwiseOr: [two(integers, { opset: 18 })],
  BitwiseXor: [two(integers, { opset: 18 })],
  Cast: [
    ...[1, 2, 3, 4, 5, 6, 7, 9, 11, 12].map((to) => cast(to, [...floats, ...integers, "bool"])),
    ...[1, 2, 3, 4, 5, 6, 7, 9, 11, 12].map((to) => one([...integers, "bool"], { attributes: { to } })),
    one(floats, { attributes: { to: 9 } }),
    one(["float32", "float64"], { attributes: { to: 7 } }),
    one(floats, { attributes: { to: 1 } }),
  ],
  CastLike: [{ types: ["float32"], draws: ["small", "small"], others: ["int8"] }],
  Ceil: [one(floats)],
  Celu: [one(singles), one(singles, { attributes: { alpha: float(0.3) } })],
  Clip: [
    one(numbers, { draws: ["any", 2, 9] }),
    one(numbers, { draws: ["any", "", 9] }),
    one(numbers, { draws: ["any", 9, 2] }),
    one(singles, { opset: 6, attributes: { min: float(-1.5), max: float(6) } }),
    one(floats, { draws: ["any", "any"] }),
  ],
  Cos: [one(singles, { draws: ["small"] })],
  Cosh: [one(singles)],
  DequantizeLinear: (["int8", "uint8", "int16", "uint16", "int32"] as const).flatMap((type) => [
    { types: [type], draws: ["any", "positive", "any"] as const, others: ["float32"] as const, opset: 21 },
    { types: [type], draws: ["any", "positive"] as const, others: ["float32"] as const, opset: 21 },
  ]),
  Div: [
    two(numbers),
    one(numbers, { draws: ["any", 3] }),
    one(integers, { draws: ["any", 0] }),
    one(signed, { draws: ["any", -1] }),
  ],
  Dropout: [one(singles)],
  Elu: [one(singles), one(singles, { attributes: { alpha: float(2.5) } })],
  Equal: [two([...numbers, "bool"])],
  Erf: [one(singles)],
  Exp: [one(singles)],
  Floor: [one(floats)],
  Gelu: [one(singles, { opset: 20 }), one(singles, { opset: 20, attributes: { approximate: "tanh" } })],
  Greater: [two(numbers)],
  GreaterOrEqual: [two(numbers)],
  HardSigmoid: [one(floats), one(floats, { attributes: { alpha: float(0.5), beta: float(0.1) } })],
  HardSwish: [one(floats)],
  Identity: [one([...numbers, "bool"])],
  IsInf: [
    one(floats, { opset: 20 }),
    one(floats, { opset: 20, attributes: { detect_negative: 0 } }),
    one(floats, { opset: 20, attributes: { detect_positive: 0 } }),
    one(floats, { opset: 20, attributes: { detect_positive: 0, detect_negative: 0 } }),
  ],
  IsNaN: [one(floats, { opset: 20 })],
  LeakyRelu: [one(floats), one(floats, { attributes: { alpha: float(0.3) } })],
  Less: [two(numbers)],
  LessOrEqual: [two(numbers)],
  Log: [one(singles)],
  Max: [
    two(numbers),
    one(numbers, { draws: ["any", "any", "any"] }),
    one(numbers),
    one(numbers, { draws: ["any", 4] }),
  ],
  Mean: [two(floats), one(floats, { draws: ["small", "small", "small"] })],
  Min: [two(numbers), one(numbers, { draws: ["any", "any", "any"] }), one(numbers, { draws: ["any", 4] })],
  Mish: [one(singles, { opset: 18 })],
  Mod: [
    two(["float32", "float16", ...integers], { attributes: { fmod: 1 } }),
    two(["float32", "float64", ...integers]),
    one(integers, { draws: ["any", 3] }),
    one(integers, { draws: ["any", 0] }),
  ],
  Mul: [two(numbers)],
  Neg: [one([...floats, ...signed])],
  Not: [one(["bool"])],
  Or: [two(["bool"])],
  PRelu: [
    one([...floats, "int32", "uint32"], { draws: ["any", "small"] }),
    one(["int64"], { draws: ["small", "small"] }),
  ],
  Pow: [
    ...[2, 3, 4, 0.5, -1, -0.5, -3, 1, 0].map((exponent) => one(floats, { draws: ["any", exponent] })),
    two(singles),
    one(["float32"], { draws: ["any", "small"], others: ["int32"] }),
    ...[0, 1, 2, 3, 5].map((exponent) => one(["int32", "int64"], { draws: ["small", exponent] })),
    one(["int32", "int64"], { draws: ["small", "small"] }),
    one(["int32"], { draws: ["small", 2], others: ["float32"] }),
  ],
  QuantizeLinear: (["int8", "uint8", "int16", "uint16"] as const).flatMap((type) => [
    {
      types: ["float32"] as const,
      draws: ["any", 0.25, "any"] as const,
      others: ["float32", type] as const,
      opset: 21,
    },
    {
      types: ["int32"] as const,
      draws: ["any", 3, "any"] as const,
      others: ["float32", type] as const,
      opset: 21,
    },
  ]),
  Reciprocal: [one(floats)],
  Relu: [one([...floats, ...signed])],
  Round: [one(floats)],
  Selu: [one(singles), one(singles, { attributes: { alpha: float(1.5), gamma: float(2) } })],
  Shrink: [one(floats), one(floats, { attributes: { bias: float(1.5), lambd: float(1.25) } })],
  Sigmoid: [one(singles)],
  Sign: [one(numbers)],
  Sin: [one(singles, { draws: ["small"] })],
  Sinh: [one(singles)],
  Softplus: [one(singles)],
  Softsign: [one(floats)],
  Sqrt: [one(floats)],
  Sub: [two(numbers)],
  Sum: [two(floats), one(floats, { draws: ["small", "small", "small"] })],
  Tan: [one(singles, { draws: ["small"] })],
  Tanh: [one(singles)],
  ThresholdedRelu: [one(floats), one(floats, { attributes: { alpha: float(-0.5) } })],
  Where: [
    { types: ["bool"], draws: ["any", "any", "any"], others: ["float32", "float32"] },
    { types: ["bool"], draws: ["any", "any", "any"], others: ["int64", "int64"] },
  ],
  Xor: [two(["bool"])],
};

const specialFloats = [
  0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 20, -20, 88, -88, 100, -100, 1e4, 3e38, -3e38, 1e-40,
].concat([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);

function draw(kind: Draw, type: ElementType, random: RandomSource): number {
  if (typeof kind === "number") return kind;
  const isFloat = floats.includes(type);
  const [least, most] = integerRanges[storedTypeOf(type) ?? "float32"] ?? [-8, 8];
  if (type === "bool") return random.below(2);
  if (kind === "shift") return random.below(random.below(3) === 0 ? 200 : 8);
  if (kind === "positive") return random.uniform() + 0.125;
  if (kind === "small") return isFloat ? random.uniform() * 16 - 8 : Math.max(random.below(13) - 6, least);
  const way = random.below(4);
  if (isFloat) {
    if (way === 0) return known(specialFloats[random.below(specialFloats.length)], "special");
    return way === 1 ? (random.uniform() - 0.5) * 200 : (random.uniform() - 0.5) * 8;
  }
  const ends = [least, most, 0, 1, -1, 2, least + 1].filter((end) => end >= least);
  if (way === 0) return known(ends[random.below(ends.length)], "end");
  if (way === 1) return Math.max(random.below(21) - 10, least);
  return Math.floor(least + random.uniform() * (most - least));
}

export function elementsOf(value: TensorValue): readonly RegisterValue[] {
  const { elements, elementType } = value;
  const type = numberTypeOf[known(storedTypeOf(elementType), elementType)];
  return Array.from(elements as ArrayLike<RegisterValue>, (element) => asRegister(type, element));
}

/** An input: one element for each place, or one for all. */
export interface CaseInput {
  readonly buffer: Buffer;
  readonly value: TensorValue;
  readonly elements: readonly RegisterValue[];
}

export interface PreparedCase {
  /** Those that are given; constants have no buffer to load from, but are among them. */
  readonly inputs: readonly (CaseInput | undefined)[];
  readonly expr: Expr | undefined;
  /** What the interpreter makes of the inputs. */
  readonly want: TensorValue;
}

/** Operators whose later inputs are one element for all in these cases. */
const withParameters = ["BatchNormalization", "DequantizeLinear", "QuantizeLinear", "Clip"];

/** The node's inputs, its expression over loads at the place, and the interpreter's result. */
export function prepareCase(operator: string, spec: Case, first: ElementType, place: Affine): PreparedCase {
  const random = seededRandom(seed);
  const { draws, others = [], attributes = {}, opset = 17 } = spec;
  const types = draws.map((_, index) => (index === 0 ? first : (others[index - 1] ?? first)));
  const inputs = draws.map((kind, index): CaseInput | undefined => {
    if (kind === "") return undefined;
    const type = known(types[index], "type");
    const isParameter = index > 0 && withParameters.includes(operator);
    const length = typeof kind === "number" || isParameter ? 1 : count;
    const numbers = Array.from({ length }, () => draw(kind, type, random));
    const value = tensorFromDoubles(type, shapeOf(operator, length, isParameter), numbers);
    const elementType = known(storedTypeOf(type), type);
    return { buffer: { name: `x${index}`, elementType }, value, elements: elementsOf(value) };
  });
  const specs = inputs.map((input) =>
    input === undefined ? "" : ([input.value.elementType, input.value.shape] as const),
  );
  const model = oneNode({ operator, inputs: specs, attributes, opset });
  const given = inputs.flatMap((input) =>
    input === undefined ? [] : ([[input.buffer.name, input.value]] as const),
  );
  const want = known(runGraph(model, new Map(given)).get("y0"), "y0");
  if (want.kind !== "tensor") throw new Error("no tensor");
  const operands = inputs.map((input, index) => {
    const kind = draws[index];
    if (input === undefined) return undefined;
    if (typeof kind === "number") return constant(numberTypeOf[input.buffer.elementType], kind);
    return loadOf(input.buffer, input.elements.length === 1 ? zero : place);
  });
  const node = known(model.graph.nodes[0], "node");
  const expr = elementwiseExpr(node, operands, { inputs: types, outputs: [want.elementType] });
  return { inputs, expr, want };
}

function shapeOf(operator: string, length: number, isParameter: boolean): readonly number[] {
  if (operator === "BatchNormalization") return isParameter ? [1] : [length, 1];
  return isParameter ? [] : [length];
}
