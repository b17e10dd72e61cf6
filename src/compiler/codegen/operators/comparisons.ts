/** Comparisons, logic, choices and changes of type as expressions. Truth values are i32, 0 or 1. */
import { binary, type CompareOperator, compare, select, unary } from "../loops/expr.ts";
import { type ElementwiseRow, type ElementwiseRows, one, two } from "./row.ts";
import { castTo } from "./values.ts";

const comparison = (operator: CompareOperator): ElementwiseRow => two((a, b) => compare(operator, a, b));
const logic = (operator: "and" | "or" | "xor"): ElementwiseRow => two((a, b) => binary(operator, a, b));

const cast: ElementwiseRow = one((x, { inputTypes: [from], type }) =>
  from === undefined ? undefined : castTo(x, from, type),
);

/** In inference, where nothing is dropped. Training and the mask of what is kept are not compiled. */
const dropout: ElementwiseRow = ({ node, operands: [x, , trains] }) =>
  trains === undefined && (node.outputs[1] ?? "") === "" ? x : undefined;

export const comparisonRows: ElementwiseRows = {
  Equal: comparison("equal"),
  Greater: comparison("greater"),
  GreaterOrEqual: comparison("greaterOrEqual"),
  Less: comparison("less"),
  LessOrEqual: comparison("lessOrEqual"),
  And: logic("and"),
  Or: logic("or"),
  Xor: logic("xor"),
  Not: one((x) => unary("not", x)),
  Where: ({ operands: [condition, yes, no] }) =>
    condition === undefined || yes === undefined || no === undefined ? undefined : select(condition, yes, no),
  Cast: cast,
  CastLike: cast,
  Identity: one((x) => x),
  Dropout: dropout,
};
