/**
 * Arithmetic on four float32 lanes for the approximations of vector-math.ts: values that are used more than once, sums
 * of products with or without relaxed SIMD, polynomials, constants.
 */
import { type Code, f32x4, get, i32x4, op } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";

/** The sign bits of four floats. */
const signBits = -0x8000_0000;

export class Lanes {
  readonly builder: FunctionBuilder;
  /** Whether sums of products are f32x4.relaxed_madd, which a machine may round once or twice. */
  readonly relaxed: boolean;

  constructor(builder: FunctionBuilder, relaxed: boolean) {
    this.builder = builder;
    this.relaxed = relaxed;
  }

  /** The value as code that may be used many times: computed now, once. */
  keep(name: string, value: Code): Code {
    if (value.kind === "get" || (value.kind === "op" && value.name === "v128.const")) return value;
    return get(this.builder.let("v128", name, value));
  }

  /** Four equal floats. */
  float(value: number): Code {
    return f32x4(value);
  }

  /** Four equal 32-bit patterns. */
  bits(value: number): Code {
    return i32x4(value);
  }

  /** Two equal doubles. */
  double(value: number): Code {
    const bytes = new Uint8Array(new Float64Array([value, value]).buffer);
    return { kind: "op", name: "v128.const", operands: [], value: [...bytes] };
  }

  /** Two equal 64-bit patterns. */
  longs(value: bigint): Code {
    const bytes = new Uint8Array(new BigUint64Array([value, value]).buffer);
    return { kind: "op", name: "v128.const", operands: [], value: [...bytes] };
  }

  /** a x b + c. */
  multiplyAdd(a: Code, b: Code, c: Code): Code {
    return this.relaxed ? op("f32x4.relaxed_madd", a, b, c) : op("f32x4.add", op("f32x4.mul", a, b), c);
  }

  /** c - a x b. */
  subtractProduct(c: Code, a: Code, b: Code): Code {
    return this.relaxed ? op("f32x4.relaxed_nmadd", a, b, c) : op("f32x4.sub", c, op("f32x4.mul", a, b));
  }

  /** The sum of coefficients[k] x^k, by Horner's rule: neighbouring elements fill the wait for each step. */
  polynomial(x: Code, coefficients: readonly number[]): Code {
    return coefficients
      .slice(0, -1)
      .reduceRight<Code>(
        (sum, coefficient) => this.multiplyAdd(sum, x, this.float(coefficient)),
        this.float(coefficients.at(-1) ?? 0),
      );
  }

  /** The same as (c0 + c1 x) + x^2 ((c2 + c3 x) + x^2 (...)), with fewer roundings in a row. */
  polynomialByPairs(x: Code, square: Code, coefficients: readonly number[]): Code {
    const pairs: Code[] = [];
    for (let index = 0; index < coefficients.length; index += 2) {
      const [even = 0, odd] = coefficients.slice(index);
      pairs.push(
        odd === undefined ? this.float(even) : this.multiplyAdd(x, this.float(odd), this.float(even)),
      );
    }
    return pairs.reduceRight((sum, pair) => this.multiplyAdd(sum, square, pair));
  }

  /** polynomial in doubles. */
  polynomialOfDoubles(x: Code, coefficients: readonly number[]): Code {
    return coefficients
      .slice(0, -1)
      .reduceRight<Code>(
        (sum, coefficient) => op("f64x2.add", op("f64x2.mul", sum, x), this.double(coefficient)),
        this.double(coefficients.at(-1) ?? 0),
      );
  }

  magnitude(x: Code): Code {
    return op("v128.andnot", x, this.bits(signBits));
  }

  /** The bit that is set in negative floats, and in -0. */
  sign(x: Code): Code {
    return op("v128.and", x, this.bits(signBits));
  }

  /** The smaller one; `x` where it is NaN. One instruction, unlike f32x4.min. */
  atMost(x: Code, limit: number): Code {
    return op("f32x4.pmin", x, this.float(limit));
  }

  /** The larger one; `x` where it is NaN. */
  atLeast(x: Code, limit: number): Code {
    return op("f32x4.pmax", x, this.float(limit));
  }

  /** Lane by lane `yes` where the mask is set. */
  choose(mask: Code, yes: Code, no: Code): Code {
    return op("v128.bitselect", yes, no, mask);
  }
}
