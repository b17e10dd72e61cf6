/** A loop nest: what one kernel does, as data. lower.ts makes WebAssembly of it. */
import type { Affine, Loop } from "./affine.ts";
import type { Buffer, Expr, NumberType } from "./expr.ts";

export type ReduceOperator = "add" | "multiply" | "minimum" | "maximum";

/** A reduction's value, to be read by later expressions of the same body or deeper. */
export type ResultExpr = Extract<Expr, { kind: "result" }>;

export type Statement =
  | { readonly kind: "loop"; readonly loop: Loop; readonly body: readonly Statement[] }
  /** The innermost loop over consecutive elements: four lanes at a time where its body allows, the rest one by one. */
  | { readonly kind: "vector-loop"; readonly loop: Loop; readonly body: readonly Statement[] }
  | { readonly kind: "store"; readonly buffer: Buffer; readonly index: Affine; readonly value: Expr }
  /**
   * result = operator over all iterations of the loops (outermost first) of value, from start on. Inside a vector loop
   * each lane reduces for itself; otherwise the last loop runs on four lanes, which are joined at the end.
   */
  | {
      readonly kind: "reduce";
      readonly loops: readonly Loop[];
      readonly operator: ReduceOperator;
      readonly start: number;
      readonly value: Expr;
      readonly result: ResultExpr;
    };

export interface LoopKernel {
  readonly name: string;
  /** In the order of the kernel's address parameters. */
  readonly buffers: readonly Buffer[];
  /** The loops whose iterations threads may share: the body's only statement, when it is a loop; else nothing is shared. */
  readonly body: readonly Statement[];
}

/** A fresh result: it is known by being the same object. */
export function reductionResult(type: NumberType, name: string): ResultExpr {
  return { kind: "result", type, name };
}
