/**
 * The language of rewrite rules: expressions over operators, as text. `(A + B) * Exp(C)` is Mul(Add(A, B), Exp(C)).
 *
 * - A capital letter is any value, a small one is a constant; the same letter is the same value everywhere in a rule.
 * - A number is a constant all of whose elements are that number.
 * - + - * / are Add, Sub, Mul, Div; any other operator is written as a call, data operands only. Square(X) is X * X.
 * - What else belongs to an operator (axes, indices, slopes) is carried over from the left side to the right.
 */
import { assert } from "../../../base/assert.ts";

export type Expression =
  | { readonly kind: "value"; readonly name: string }
  | { readonly kind: "constant"; readonly name: string }
  | { readonly kind: "number"; readonly value: number }
  | Application;

export interface Application {
  readonly kind: "call";
  readonly operator: string;
  readonly operands: readonly Expression[];
}

const infix: Readonly<Record<string, string>> = { "+": "Add", "-": "Sub", "*": "Mul", "/": "Div" };

/** Parses an expression; names in `operators` stand for other ones. A text that is no expression is our own bug. */
export function parseExpression(text: string, operators: Readonly<Record<string, string>> = {}): Expression {
  const tokens = text.match(/-?\d+(?:\.\d+)?|\w+|[-+*/(),]/g) ?? [];
  let at = 0;
  const take = (expected?: string): string => {
    const token = tokens[at++] ?? "";
    assert(expected === undefined || token === expected, `"${text}": ${expected} expected, ${token} found`);
    return token;
  };
  const chain = (symbols: readonly string[], operand: () => Expression): Expression => {
    let left = operand();
    for (let symbol = tokens[at] ?? ""; symbols.includes(symbol); symbol = tokens[at] ?? "") {
      at++;
      left = { kind: "call", operator: infix[symbol] ?? symbol, operands: [left, operand()] };
    }
    return left;
  };
  const sum = (): Expression => chain(["+", "-"], product);
  const product = (): Expression => chain(["*", "/"], atom);
  const atom = (): Expression => {
    const read = take();
    const token = tokens[at] === "(" ? read : (operators[read] ?? read);
    if (token === "(") {
      const inner = sum();
      take(")");
      return inner;
    }
    if (tokens[at] === "(") return call(token);
    if (/^-?\d/.test(token)) return { kind: "number", value: Number(token) };
    assert(/^\w+$/.test(token), `"${text}": ${token} is no operand`);
    return { kind: /^[A-Z]/.test(token) ? "value" : "constant", name: token };
  };
  const call = (name: string): Expression => {
    take("(");
    const operands = [sum()];
    while (tokens[at] === ",") {
      at++;
      operands.push(sum());
    }
    take(")");
    const [first] = operands;
    if (name === "Square" && first !== undefined)
      return { kind: "call", operator: "Mul", operands: [first, first] };
    return { kind: "call", operator: operators[name] ?? name, operands };
  };
  const whole = sum();
  assert(at === tokens.length, `"${text}": ${tokens[at]} is left over`);
  return whole;
}

/** The operators of an expression, from the outside in, each as often as it stands there. */
export function operatorsIn(expression: Expression): readonly string[] {
  if (expression.kind !== "call") return [];
  return [expression.operator, ...expression.operands.flatMap(operatorsIn)];
}

/** The names of values and constants, each once, in order. */
export function namesIn(expression: Expression): readonly string[] {
  if (expression.kind === "number") return [];
  return expression.kind === "call" ? [...new Set(expression.operands.flatMap(namesIn))] : [expression.name];
}

/** Operators on the longest way from the result to an operand. */
export function depthOf(expression: Expression): number {
  return expression.kind === "call" ? 1 + Math.max(0, ...expression.operands.map(depthOf)) : 0;
}
