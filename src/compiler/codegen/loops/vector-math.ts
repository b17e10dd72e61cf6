/**
 * Mathematical functions of four float32 lanes as generated WebAssembly: pure SIMD, without tables in memory and without
 * calls, so a function can be called or written into a loop. NaN stays NaN, and zeros keep their signs in odd functions.
 * With relaxed SIMD sums of products are fused where the machine does so, which changes the last digit. How many units
 * in the last place each function is off at most is held by the test.
 *
 * Instructions and nanoseconds per four elements, written into a loop over data in the cache (Node 20 at about 3 GHz),
 * with relaxed SIMD and without: exp 14, 1.8 and 23, 2.7; tanh 16, 2.2 and 24, 2.7; erf 18, 2.5 and 28, 3.1; log 22, 2.4
 * and 32, 3.6; sin and cos 38, 4.7 and 45, 5.6; power 137, 21 both; remainder 35, 5 both. A call adds 2 to 3 ns.
 */
import { type Callee, type Code, get } from "../wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "../wasm/function-builder.ts";
import type { BinaryOperator, MathFunction, UnaryOperator } from "./expr.ts";
import { Lanes } from "./lanes.ts";
import { emitCosh, emitExp, emitSinh } from "./vector-exp.ts";
import { emitAcosh, emitAsinh, emitAtanh, emitLog } from "./vector-log.ts";
import { emitPower, emitRemainder } from "./vector-power.ts";
import { emitErf, emitTanh } from "./vector-rational.ts";
import { emitAcos, emitAsin, emitAtan, emitCos, emitSin, emitTan } from "./vector-trigonometry.ts";

/** Functions of one operand, and of two. */
export type VectorFunction = MathFunction | BinaryVectorFunction;
type BinaryVectorFunction = Extract<BinaryOperator, "power" | "remainder">;

const unaryEmitters: Readonly<Record<MathFunction, (lanes: Lanes, x: Code) => Code>> = {
  exp: emitExp,
  log: emitLog,
  tanh: emitTanh,
  erf: emitErf,
  sin: emitSin,
  cos: emitCos,
  tan: emitTan,
  asin: emitAsin,
  acos: emitAcos,
  atan: emitAtan,
  sinh: emitSinh,
  cosh: emitCosh,
  asinh: emitAsinh,
  acosh: emitAcosh,
  atanh: emitAtanh,
};

const binaryEmitters: Readonly<Record<BinaryVectorFunction, (lanes: Lanes, x: Code, y: Code) => Code>> = {
  power: emitPower,
  remainder: emitRemainder,
};

/** The functions that there are. */
export const vectorFunctions: readonly VectorFunction[] = [
  ...(Object.keys(unaryEmitters) as MathFunction[]),
  ...(Object.keys(binaryEmitters) as BinaryVectorFunction[]),
];

export function isMathFunction(operator: UnaryOperator): operator is MathFunction {
  return operator in unaryEmitters;
}

/** Code for the function's value, written in place: statements go to the builder of `lanes`. */
export function emitUnaryMath(lanes: Lanes, name: MathFunction, x: Code): Code {
  return unaryEmitters[name](lanes, x);
}

export function emitBinaryMath(lanes: Lanes, name: BinaryVectorFunction, x: Code, y: Code): Code {
  return binaryEmitters[name](lanes, x, y);
}

/** What calls of the function name: the function itself must be in the module, once. */
export function mathCallee(name: VectorFunction): Callee {
  return { name: `${name}_f32x4`, result: "v128" };
}

/** The function: one v128 parameter, or two, and a v128 result. */
export function mathFunction(name: VectorFunction, relaxed: boolean): WasmFunction {
  const builder = new FunctionBuilder(mathCallee(name).name, "v128");
  const lanes = new Lanes(builder, relaxed);
  const x = get(builder.parameter("v128", "x"));
  if (name === "power" || name === "remainder") {
    const y = get(builder.parameter("v128", "y"));
    builder.emit(emitBinaryMath(lanes, name, x, y));
  } else builder.emit(emitUnaryMath(lanes, name, x));
  return builder.build();
}
