/** How rules are chosen and what they may remove. */
import { describe, expect, test } from "vitest";
import { expectSame, floats, network, nodesOf, operatorsOf } from "../../../../test/network.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { applyRules, ruleBook } from "./apply-rules.ts";
import { type Expression, parseExpression } from "./expression.ts";
import { GraphEditor } from "./graph-editor.ts";
import { rules } from "./rules/rules.ts";

function rewritten(typed: TypedGraph, fastMath = false): { after: TypedGraph; names: readonly string[] } {
  const names: string[] = [];
  const editor = new GraphEditor(typed);
  applyRules(editor, ruleBook(rules), { fastMath, onRule: ({ rule }) => names.push(rule.name) });
  const after = editor.build();
  expectSame(typed, after);
  return { after, names };
}

function text(expression: Expression): string {
  if (expression.kind === "number") return String(expression.value);
  if (expression.kind !== "call") return expression.name;
  return `${expression.operator}(${expression.operands.map(text).join(", ")})`;
}

test("expressions are read with products before sums, from the left", () => {
  expect(text(parseExpression("A - B * C + Square(D) / 2"))).toBe(
    "Add(Sub(A, Mul(B, C)), Div(Mul(D, D), 2))",
  );
  expect(text(parseExpression("f(A, n)", { f: "And", n: "1" }))).toBe("And(A, 1)");
  expect(() => parseExpression("A + (B")).toThrow("internal:");
});

describe("what is removed", () => {
  test("a value with another reader stays, and is not counted as saved", () => {
    // x * r + z * r saves one product as (x + z) * r only where neither product is read elsewhere.
    const nodes = {
      a: ["Mul", ["x", "r"]],
      b: ["Mul", ["z", "r"]],
      y: ["Add", ["a", "b"]],
    } as const;
    const inputs = { x: [4, 4], z: [4, 4], r: [4, 4] };
    expect(operatorsOf(rewritten(network({ inputs, nodes, outputs: ["y"] })).after)).toEqual(["Add", "Mul"]);
    const read = network({ inputs, nodes, outputs: ["y", "a", "b"] });
    expect(rewritten(read).after).toBe(read);
  });

  test("an operand that is there already is used again", () => {
    // Square(s) - s * z, where s = x + z: DNNFusion's example of three FLOPs for five.
    const typed = network({
      inputs: { x: [4, 4], z: [4, 4] },
      nodes: {
        s: ["Add", ["x", "z"]],
        square: ["Mul", ["s", "s"]],
        product: ["Mul", ["s", "z"]],
        y: ["Sub", ["square", "product"]],
      },
      outputs: ["y"],
    });
    const { after, names } = rewritten(typed);
    expect(names).toEqual(["take out a factor (Mul, Sub)"]);
    expect(operatorsOf(after)).toEqual(["Add", "Sub", "Mul"]);
    // (x + z) - z is x where nothing is lost.
    expect(nodesOf(rewritten(typed, true).after)).toEqual(["Add(x, z)", "Mul(x, s)"]);
  });
});

describe("which rule", () => {
  test("constants meet, and what is neutral goes", () => {
    const typed = network({
      inputs: { x: [4, 4] },
      constants: { two: floats([], [2]), half: floats([], [0.5]), row: floats([4]) },
      nodes: {
        a: ["Mul", ["x", "two"]],
        b: ["Mul", ["half", "a"]],
        y: ["Add", ["b", "row"]],
      },
      outputs: ["y"],
    });
    expect(nodesOf(rewritten(typed).after)).toEqual(["Add(x, row)"]);
  });

  test("a constant that overflows on the way is not made", () => {
    const typed = network({
      inputs: { x: [4] },
      constants: { large: floats([], [1e30]), larger: floats([], [1e35]) },
      nodes: { a: ["Mul", ["x", "large"]], y: ["Mul", ["a", "larger"]] },
      outputs: ["y"],
    });
    expect(operatorsOf(rewritten(typed).after)).toEqual(["Mul", "Mul"]);
  });

  test("the order of a product of matrices is that of fewer multiplications", () => {
    const nodes = { a: ["MatMul", ["x", "w"]], y: ["MatMul", ["a", "v"]] } as const;
    const narrow = network({
      inputs: { x: [64, 2], w: [2, 64], v: [64, 2] },
      nodes,
      outputs: ["y"],
    });
    expect(nodesOf(rewritten(narrow).after)[1]).toBe("MatMul(x, y~1)");
    const wide = network({ inputs: { x: [2, 64], w: [64, 2], v: [2, 64] }, nodes, outputs: ["y"] });
    expect(rewritten(wide).after).toBe(wide);
  });

  test("what needs a proof waits for it", () => {
    const parts = {
      a: ["Mul", ["x", "root"]],
      b: ["Mul", ["root", "z"]],
      y: ["Mul", ["a", "b"]],
    } as const;
    const inputs = { x: [4, 4], z: [4, 4] };
    const bare = network({ inputs, nodes: { root: ["Sqrt", ["x"]], ...parts }, outputs: ["y"] });
    expect(rewritten(bare).names).not.toContain("product of two roots");
    const proven = network({
      inputs,
      nodes: { positive: ["Exp", ["x"]], root: ["Sqrt", ["positive"]], ...parts },
      outputs: ["y"],
    });
    expect(rewritten(proven).names).toContain("product of two roots");
    expect(operatorsOf(rewritten(proven).after)).not.toContain("Sqrt");
  });

  test("fast math is off unless it is asked for", () => {
    const typed = network({
      inputs: { x: [4, 4] },
      nodes: { a: ["Exp", ["x"]], y: ["ReduceProd", ["a"], { axes: [1] }] },
      outputs: ["y"],
    });
    expect(rewritten(typed).after).toBe(typed);
    expect(operatorsOf(rewritten(typed, true).after)).toEqual(["ReduceSum", "Exp"]);
  });
});
