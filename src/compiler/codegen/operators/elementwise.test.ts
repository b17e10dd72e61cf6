import { describe, expect, test } from "vitest";
import { type AttributeSpec, attribute, oneNode } from "../../../../test/one-node.ts";
import { known } from "../../../base/assert.ts";
import { type RandomSource, seededRandom } from "../../../base/random.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { type TensorValue, tensorFromDoubles } from "../../../graph/ir/runtime-value.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { zero } from "../loops/affine.ts";
import { type Buffer, constant, type Expr, loadOf, numberTypeOf, type StoredType } from "../loops/expr.ts";
import { asRegister, evaluateExpr, type RegisterValue } from "../testing/evaluate-expr.ts";
import { elementwiseExpr, elementwiseRows, isElementwise } from "./elementwise.ts";
import { storedTypeOf } from "./stored-type.ts";
import { integerRanges } from "./values.ts";

const seed = 97;
const count = 160;

const floats: readonly ElementType[] = ["float32", "float64", "float16", "bfloat16"];
const singles: readonly ElementType[] = ["float32", "float16", "bfloat16"];
const integers: readonly ElementType[] = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"];
const signed: readonly ElementType[] = ["int8", "int16", "int32", "int64"];
const unsigned: readonly ElementType[] = ["uint8", "uint16", "uint32"];
const numbers = [...floats, ...integers];

/** What an input is drawn from. "any" has special values; "small" are numbers of a few units; "positive" are above 0. */
type Draw = "any" | "small" | "positive" | "shift" | number;

interface Case {
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

const cases: Readonly<Record<string, readonly Case[]>> = {
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

function elementsOf(value: TensorValue): readonly RegisterValue[] {
  const { elements, elementType } = value;
  const type = numberTypeOf[known(storedTypeOf(elementType), elementType)];
  return Array.from(elements as ArrayLike<RegisterValue>, (element) => asRegister(type, element));
}

/** Whether the values agree: exactly, but for floats that are computed in other ways. */
function agree(got: RegisterValue, want: RegisterValue, tolerance: number): boolean {
  if (typeof got === "bigint" || typeof want === "bigint") return BigInt(got) === BigInt(want);
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return true;
  return Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want));
}

const tolerances: Readonly<Partial<Record<ElementType, number>>> = {
  float32: 4e-6,
  float64: 1e-12,
  float16: 2e-3,
  bfloat16: 2e-2,
};

/** The largest numbers: where the interpreter rounds to infinity, a float32 is still a number. */
const largest: Readonly<Partial<Record<ElementType, number>>> = { float16: 65504, bfloat16: 3.38e38 };

