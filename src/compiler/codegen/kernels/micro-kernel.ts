/**
 * The innermost loop of all matrix kernels: along k, broadcast a value of each row, multiply with a panel's columns, add.
 * One step of k and no more: Node 20 gets slower when it is unrolled. A single row waits for memory, which gives more when
 * it is read at two places at once; so its values are walked in two halves, each with sums of its own.
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
  /** Those of the second half of each run, of a single row. */
  readonly secondSums?: readonly Local[] | undefined;
}

export function emitProducts(builder: FunctionBuilder, products: Products): void {
  const { input, filters, run, sums, secondSums } = products;
  const half = secondSums === undefined ? 0 : Math.floor(run / 2);
  const vectors = sums[0]?.length ?? 0;
  const moveOn = (steps: number): void =>
    builder.emit(increase(input, i32(4 * steps)), increase(filters, i32(16 * vectors * steps)));
  const loop = (steps: number, body: () => void): void => {
    const step = (): void => {
      body();
      moveOn(1);
    };
    if (steps === 1) {
      step();
      return;
    }
    const after = builder.let("i32", "after_run", sum(get(input), i32(4 * steps)));
    doWhile(builder, "run", step, () => op("i32.lt_u", get(input), get(after)));
  };
  const one = (): void => emitStep(builder, products, sums, 0);
  if (secondSums === undefined || half === 0) {
    loop(run, one);
    return;
  }
  loop(half, () => {
    one();
    emitStep(builder, products, [secondSums], half);
  });
  moveOn(half);
  if (run % 2 === 1) {
    one();
    moveOn(1);
  }
}

/** One step along k, `ahead` steps from where the pointers are. */
function emitStep(
  builder: FunctionBuilder,
  { relaxed, input, filters, rowBytes }: Products,
  sums: Products["sums"],
  ahead: number,
): void {
  const vectors = sums[0]?.length ?? 0;
  const columns = Array.from({ length: vectors }, (_, vector) =>
    builder.let("v128", "column", load("v128.load", get(filters), 16 * (vectors * ahead + vector))),
  );
  sums.forEach((row, rowAt) => {
    const at = rowBytes * rowAt + 4 * ahead;
    const pixel = builder.let("v128", "pixel", load("v128.load32_splat", get(input), at));
    row.forEach((total, vector) => {
      const column = columns[vector];
      if (column === undefined) return;
      builder.emit(set(total, multiplyAdd(relaxed, get(pixel), get(column), get(total))));
    });
  });
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
