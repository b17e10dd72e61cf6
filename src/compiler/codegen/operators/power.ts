/** x^y as an expression: exponents that networks hold as constants without a power function, integers by squaring. */
import { binary, compare, type Expr, type StoredType, select, unary } from "../loops/expr.ts";
import { add, constantOf, divide, equal, inRange, isFloat, less, like, multiply } from "./values.ts";

/** Undefined where it is not compiled. Both have the base's register type, or both are integers, or y is a fraction. */
export function powerOf(x: Expr, y: Expr, type: StoredType): Expr | undefined {
  const known = constantOf(y);
  if (isFloat(x.type)) {
    const simple = known === undefined ? undefined : floatPower(x, known);
    return simple ?? (x.type === "f32" ? binary("power", x, y) : undefined);
  }
  if (known !== undefined && Number.isInteger(known) && known >= 0 && known < 64) {
    return wholePower(x, known, (product) => inRange(product, type)) ?? like(x, 1);
  }
  return isFloat(y.type) ? undefined : integerPower(x, y, type);
}

function floatPower(x: Expr, exponent: number): Expr | undefined {
  switch (exponent) {
    case 0:
      return like(x, 1);
    case 0.5:
      return root(x);
    case -0.5:
      return divide(like(x, 1), root(x));
    default: {
      if (!Number.isInteger(exponent) || Math.abs(exponent) > 4) return undefined;
      const product = wholePower(x, Math.abs(exponent), (value) => value) ?? x;
      return exponent > 0 ? product : divide(like(x, 1), product);
    }
  }
}

/** The square root as a power: 0 at -0 and infinite at -Infinity, where the square root itself is -0 and NaN. */
function root(x: Expr): Expr {
  const infinite = like(x, Number.POSITIVE_INFINITY);
  const isLeast = equal(x, like(x, Number.NEGATIVE_INFINITY));
  // -0 + 0 = 0.
  return select(isLeast, infinite, unary("squareRoot", add(x, like(x, 0))));
}

/** x^n by squaring; undefined for n = 0. */
function wholePower(x: Expr, exponent: number, wrap: (product: Expr) => Expr): Expr | undefined {
  let result: Expr | undefined;
  let square = x;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? square : wrap(multiply(result, square));
    if (rest > 1) square = wrap(multiply(square, square));
  }
  return result;
}

/** Exponents of up to six bits are right; larger ones count as 62 or 63, which is right for 0, 1 and -1. */
const exponentBits = 6;
const mostExponent = 2 ** exponentBits - 1;

/** Squares and multiplies by the bits of y. Negative powers are fractions, which are cut off to 0, but for those of 1 and -1. */
function integerPower(x: Expr, y: Expr, type: StoredType): Expr {
  const one = like(x, 1);
  const large = binary("or", binary("and", y, like(y, 1)), like(y, mostExponent - 1));
  const exponent = select(less(like(y, mostExponent), y), large, y);
  const bit = (index: number): Expr =>
    compare("notEqual", binary("and", exponent, like(y, 2 ** index)), like(y, 0));
  let result = one;
  let square = x;
  for (let index = 0; index < exponentBits; index++) {
    result = inRange(multiply(result, select(bit(index), square, one)), type);
    if (index < exponentBits - 1) square = inRange(multiply(square, square), type);
  }
  const isUnit = compare("lessOrEqual", unary("absolute", x), one);
  const unit = select(bit(0), x, binary("and", x, one));
  const isZero = equal(x, like(x, 0));
  const negative = select(isUnit, select(isZero, like(x, 0), unit), like(x, 0));
  return select(less(y, like(y, 0)), negative, result);
}
