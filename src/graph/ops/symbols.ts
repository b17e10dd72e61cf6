/**
 * Arithmetic on dimensions. A symbolic dimension is a string; sums and products of symbols are kept as polynomials
 * with integer coefficients and printed in one canonical form ("2*batch*seq+1"), so that two ways of computing the same
 * size give equal strings. What is no polynomial (rounded quotients, maxima) becomes an atom of its own, named by its
 * text. Cost: a dimension is rarely more than two terms; O(terms^2) for a product.
 */
import type { Dimension } from "../ir/tensor.ts";

/** coefficient x product of atoms; atoms sorted, repeated for powers. */
interface Term {
  readonly coefficient: number;
  readonly atoms: readonly string[];
}

type Polynomial = readonly Term[];

/** Beyond this a size is only a new name: nothing is gained by printing a page of algebra. */
const mostTerms = 12;
const mostCharacters = 160;

/** Creates and combines symbolic dimensions; one table serves one inference. */
export interface SymbolTable {
  /** A symbol that equals nothing else: a size that only a run can tell. */
  fresh(): string;
  /** Whether the dimension is a fresh symbol, about which nothing is known. */
  isFresh(dimension: Dimension): boolean;
  add(a: Dimension, b: Dimension): Dimension;
  subtract(a: Dimension, b: Dimension): Dimension;
  multiply(a: Dimension, b: Dimension): Dimension;
  /** floor(a / b). */
  floorDivide(a: Dimension, b: Dimension): Dimension;
  /** ceil(a / b). */
  ceilDivide(a: Dimension, b: Dimension): Dimension;
  /** The size of two dimensions broadcast against each other, neither of which is 1. */
  either(a: Dimension, b: Dimension): Dimension;
  /** True where the value is certainly at least 0: a sum of products of dimensions without a minus. */
  isNonNegative(a: Dimension): boolean;
}

export function symbolTable(): SymbolTable {
  const composites = new Map<string, Polynomial>();
  const freshNames = new Set<string>();

  const fresh = (): string => {
    const name = `?${freshNames.size + 1}`;
    freshNames.add(name);
    return name;
  };
  const expand = (a: Dimension): Polynomial => {
    if (typeof a === "number") return a === 0 ? [] : [{ coefficient: a, atoms: [] }];
    return composites.get(a) ?? [{ coefficient: 1, atoms: [a] }];
  };
  const fold = (terms: Polynomial): Dimension => {
    const collected = collect(terms);
    const [first] = collected;
    if (first === undefined) return 0;
    if (collected.length === 1 && first.atoms.length === 0) return first.coefficient;
    const [atom] = first.atoms;
    if (collected.length === 1 && first.coefficient === 1 && first.atoms.length === 1 && atom !== undefined) {
      return atom;
    }
    const text = print(collected);
    const tooLarge = collected.some((term) => !Number.isSafeInteger(term.coefficient));
    if (tooLarge || collected.length > mostTerms || text.length > mostCharacters) return fresh();
    composites.set(text, collected);
    return text;
  };
  const atom = (text: string): string => (text.length > mostCharacters ? fresh() : text);

  const add = (a: Dimension, b: Dimension): Dimension => {
    if (typeof a === "number" && typeof b === "number") return a + b;
    return fold([...expand(a), ...expand(b)]);
  };
  const multiply = (a: Dimension, b: Dimension): Dimension => {
    // The sum with 0 makes -0, which prints alike but is not the same to every comparison, a plain 0.
    if (typeof a === "number" && typeof b === "number") return a * b + 0;
    const [left, right] = [expand(a), expand(b)];
    if (left.length * right.length > mostTerms * mostTerms) return fresh();
    return fold(times(left, right));
  };
  const subtract = (a: Dimension, b: Dimension): Dimension => add(a, multiply(-1, b));

  const floorDivide = (a: Dimension, b: Dimension): Dimension => {
    if (typeof a === "number" && typeof b === "number") return Math.floor(a / b);
    if (b === 1) return a;
    if (a === b) return 1;
    const divisor = expand(b);
    const [only] = divisor;
    if (divisor.length !== 1 || only === undefined) return atom(`floor((${a})/(${b}))`);
    // floor((d q + r) / d) = q + floor(r / d): what divides leaves the rounding, so equal sizes print equally.
    const whole: Term[] = [];
    const rest: Term[] = [];
    for (const term of expand(a)) {
      const quotient = divideTerm(term, only);
      if (quotient === undefined) rest.push(term);
      else whole.push(quotient);
    }
    if (rest.length === 0) return fold(whole);
    const remainder = fold(rest);
    if (typeof remainder === "number" && typeof b === "number") {
      return add(fold(whole), Math.floor(remainder / b));
    }
    return add(fold(whole), atom(`floor((${remainder})/${wrapped(b)})`));
  };
  const ceilDivide = (a: Dimension, b: Dimension): Dimension => {
    if (typeof a === "number" && typeof b === "number") return Math.ceil(a / b);
    return floorDivide(add(a, subtract(b, 1)), b);
  };

  const choices = new Map<string, readonly string[]>();
  const either = (a: Dimension, b: Dimension): Dimension => {
    if (a === b || typeof a === "number") return a;
    if (typeof b === "number") return b;
    // Neither is 1, so both are the same size; the one with a meaning is the better name.
    if (freshNames.has(a)) return b;
    if (freshNames.has(b)) return a;
    const members = [...new Set([a, b].flatMap((name) => choices.get(name) ?? [name]))].sort();
    const text = atom(`either(${members.join(",")})`);
    choices.set(text, members);
    return text;
  };

  return {
    fresh,
    isFresh: (dimension) => typeof dimension === "string" && freshNames.has(dimension),
    add,
    subtract,
    multiply,
    floorDivide,
    ceilDivide,
    either,
    isNonNegative: (a) => (typeof a === "number" ? a >= 0 : expand(a).every((term) => term.coefficient >= 0)),
  };
}

