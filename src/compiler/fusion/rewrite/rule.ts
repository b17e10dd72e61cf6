/**
 * A rewrite rule as a row of data, and the family that it comes from: one law of algebra, written once with letters for
 * operators, for all the operators that keep it.
 */
import { assert, known } from "../../../base/assert.ts";
import type { Condition } from "./conditions.ts";
import { type Application, type Expression, parseExpression } from "./expression.ts";

/**
 * The property that a rule follows from (DNNFusion, section 4.2). Neutral: what comes with associativity, neutral
 * elements, inverses and idempotence.
 */
export type Property = "associative" | "distributive" | "commutative" | "neutral";

/**
 * How exact a rule is on floats. exact: the same bits, where nothing is NaN. rounding: equal for real numbers, last
 * bits differ. fast-math: equal for real numbers, but intermediate results may overflow or lose digits where they did
 * not before; used only when asked for.
 */
export type Exactness = "exact" | "rounding" | "fast-math";

/** How large a value of the example is: a whole matrix, one column or one row of it, one number. */
export type ExampleShape = "mn" | "m" | "n" | "1";

export interface RuleFamily {
  readonly name: string;
  readonly property: Property;
  /** `before -> after`, or `A + B = B + A` for what the matcher does by itself. */
  readonly law: string;
  /** What the letters for operators, or for numbers, may be; one rule comes from each entry. */
  readonly operators?: readonly Readonly<Record<string, string>>[];
  /** On floats; undefined where it is for whole numbers or truth values only. */
  readonly floats?: Exactness;
  /** Whether it is exact in arithmetic that wraps. */
  readonly integers?: boolean;
  /** Whether it is for truth values. */
  readonly truths?: boolean;
  readonly when?: readonly Condition[];
  /** The shapes of the example that costs are shown for and tests are made of; mn where not said. */
  readonly shapes?: Readonly<Record<string, ExampleShape>>;
}

/** One rule. */
export interface Rule {
  /** The family's name, with the operators where there are several. */
  readonly name: string;
  readonly family: RuleFamily;
  readonly before: Application;
  readonly after: Expression;
  readonly when: readonly Condition[];
}

/** Whether the family says what the matcher tries by itself, so that there is nothing to rewrite. */
export function isEnabler({ law }: RuleFamily): boolean {
  return law.includes(" = ");
}

/** The rules of a family. */
export function rulesOf(family: RuleFamily): readonly Rule[] {
  if (isEnabler(family)) return [];
  const [before, after] = family.law.split(" -> ");
  return (family.operators ?? [{}]).map((operators) => {
    const left = parseExpression(known(before, "the left side"), operators);
    assert(left.kind === "call", `the left side of ${family.law} is no call`);
    const names = Object.values(operators);
    return {
      name: names.length === 0 ? family.name : `${family.name} (${names.join(", ")})`,
      family,
      before: left,
      after: parseExpression(known(after, "the right side"), operators),
      when: family.when ?? [],
    };
  });
}
