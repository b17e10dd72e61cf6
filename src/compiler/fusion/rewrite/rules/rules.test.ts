/**
 * Every rule is proven on random tensors: the network of its left side gives the same before and after. Numbers lie on
 * a grid that holds 0 and equal elements, so that limits and ties are met; exact rules must keep every bit.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runGraph } from "../../../../graph/interpreter/run-graph.ts";
import type { TypedGraph } from "../../../../graph/ir/graph.ts";
import {
  numbersOf,
  type RuntimeValue,
  type TensorValue,
  tensorFromDoubles,
} from "../../../../graph/ir/runtime-value.ts";
import type { ElementType } from "../../../../graph/ir/tensor.ts";
import { verifyGraph } from "../../../../graph/ir/verify.ts";
import { applyRules, ruleBook } from "../apply-rules.ts";
import { operatorsIn } from "../expression.ts";
import { GraphEditor } from "../graph-editor.ts";
import type { Rewriting } from "../rewriting.ts";
import type { Rule } from "../rule.ts";
import { exampleOf } from "../testing/rule-example.ts";
import { ruleFamilies, rules } from "./rules.ts";

/** The same on every run; fast-check prints it with a failure. */
const seed = 2021;

function rewritten(
  typed: TypedGraph,
  rule: Rule,
  fastMath: boolean,
): { after: TypedGraph; applied: Rewriting[] } {
  const applied: Rewriting[] = [];
  const editor = new GraphEditor(typed);
  applyRules(editor, ruleBook([rule]), { fastMath, onRule: (rewriting) => applied.push(rewriting) });
  return { after: editor.build(), applied };
}

/** The element types that a rule is for. */
function typesOf({ family, before }: Rule): readonly ElementType[] {
  const operators = operatorsIn(before);
  if (operators.some((operator) => operator === "BitShift")) return ["uint32", "uint8"];
  const isBits = operators.some((operator) => operator.startsWith("Bitwise"));
  const isTruths = operators.some((operator) => /^(?:And|Or|Xor|Not)$/.test(operator));
  if (isTruths && !operators.includes("Where")) return ["bool"];
  return [
    ...(family.floats !== undefined && !isBits ? (["float32"] as const) : []),
    ...(family.integers === true ? (["int32", "int64"] as const) : []),
  ];
}

const sizes = fc.record({ m: fc.integer({ min: 1, max: 4 }), n: fc.integer({ min: 2, max: 4 }) });

/** Random tensors for a network's inputs, drawn one after the other. */
function drawInputs(typed: TypedGraph, draw: () => number): ReadonlyMap<string, RuntimeValue> {
  return new Map(
    typed.graph.inputs.map(({ name, type }) => {
      const shape = (type.shape ?? []).map(Number);
      const count = shape.reduce((a, b) => a * b, 1);
      const numbers = Array.from({ length: count }, () => element(type.elementType, draw()));
      return [name, tensorFromDoubles(type.elementType, shape, numbers)];
    }),
  );
}

/** Floats on a grid of sevenths; whole numbers of any size, so that they wrap; small ones to shift by. */
function element(type: ElementType, drawn: number): number {
  if (type === "float32") return (drawn % 22) / 7;
  if (type === "bool") return drawn & 1;
  return type.startsWith("uint") ? Math.abs(drawn) % 7 : drawn;
}

/** Where the left side is NaN a rule promises nothing; a rounding one needs a finite number to be near to. */
function expectEqual(actual: RuntimeValue | undefined, expected: RuntimeValue, isExact: boolean): void {
  const [a, b] = [actual as TensorValue, expected as TensorValue];
  expect([a.elementType, a.shape]).toEqual([b.elementType, b.shape]);
  const [found, wanted] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < wanted.length; index++) {
    const [x, y] = [found[index] ?? Number.NaN, wanted[index] ?? Number.NaN];
    if (Number.isNaN(y) || x === y || (!isExact && !Number.isFinite(y))) continue;
    const isNear = !isExact && Math.abs(x - y) <= 1e-5 + 1e-4 * Math.abs(y);
    if (!isNear) expect(x, `element ${index}`).toBe(y);
  }
}

describe.each(ruleFamilies.map(({ name }) => name))("%s", (familyName) => {
  const members = rules.filter(({ family }) => family.name === familyName);

  test("gives the same on random tensors", () => {
    for (const rule of members) {
      for (const elementType of typesOf(rule)) {
        const isExact = elementType !== "float32" || rule.family.floats === "exact";
        const runs = fc.property(
          sizes,
          fc.boolean(),
          fc.infiniteStream(fc.integer()),
          (size, keepsAxes, stream) => {
            const typed = exampleOf(rule, { ...size, elementType, channels: 2, keepsAxes });
            const { after } = rewritten(typed, rule, true);
            verifyGraph(after.graph);
            const inputs = drawInputs(typed, () => stream.next().value);
            const [name = ""] = typed.graph.outputs.map((output) => output.name);
            const expected = runGraph(typed, inputs).get(name);
            if (expected === undefined) throw new Error("no output");
            expectEqual(runGraph(after, inputs).get(name), expected, isExact);
          },
        );
        try {
          fc.assert(runs, { seed, numRuns: members.length > 20 ? 4 : 15 });
        } catch (error) {
          throw new Error(`${rule.name} on ${elementType}: ${(error as Error).message}`);
        }
      }
    }
  });

  test("is applied to its example once, and only where it may be", () => {
    for (const rule of members) {
      for (const elementType of typesOf(rule)) {
        const typed = exampleOf(rule, { m: 8, n: 9, elementType });
        const isFast = elementType === "float32" && rule.family.floats === "fast-math";
        expect(rewritten(typed, rule, true).applied.length, `${rule.name} on ${elementType}`).toBe(1);
        expect(rewritten(typed, rule, false).applied.length, `${rule.name} without fast math`).toBe(
          isFast ? 0 : 1,
        );
      }
    }
  });

  test("is not applied where its proof fails", () => {
    for (const rule of members.filter(({ when }) => when.some(({ text }) => text.includes(">")))) {
      // The same network without the operators that prove something.
      const bare = { ...rule, when: rule.when.filter(({ text }) => !text.includes(">")) };
      const typed = exampleOf({ ...bare, before: rule.before }, { m: 8, n: 9, elementType: "float32" });
      const hasValue = rule.when.some(({ text }) => /^[A-Z] >/.test(text));
      if (hasValue) expect(rewritten(typed, rule, false).applied, rule.name).toEqual([]);
      const guards = rule.when.every(({ text, guardsNaN }) => guardsNaN || !text.includes(">"));
      if (hasValue) expect(rewritten(typed, rule, true).applied.length, rule.name).toBe(guards ? 1 : 0);
    }
  });
});

test("rules have names of their own", () => {
  const names = ruleFamilies.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
