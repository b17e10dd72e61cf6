/**
 * All rewrite rules, as rows: families first, each a law for several operators, and the rules that come of them.
 * docs/rewriting.md lists the families.
 */
import { type Rule, type RuleFamily, rulesOf } from "../rule.ts";
import { associativeRules } from "./associative.ts";
import { commutativeRules } from "./commutative.ts";
import { distributiveRules } from "./distributive.ts";
import { neutralRules } from "./neutral.ts";
import { reductionRules } from "./reductions.ts";

export const ruleFamilies: readonly RuleFamily[] = [
  ...associativeRules,
  ...distributiveRules,
  ...reductionRules,
  ...commutativeRules,
  ...neutralRules,
];

export const rules: readonly Rule[] = ruleFamilies.flatMap(rulesOf);
