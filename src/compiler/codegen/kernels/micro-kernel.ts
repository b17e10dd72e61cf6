/**
 * The innermost loop of all matrix kernels: along k, broadcast a value of each row, multiply with a panel's columns, add.
 * One step of k and no more: Node 20 gets slower when it is unrolled.
 */
import { type Code, f32x4, get, i32, increase, type Local, load, op, set } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";
import { doWhile, multiplyAdd, sum } from "./address.ts";

export interface Products {
  readonly relaxed: boolean;
  /** Addresses, which move on: of the first row's value, and of the panel's columns. */
  readonly input: Local;
  readonly filters: Local;
  /** Bytes from a row to the next. */
  readonly rowBytes: number;
  /** How many values of a row, which are neighbours. */
  readonly run: number;
  /** Accumulators by row and vector. */
  readonly sums: readonly (readonly Local[])[];
}

export function emitProducts(builder: FunctionBuilder, products: Products): void {
  const { relaxed, input, filters, rowBytes, run, sums } = products;
  const vectors = sums[0]?.length ?? 0;
  const step = (): void => {
    const columns = Array.from({ length: vectors }, (_, vector) =>
      builder.let("v128", "column", load("v128.load", get(filters), 16 * vector)),
    );
    sums.forEach((row, rowAt) => {
      const pixel = builder.let("v128", "pixel", load("v128.load32_splat", get(input), rowBytes * rowAt));
      row.forEach((total, vector) => {
        const column = columns[vector];
        if (column === undefined) return;
        builder.emit(set(total, multiplyAdd(relaxed, get(pixel), get(column), get(total))));
      });
    });
    builder.emit(increase(input, i32(4)), increase(filters, i32(16 * vectors)));
  };
  if (run === 1) {
    step();
    return;
  }
  const after = builder.let("i32", "after_run", sum(get(input), i32(4 * run)));
  doWhile(builder, "run", step, () => op("i32.lt_u", get(input), get(after)));
}

/** Accumulators; those of a column of vectors all begin with the same value. */
export function startSums(
  builder: FunctionBuilder,
  rows: number,
  starts: readonly (Code | undefined)[],
): readonly (readonly Local[])[] {
  const sums = Array.from({ length: rows }, () => starts.map(() => builder.local("v128", "sum")));
  starts.forEach((start, vector) => {
    const [first, ...others] = sums.map((row) => row[vector]);
    if (first === undefined) return;
    builder.emit(set(first, start ?? f32x4(0)));
    for (const other of others) if (other !== undefined) builder.emit(set(other, get(first)));
  });
  return sums;
}
