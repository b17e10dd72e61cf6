/** The tables of docs/rewriting.md are written from the passes and the rules, so that they cannot say anything else. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { numbersOf } from "../../../graph/ir/runtime-value.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { applyRules, ruleBook } from "./apply-rules.ts";
import { operatorsIn } from "./expression.ts";
import { GraphEditor } from "./graph-editor.ts";
import { passList } from "./optimize.ts";
import type { Rewriting } from "./rewriting.ts";
import { isEnabler, type Rule, type RuleFamily, rulesOf } from "./rule.ts";
import { ruleFamilies, rules } from "./rules/rules.ts";
import { exampleOf } from "./testing/rule-example.ts";

/** The rules that DNNFusion prints (table 4), and the family each of them is in here. */
const paperRules: readonly (Pick<RuleFamily, "law" | "property" | "shapes"> & {
  readonly family: string;
  readonly remark: string;
  readonly elementType?: ElementType;
})[] = [
  {
    property: "associative",
    law: "Reciprocal(A) * Reciprocal(A * B) -> Square(Reciprocal(A)) * Reciprocal(B)",
    family: "square of a repeated reciprocal",
    remark:
      "with fast math: the square may overflow where the product did not. One reciprocal for two saves more",
  },
  {
    property: "associative",
    law: "(A * Sqrt(B)) * (Sqrt(B) * C) -> (A * B) * C",
    family: "product of two roots",
    remark: "where B is proven not to be negative; last bits",
  },
  {
    property: "associative",
    law: "(Abs(A) * B) * Abs(C) -> Abs(A * C) * B",
    family: "product of absolute values",
    remark: "always; last bits",
  },
  {
    property: "associative",
    law: "(A * ReduceSum(B)) * (ReduceSum(B) * C) -> (A * C) * Square(ReduceSum(B))",
    family: "square of a repeated factor",
    remark: "always; last bits. The rule asks for no sum, only for a factor that is there twice and smaller",
  },
  {
    property: "distributive",
    law: "A * C + B * C -> (A + B) * C",
    family: "take out a factor",
    remark: "always; last bits; whole numbers exactly",
  },
  {
    property: "distributive",
    law: "A + A * B -> A * (B + 1)",
    family: "take out a factor with nothing beside it",
    remark: "always; last bits; whole numbers exactly. A is read once",
  },
  {
    property: "distributive",
    law: "Square(A + B) - (A + B) * C -> (A + B) * ((A + B) - C)",
    family: "take out a factor",
    remark: "always; last bits. The factor is A + B",
  },
  {
    property: "commutative",
    law: "A * B = B * A",
    family: "swap",
    remark: "always, the same bits; the matcher tries both orders",
  },
  {
    property: "commutative",
    law: "ReduceSum(BitShift(A, C)) -> BitShift(ReduceSum(A), C)",
    family: "sum of shifted numbers",
    remark:
      "to the left and by one number: exact in arithmetic that wraps. To the right the bits that fall out differ",
    shapes: { C: "1" },
    elementType: "uint32",
  },
  {
    property: "commutative",
    law: "ReduceProd(Exp(A)) -> Exp(ReduceSum(A))",
    family: "product of exponentials",
    remark: "with fast math: factors may overflow where the sum does not, and large sums lose digits",
  },
];

const side = 1000;

/** One application of the rules to the left side of a law. */
function applied(rule: Rule, book: readonly Rule[], elementType: ElementType): Rewriting | undefined {
  const found: Rewriting[] = [];
  const editor = new GraphEditor(exampleOf(rule, { m: side, n: side, elementType }));
  applyRules(editor, ruleBook(book), { fastMath: true, onRule: (rewriting) => found.push(rewriting) });
  return found[0];
}

/** Elements as a polynomial in m and n, which are both a thousand. */
function polynomial(flops: number): string {
  const cubes = Math.floor(flops / side ** 3);
  const squares = Math.floor((flops % side ** 3) / side ** 2);
  const lines = Math.floor((flops % side ** 2) / side);
  const rest = flops % side;
  const term = (count: number, unit: string): readonly string[] =>
    count === 0 ? [] : [count === 1 && unit !== "" ? unit : `${count}${unit}`];
  const terms = [...term(cubes, "n^3"), ...term(squares, "mn"), ...term(lines, "m"), ...term(rest, "")];
  return terms.join(" + ") || "0";
}

function typeOf({ family, before }: Rule): ElementType {
  const operators = operatorsIn(before);
  if (operators.includes("BitShift")) return "uint32";
  if (operators.some((operator) => /^(?:And|Or|Xor|Not)$/.test(operator)) && !operators.includes("Where"))
    return "bool";
  return family.floats === undefined || operators.some((operator) => operator.startsWith("Bitwise"))
    ? "int32"
    : "float32";
}

function flopsOf(rule: Rule | undefined): string {
  const rewriting = rule === undefined ? undefined : applied(rule, [rule], typeOf(rule));
  if (rewriting === undefined) return "| ";
  return `${polynomial(rewriting.before[0])} | ${polynomial(rewriting.after[0])}`;
}

function shortList(names: readonly string[]): string {
  return names.length <= 12 ? names.join(", ") : `${names.slice(0, 5).join(", ")}, ... (${names.length})`;
}

