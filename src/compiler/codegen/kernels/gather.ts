/** Sums and largest values in the making, of several vectors at once. For pooling. */
import { type Code, f32x4, get, type Local, op, set } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";

/** pmax drops not-a-number, so what was unordered is remembered beside. */
export class Gather {
  private readonly builder: FunctionBuilder;
  private readonly totals: readonly Local[];
  private readonly unordered: readonly Local[];

  constructor(builder: FunctionBuilder, kind: "max" | "average", vectors: number) {
    this.builder = builder;
    const start = f32x4(kind === "max" ? Number.NEGATIVE_INFINITY : 0);
    const count = Array.from({ length: vectors });
    this.totals = count.map(() => builder.let("v128", "total", start));
    this.unordered = kind === "max" ? count.map(() => builder.let("v128", "unordered", f32x4(0))) : [];
  }

  take(vector: number, value: Code): void {
    const { builder } = this;
    const [total, unordered] = [this.totals[vector], this.unordered[vector]];
    if (total === undefined) return;
    if (unordered === undefined) {
      builder.emit(set(total, op("f32x4.add", get(total), value)));
      return;
    }
    const taken = builder.let("v128", "taken", value);
    const different = op("f32x4.ne", get(taken), get(taken));
    builder.emit(
      set(total, op("f32x4.pmax", get(total), get(taken))),
      set(unordered, op("v128.or", get(unordered), different)),
    );
  }

  /** The results; the divisor's code is used for each of them. All bits set are not-a-number. */
  results(divisor: Code | undefined): readonly Local[] {
    this.totals.forEach((total, vector) => {
      const unordered = this.unordered[vector];
      if (unordered !== undefined) this.builder.emit(set(total, op("v128.or", get(total), get(unordered))));
      if (divisor !== undefined) this.builder.emit(set(total, op("f32x4.div", get(total), divisor)));
    });
    return this.totals;
  }
}
