import { describe, expect, test } from "vitest";
import { attribute, oneNode } from "../../../../test/one-node.ts";
import { known } from "../../../base/assert.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { zero } from "../loops/affine.ts";
import { type Buffer, constant, type Expr, numberTypeOf } from "../loops/expr.ts";
import { evaluateExpr, type RegisterValue } from "../testing/evaluate-expr.ts";
import { elementwiseExpr, elementwiseRows, isElementwise } from "./elementwise.ts";
import { storedTypeOf } from "./stored-type.ts";
import { type Case, cases, elementsOf, prepareCase, seed } from "./testing/elementwise-cases.ts";

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
  const { inputs, expr, want } = prepareCase(operator, spec, first, zero);
  if (expr === undefined) throw new Error(`${operator} has no expression for ${first}`);
  expect(expr.type).toBe(numberTypeOf[known(storedTypeOf(want.elementType), want.elementType)]);
  const tolerance = spec.tolerance ?? Math.max(tolerances[want.elementType] ?? 0, tolerances[first] ?? 0);
  const wrong: string[] = [];
  elementsOf(want).forEach((wanted, at) => {
    const operands = inputs.map((input) => input?.elements[at] ?? input?.elements[0]);
    const load = ({ name }: Buffer): RegisterValue => known(operands[Number(name.slice(1))], name);
    const got = evaluateExpr(expr, { load });
    if (agree(got, wanted, tolerance) || isExcused(operator, operands, got, wanted, want.elementType)) return;
    const shown = operands.map((operand) => (Object.is(operand, -0) ? "-0" : operand)).join(", ");
    wrong.push(`${operator}(${shown}) = ${got}, not ${wanted}`);
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