/** What the letters for operators stand for: each its own list, or pairs. */
function operatorsText({ operators = [] }: RuleFamily): string {
  const letters = Object.keys(operators[0] ?? {});
  const lists = letters.map((letter) => [...new Set(operators.map((entry) => entry[letter] ?? ""))]);
  const isProduct = lists.reduce((all, list) => all * list.length, 1) === operators.length;
  if (letters.length < 2 || isProduct) {
    return letters.map((letter, index) => `${letter}: ${shortList(lists[index] ?? [])}`).join("; ");
  }
  return `${letters.join(", ")}: ${operators.map((entry) => letters.map((letter) => entry[letter]).join(" ")).join(", ")}`;
}

function familyLine(family: RuleFamily): string {
  const { name, property, law, floats = "", integers, truths, when = [], shapes = {} } = family;
  const sizes = Object.entries(shapes).map(([letter, shape]) => `${letter}: ${shape}`);
  const others = [...(integers ? ["whole numbers"] : []), ...(truths ? ["truth values"] : [])].join(", ");
  const cells = [
    name,
    property,
    `\`${law}\``,
    operatorsText(family),
    when.map(({ text }) => text).join("; "),
    floats,
    others,
    sizes.join(", "),
  ];
  return `| ${cells.join(" | ")} | ${isEnabler(family) ? "| " : flopsOf(rulesOf(family)[0])} |`;
}

function familiesTable(): string {
  const counts = ["associative", "distributive", "commutative", "neutral"].map((property) => {
    const families = ruleFamilies.filter((family) => family.property === property);
    return `${families.flatMap(({ operators = [{}] }) => operators).length} ${property}`;
  });
  return `${rules.length + enablers()} rules (${counts.join(", ")}) from ${ruleFamilies.length} families. Neutral are those that come with
associativity: neutral elements, inverses, idempotence.

| family | property | law | operators | when | floats | also exact for | sizes | FLOPs before | after |
|---|---|---|---|---|---|---|---|---|---|
${ruleFamilies.map(familyLine).join("\n")}`;
}

function enablers(): number {
  return ruleFamilies.filter(isEnabler).flatMap(({ operators = [{}] }) => operators).length;
}

function paperRule({ law, property, shapes }: (typeof paperRules)[number]): Rule | undefined {
  return rulesOf({ name: "the paper's", property, law, floats: "exact", ...(shapes ? { shapes } : {}) })[0];
}

function tenTable(): string {
  const lines = paperRules.map((entry) => {
    const rule = paperRule(entry);
    const ours = rules.filter(({ family }) => family.name === entry.family);
    const rewriting = rule === undefined ? undefined : applied(rule, ours, entry.elementType ?? "float32");
    const flops =
      rewriting === undefined
        ? "| "
        : `${polynomial(rewriting.before[0])} | ${polynomial(rewriting.after[0])}`;
    return `| ${entry.property} | \`${entry.law}\` | ${entry.family} | ${entry.remark} | ${flops} |`;
  });
  return `| property | rule | family here | used | FLOPs before | after |\n|---|---|---|---|---|---|\n${lines.join("\n")}`;
}

function passesTable(): string {
  return [
    "| pass | why here |",
    "|---|---|",
    ...passList.map(({ name, why }) => `| \`${name}\` | ${why} |`),
  ].join("\n");
}

function withBlock(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [before = "", rest = ""] = page.split(begin);
  return `${before}${begin}\n${text}\n${end}${rest.split(end)[1] ?? ""}`;
}

// After a change of passes or rules: npx vitest run --project unit src/compiler/fusion/rewrite --update
test("docs/rewriting.md has the passes and the rules", async () => {
  const path = "../../../../docs/rewriting.md";
  let page = readFileSync(new URL(path, import.meta.url), "utf8");
  page = withBlock(page, "passes", passesTable());
  page = withBlock(page, "ten", tenTable());
  page = withBlock(page, "families", familiesTable());
  await expect(page).toMatchFileSnapshot(path);
});

describe("the paper's ten rules", () => {
  test.each(paperRules.filter(({ law }) => law.includes("->")))("$law", (entry) => {
    const rule = paperRule(entry);
    if (rule === undefined) throw new Error("no rule");
    const elementType = entry.elementType ?? "float32";
    const ours = rules.filter(({ family }) => family.name === entry.family);
    const proof = ours[0]?.when ?? [];
    const typed = exampleOf({ ...rule, when: proof }, { m: 3, n: 5, elementType });
    const applications: Rewriting[] = [];
    const editor = new GraphEditor(typed);
    applyRules(editor, ruleBook(ours), { fastMath: true, onRule: (each) => applications.push(each) });
    expect(applications.length).toBe(1);
    const inputs = randomInputs(typed.graph, 7);
    const after = runGraph(editor.build(), inputs);
    for (const [name, expected] of runGraph(typed, inputs)) {
      const actual = after.get(name);
      if (actual?.kind !== "tensor" || expected.kind !== "tensor") throw new Error("no tensor");
      const [a, b] = [numbersOf(actual), numbersOf(expected)];
      b.forEach((wanted, index) => {
        expect(Math.abs((a[index] ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-4 * Math.abs(wanted));
      });
    }
  });
});
