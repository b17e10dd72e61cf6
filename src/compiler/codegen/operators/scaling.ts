/** Operators that scale each element by parameters that the caller has broadcast to it. */

import { floatOf, intOf } from "../../../graph/ir/node-attributes.ts";
import { convert, type Expr, type StoredType, unary } from "../loops/expr.ts";
import type { ElementwiseRow, ElementwiseRows } from "./row.ts";
import {
  add,
  atLeast,
  atMost,
  converted,
  divide,
  integerRanges,
  multiply,
  plus,
  subtract,
} from "./values.ts";

/** The types that QuantizeLinear and DequantizeLinear take here. */
const quantizedTypes: ReadonlySet<StoredType> = new Set(["int8", "uint8", "int16", "uint16", "int32"]);

/** (x - zero point) x scale. */
const dequantize: ElementwiseRow = ({ operands: [x, scale, zero], inputTypes: [type] }) => {
  if (x === undefined || scale?.type !== "f32" || type === undefined || !quantizedTypes.has(type))
    return undefined;
  return multiply(converted("f32", zero === undefined ? x : difference(x, zero, type)), scale);
};

/** In more bits where 32 may not do. */
function difference(x: Expr, zero: Expr, type: StoredType): Expr {
  return type === "int32" ? subtract(converted("i64", x), converted("i64", zero)) : subtract(x, zero);
}

/** The quotient as a float32, rounded half to even; saturated after the zero point is added, NaN to 0. */
const quantize: ElementwiseRow = ({ operands: [x, scale, zero], type }) => {
  const range = integerRanges[type];
  if (x === undefined || scale?.type !== "f32" || range === undefined || !quantizedTypes.has(type))
    return undefined;
  if (x.type !== "f32" && x.type !== "i32") return undefined;
  const quotient =
    x.type === "f32"
      ? divide(x, scale)
      : convert("f32", divide(converted("f64", x), converted("f64", scale)));
  const whole = unary("nearest", quotient);
  const moved = zero === undefined ? whole : add(whole, converted("f32", zero));
  return converted("i32", atLeast(atMost(moved, range[1]), range[0]));
};

/** With the given mean and variance, as one factor and one summand: both are the same for a whole channel. */
const batchNormalization: ElementwiseRow = ({ node, operands: [x, scale, bias, mean, variance] }) => {
  if (x?.type !== "f32" && x?.type !== "f64") return undefined;
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined)
    return undefined;
  if (node.opset >= 14 && intOf(node, "training_mode", 0) !== 0) return undefined;
  const [a, b, centre, spread] = [scale, bias, mean, variance].map((value) => converted(x.type, value));
  if (a === undefined || b === undefined || centre === undefined || spread === undefined) return undefined;
  const factor = divide(a, unary("squareRoot", plus(spread, floatOf(node, "epsilon", 1e-5))));
  return add(multiply(x, factor), subtract(b, multiply(centre, factor)));
};

export const scalingRows: ElementwiseRows = {
  BatchNormalization: batchNormalization,
  DequantizeLinear: dequantize,
  QuantizeLinear: quantize,
};