function wrapped(a: Dimension): string {
  return typeof a === "number" || /^[\w.]+$/.test(a) ? String(a) : `(${a})`;
}

function times(a: Polynomial, b: Polynomial): Polynomial {
  return a.flatMap((left) =>
    b.map((right) => ({
      coefficient: left.coefficient * right.coefficient,
      atoms: [...left.atoms, ...right.atoms].sort(),
    })),
  );
}

function collect(terms: Polynomial): Polynomial {
  const byAtoms = new Map<string, Term>();
  for (const term of terms) {
    const key = term.atoms.join("*");
    const sum = (byAtoms.get(key)?.coefficient ?? 0) + term.coefficient;
    byAtoms.set(key, { coefficient: sum, atoms: term.atoms });
  }
  return [...byAtoms.entries()]
    .filter(([, term]) => term.coefficient !== 0)
    .sort(([a, left], [b, right]) => right.atoms.length - left.atoms.length || (a < b ? -1 : 1))
    .map(([, term]) => term);
}

function print(terms: Polynomial): string {
  let text = "";
  for (const { coefficient, atoms } of terms) {
    const size = Math.abs(coefficient);
    const factors = atoms.map((name) => (/^[\w.?]+$|^(floor|either)\(/.test(name) ? name : `(${name})`));
    const body = size === 1 && factors.length > 0 ? factors.join("*") : [size, ...factors].join("*");
    text += coefficient < 0 ? `-${body}` : text === "" ? body : `+${body}`;
  }
  return text;
}

function divideTerm(term: Term, divisor: Term): Term | undefined {
  const coefficient = term.coefficient / divisor.coefficient;
  if (!Number.isInteger(coefficient)) return undefined;
  const atoms = [...term.atoms];
  for (const atom of divisor.atoms) {
    const at = atoms.indexOf(atom);
    if (at < 0) return undefined;
    atoms.splice(at, 1);
  }
  return { coefficient, atoms };
}