function check(operator: string, spec: Case, first: ElementType): void {
  const random = seededRandom(seed);
  const { draws, others = [], attributes = {}, opset = 17 } = spec;
  const types = draws.map((_, index) => (index === 0 ? first : (others[index - 1] ?? first)));
  const isParameter = (index: number): boolean =>
    index > 0 && ["BatchNormalization", "DequantizeLinear", "QuantizeLinear", "Clip"].includes(operator);
  const values = draws.map((kind, index) => {
    if (kind === "") return undefined;
    const type = known(types[index], "type");
    const length = typeof kind === "number" || isParameter(index) ? 1 : count;
    const shape =
      operator === "BatchNormalization"
        ? index === 0
          ? [count, 1]
          : [1]
        : isParameter(index)
          ? []
          : [length];
    return tensorFromDoubles(
      type,
      shape,
      Array.from({ length }, () => draw(kind, type, random)),
    );
  });
  const inputs = values.map((value) =>
    value === undefined ? "" : ([value.elementType, value.shape] as const),
  );
  const model = oneNode({ operator, inputs, attributes, opset });
  const given = new Map(
    values.flatMap((value, index) => (value === undefined ? [] : [[`x${index}`, value]])),
  );
  const want = known(runGraph(model, given).get("y0"), "y0");
  if (want.kind !== "tensor") throw new Error("no tensor");
  const operands = draws.map((kind, index): Expr | undefined => {
    if (kind === "") return undefined;
    const elementType = known(storedTypeOf(known(types[index], "type")), "type");
    if (typeof kind === "number") return constant(numberTypeOf[elementType], kind);
    return loadOf({ name: `x${index}`, elementType }, zero);
  });
  const node = known(model.graph.nodes[0], "node");
  const expr = elementwiseExpr(node, operands, { inputs: types, outputs: [want.elementType] });
  if (expr === undefined) throw new Error(`${operator} has no expression for ${first}`);
  const outputType: StoredType = known(storedTypeOf(want.elementType), want.elementType);
  expect(expr.type).toBe(numberTypeOf[outputType]);
  const elements = values.map((value) => (value === undefined ? [] : elementsOf(value)));
  const tolerance = spec.tolerance ?? Math.max(tolerances[want.elementType] ?? 0, tolerances[first] ?? 0);
  const wrong: string[] = [];
  elementsOf(want).forEach((wanted, at) => {
    const load = ({ name }: Buffer): RegisterValue => {
      const from = known(elements[Number(name.slice(1))], name);
      return known(from[at] ?? from[0], name);
    };
    const got = evaluateExpr(expr, { load });
    const operandsAt = elements.map((from) => from[at] ?? from[0]);
    if (agree(got, wanted, tolerance) || isExcused(operator, operandsAt, got, wanted, want.elementType))
      return;
    wrong.push(
      `${operator}(${operandsAt.map((operand) => (Object.is(operand, -0) ? "-0" : operand)).join(", ")}) = ${got}, not ${wanted}`,
    );
  });
  expect(wrong.slice(0, 5)).toEqual([]);
}

/** Known differences: infinity of small floats; C's pow at 1, where JavaScript's is NaN; 0 to a negative power in int64. */
function isExcused(
  operator: string,
  operands: readonly (RegisterValue | undefined)[],
  got: RegisterValue,
  want: RegisterValue,
  type: ElementType,
): boolean {
  const limit = largest[type];
  if (limit !== undefined && !Number.isFinite(Number(want)) && !(Math.abs(Number(got)) <= limit)) return true;
  if (operator !== "Pow") return false;
  const base = Math.abs(Number(operands[0]));
  return (base === 1 && got === 1 && Number.isNaN(want)) || (base === 0 && type === "int64");
}

test("every row has a case here", () => {
  expect(Object.keys(elementwiseRows).sort()).toEqual(Object.keys(cases).sort());
  expect(isElementwise(known(oneNode({ operator: "Conv", inputs: [] }).graph.nodes[0], "node"))).toBe(false);
});

describe.each(Object.entries(cases))("%s", (operator, specs) => {
  const each = specs.flatMap((spec, index) => spec.types.map((type) => [type, index, spec] as const));
  test.each(each)(`is what the interpreter says, in %s (case %i, seed ${seed})`, (type, _, spec) => {
    check(operator, spec, type);
  });
});

test("what is not compiled has no expression", () => {
  const node = known(oneNode({ operator: "Exp", inputs: [["float64", [1]]] }).graph.nodes[0], "node");
  const x = constant("f64", 1);
  expect(elementwiseExpr(node, [x], { inputs: ["float64"], outputs: ["float64"] })).toBeUndefined();
  expect(
    elementwiseExpr({ ...node, operator: "Abs" }, [x], { inputs: ["uint64"], outputs: ["uint64"] }),
  ).toBeUndefined();
  const trains = new Map([["training_mode", attribute(1)]]);
  const normalizes = { ...node, operator: "BatchNormalization", attributes: trains };
  const operands = new Array<Expr>(5).fill(constant("f32", 1));
  const types = { inputs: new Array<ElementType>(5).fill("float32"), outputs: ["float32"] as const };
  expect(elementwiseExpr(normalizes, operands, types)).toBeUndefined();
});
