/**
 * What is known at a place of a function being generated: which local holds each loop's counter and each reduction's
 * result, at which depth of the code it was set, and what was computed already. Values that do not change in the inner
 * loops are computed where their own loops begin.
 */
import { known } from "../../../base/assert.ts";
import type { Code, Local } from "../wasm/code.ts";
import { type Affine, type Loop, visitLoops } from "./affine.ts";
import { type Buffer, childrenOf, type Expr } from "./expr.ts";

/** A loop's counter: local + plus. */
export interface Counter {
  readonly local: Local;
  readonly plus: number;
  /** The builder's depth where the local is set. */
  readonly depth: number;
}

/** A value in a local: four lanes or one. */
export interface Held {
  readonly local: Local;
  readonly isVector: boolean;
  readonly depth: number;
}

/** What a value depends on. */
interface Needs {
  readonly loops: ReadonlySet<Loop>;
  readonly results: ReadonlySet<Expr>;
  readonly accumulator: boolean;
  /** Memory that the function writes: what is read there must not be read earlier. */
  readonly written: boolean;
}

interface MutableNeeds {
  readonly loops: Set<Loop>;
  readonly results: Set<Expr>;
  accumulator: boolean;
  written: boolean;
}

export class Bindings {
  /** Buffers that the function stores to. */
  written: ReadonlySet<Buffer> = new Set();
  /** The loop whose iterations run in four lanes, while inside it. */
  vectorLoop: Loop | undefined;
  private currentAccumulator: Code | undefined;
  /** How many accumulators there were: what follows from one is no longer right for the next. */
  private accumulators = 0;
  private readonly counters = new Map<Loop, Counter>();
  private readonly results = new Map<Expr, readonly Held[]>();
  private readonly memo = new Map<string, Held>();
  private readonly readWritten = new Set<string>();
  private readonly ids = new Map<Expr, number>();
  private readonly needs = new Map<Expr, Needs>();

  /** What the accumulator of an epilogue is. */
  get accumulator(): Code | undefined {
    return this.currentAccumulator;
  }

  set accumulator(code: Code | undefined) {
    this.currentAccumulator = code;
    this.accumulators++;
  }

  bind(loop: Loop, counter: Counter): void {
    this.counters.set(loop, counter);
  }

  counterOf(loop: Loop): Counter {
    return known(this.counters.get(loop), `counter of loop ${loop.name}`);
  }

  /** The results of a reduction, one for each vector in flight. */
  bindResult(result: Expr, held: readonly Held[]): void {
    this.results.set(result, held);
  }

  /** The result that belongs to the current place of the vector loop. */
  resultOf(result: Expr): Held {
    const all = known(this.results.get(result), "result of a reduction");
    if (all.length === 1 || this.vectorLoop === undefined) return known(all[0], "result");
    return known(all[Math.floor(this.counterOf(this.vectorLoop).plus / 4)], "result");
  }

  /** The depth outside of which the value does not exist. */
  depthOf(expr: Expr): number {
    return this.deepest(this.needsOf(expr));
  }

  depthOfIndex(index: Affine): number {
    return this.deepest(this.needsOfIndex(index));
  }

  private deepest({ loops, results, accumulator, written }: Needs): number {
    let depth = accumulator || written ? Number.POSITIVE_INFINITY : 0;
    for (const loop of loops) depth = Math.max(depth, this.counterOf(loop).depth);
    for (const result of results) depth = Math.max(depth, this.resultOf(result).depth);
    return depth;
  }

  /** Whether the value differs between the lanes of the vector loop. */
  variesInLanes(expr: Expr): boolean {
    return this.varies(this.needsOf(expr));
  }

  indexVaries(index: Affine): boolean {
    return this.varies(this.needsOfIndex(index));
  }

  private varies({ loops, results, accumulator }: Needs): boolean {
    if (this.vectorLoop === undefined) return false;
    if (accumulator || loops.has(this.vectorLoop)) return true;
    for (const result of results) if (this.resultOf(result).isVector) return true;
    return false;
  }

  /** What a value is made from; expressions share much, so each is looked at once. */
  private needsOf(expr: Expr): Needs {
    const old = this.needs.get(expr);
    if (old !== undefined) return old;
    const found: MutableNeeds = {
      loops: new Set(),
      results: new Set(),
      accumulator: false,
      written: false,
    };
    if (expr.kind === "result") found.results.add(expr);
    if (expr.kind === "accumulator") found.accumulator = true;
    if (expr.kind === "load" && this.written.has(expr.buffer)) found.written = true;
    if (expr.kind === "load" || expr.kind === "index") merge(found, this.needsOfIndex(expr.index));
    for (const child of childrenOf(expr)) merge(found, this.needsOf(child));
    this.needs.set(expr, found);
    return found;
  }

  private needsOfIndex(index: Affine): Needs {
    const found: MutableNeeds = {
      loops: new Set(),
      results: new Set(),
      accumulator: false,
      written: false,
    };
    visitLoops(
      index,
      (loop) => found.loops.add(loop),
      (value) => merge(found, this.needsOf(value)),
    );
    return found;
  }

  /** A key for what an expression is at this place: unrolled copies of the code differ in the counters' constants. */
  keyOf(expr: Expr, mode: string): string {
    let id = this.ids.get(expr);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(expr, id);
    }
    const needs = this.needsOf(expr);
    let place = "";
    for (const loop of needs.loops) {
      const { plus } = this.counterOf(loop);
      if (plus !== 0) place += `${loop.name}+${plus};`;
    }
    if (needs.accumulator) place += `accumulator${this.accumulators}`;
    if (this.vectorLoop !== undefined && needs.results.size > 0 && this.varies(needs)) {
      place += `lanes+${this.counterOf(this.vectorLoop).plus}`;
    }
    return `${mode}${id}@${place}`;
  }

  recall(key: string): Held | undefined {
    return this.memo.get(key);
  }

  remember(key: string, held: Held): void {
    this.memo.set(key, held);
  }

  /** The same for a value that may follow from memory which the function writes. */
  rememberValue(expr: Expr, key: string, held: Held): void {
    this.remember(key, held);
    if (this.needsOf(expr).written) this.readWritten.add(key);
  }

  /** Forgets what was read of memory that the function writes: it has just written some. */
  forgetWritten(): void {
    for (const key of this.readWritten) this.memo.delete(key);
    this.readWritten.clear();
  }

  /** Forgets what was computed at this depth or deeper: its loop is over. */
  leave(depth: number): void {
    for (const [key, held] of this.memo) if (held.depth >= depth) this.memo.delete(key);
  }
}

function merge(into: MutableNeeds, from: Needs): void {
  for (const loop of from.loops) into.loops.add(loop);
  for (const result of from.results) into.results.add(result);
  into.accumulator ||= from.accumulator;
  into.written ||= from.written;
}
