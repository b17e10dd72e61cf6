/**
 * Expressions as WebAssembly: one element at a time, or four lanes of the vector loop. What four lanes cannot do (64-bit
 * numbers, jumping loads) is done lane by lane. Values that several readers share, and those that an inner loop does not
 * change, are kept in locals.
 */
import { assert, known } from "../../../base/assert.ts";
import {
  type Callee,
  type Code,
  call,
  f32x4,
  get,
  i32x4,
  type Local,
  laneOp,
  load,
  memoryLane,
  op,
  store,
  type WasmType,
} from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";
import type { Affine, Loop } from "./affine.ts";
import { Bindings, type Held } from "./bindings.ts";
import {
  type Buffer,
  childrenOf,
  type Expr,
  type MathFunction,
  type NumberType,
  type StoredType,
  storedBytes,
} from "./expr.ts";
import { numberCode, scalarOf, vectorOf } from "./instructions.ts";
import { Lanes } from "./lanes.ts";
import { type Address, Places } from "./places.ts";
import { emitUnaryMath, type VectorFunction } from "./vector-math.ts";

/** The approximations that generated code uses. */
export interface MathLibrary {
  /** The function of the module that computes it. */
  callee(name: VectorFunction): Callee;
  /** Whether multiply and add may be fused. */
  readonly relaxed: boolean;
}

/** Short ones are written in place: a call costs as much as they do. */
const written: ReadonlySet<string> = new Set(["exp", "tanh", "erf", "log"]);

const lanes = [0, 1, 2, 3] as const;

export class Emitter {
  readonly builder: FunctionBuilder;
  readonly bindings = new Bindings();
  private readonly places: Places;
  private readonly math: MathLibrary;
  private readonly shared = new Map<Expr, number>();
  /** How many values are being made that belong to outer loops: statements here would come too late for them. */
  private hoisting = 0;

  constructor(builder: FunctionBuilder, addresses: ReadonlyMap<Buffer, Local>, math: MathLibrary) {
    this.builder = builder;
    this.places = new Places(builder, this.bindings, addresses, (value) => this.scalar(value));
    this.math = math;
  }

  /** Counts the readers of every value under these; to be called before any of them is emitted. */
  countReaders(roots: readonly Expr[]): void {
    const visit = (expr: Expr): void => {
      const readers = this.shared.get(expr) ?? 0;
      this.shared.set(expr, readers + 1);
      if (readers === 0) for (const child of childrenOf(expr)) visit(child);
    };
    for (const root of roots) visit(root);
  }

  /** One element. Inside a vector loop: that of the lane which the loop's counter is at. */
  scalar(expr: Expr): Code {
    return this.kept(expr, "s", expr.type, () => this.scalarCode(expr));
  }

  /** Four lanes of an f32 or i32. */
  vector(expr: Expr): Code {
    assert(expr.type === "f32" || expr.type === "i32", "four lanes of 64 bits");
    return this.kept(expr, "v", "v128", () => this.vectorCode(expr));
  }

  /** Computes four lanes now, for whoever asks for them next. */
  holdVector(expr: Expr): void {
    this.shared.set(expr, Math.max(2, this.shared.get(expr) ?? 0));
    this.vector(expr);
  }

  private kept(expr: Expr, mode: string, type: WasmType, make: () => Code): Code {
    const { bindings, builder } = this;
    if (expr.kind === "constant" || expr.kind === "accumulator") return make();
    if (expr.kind === "result" && mode === "s") return make();
    const key = bindings.keyOf(expr, mode);
    const old = bindings.recall(key);
    if (old !== undefined) return get(old.local);
    const depth = Math.min(bindings.depthOf(expr), builder.depth);
    const isHoisted = depth < builder.depth;
    const isShared = (this.shared.get(expr) ?? 1) > 1;
    if (!isHoisted && !isShared) return make();
    if (isHoisted) this.hoisting++;
    const value = make();
    if (isHoisted) this.hoisting--;
    const local = builder.local(type, expr.kind === "load" ? expr.buffer.name : expr.kind);
    builder.emitAt(depth, { kind: "set", local, value });
    bindings.rememberValue(expr, key, { local, isVector: mode === "v", depth });
    return get(local);
  }

  private scalarCode(expr: Expr): Code {
    switch (expr.kind) {
      case "constant":
        return numberCode(expr.type, expr.value);
      case "load": {
        const { base, offset } = this.address(expr.buffer, expr.index);
        return load(scalarLoads[expr.buffer.elementType], base, offset);
      }
      case "index":
        return this.places.indexCode(expr.index);
      case "result":
        return this.lane(this.bindings.resultOf(expr));
      case "accumulator":
        return laneOp("f32x4.extract_lane", 0, known(this.bindings.accumulator, "accumulator"));
      default:
        return scalarOf(
          expr,
          (inner) => this.scalar(inner),
          (name, operands) => call(this.math.callee(name), ...operands),
        );
    }
  }

  /** A held value as one element. */
  private lane({ local, isVector }: Held): Code {
    if (!isVector) return get(local);
    const { vectorLoop } = this.bindings;
    const lane = vectorLoop === undefined ? 0 : this.bindings.counterOf(vectorLoop).plus % 4;
    return laneOp("f32x4.extract_lane", lane, get(local));
  }

  private vectorCode(expr: Expr): Code {
    const { bindings } = this;
    if (expr.kind === "constant") return expr.type === "f32" ? f32x4(expr.value) : i32x4(expr.value);
    if (expr.kind === "accumulator") return known(bindings.accumulator, "accumulator");
    if (expr.kind === "result") {
      const held = bindings.resultOf(expr);
      return held.isVector ? get(held.local) : splat(expr.type, get(held.local));
    }
    if (!bindings.variesInLanes(expr)) return this.uniform(expr);
    if (expr.kind === "load") return this.vectorLoad(expr);
    const code =
      expr.kind === "index"
        ? undefined
        : vectorOf(
            expr,
            (inner) => this.vector(inner),
            (name, operands) => this.vectorFunction(name, operands),
          );
    return code ?? this.laneByLane(expr);
  }

  private vectorFunction(name: VectorFunction, operands: readonly Code[]): Code {
    const { builder, math, hoisting } = this;
    const [x] = operands;
    if (hoisting > 0 || x === undefined || !written.has(name)) return call(math.callee(name), ...operands);
    return emitUnaryMath(new Lanes(builder, math.relaxed), name as MathFunction, x);
  }

  /** The same value in all lanes. */
  private uniform(expr: Expr): Code {
    if (expr.kind === "load" && storedBytes[expr.buffer.elementType] === 4 && expr.type !== "i64") {
      const { base, offset } = this.address(expr.buffer, expr.index);
      return load("v128.load32_splat", base, offset);
    }
    return splat(expr.type, this.scalar(expr));
  }

  private vectorLoad(expr: Extract<Expr, { kind: "load" }>): Code {
    const { buffer, index } = expr;
    const stride = this.laneStride(index);
    if (stride === 1) {
      const { base, offset } = this.address(buffer, index);
      if (storedBytes[buffer.elementType] === 4) return load("v128.load", base, offset);
      if (storedBytes[buffer.elementType] === 1) return extended(buffer.elementType, base, offset);
    }
    if (storedBytes[buffer.elementType] !== 4) return this.laneByLane(expr);
    return this.lanesOf((lane, before) => {
      const { base, offset } = this.address(buffer, index);
      return before === undefined
        ? load("v128.load32_splat", base, offset)
        : memoryLane("v128.load32_lane", lane, [base, before], offset);
    });
  }

  private laneByLane(expr: Expr): Code {
    return this.lanesOf((lane, before) => {
      const element = this.scalar(expr);
      if (before === undefined) return splat(expr.type, element);
      return laneOp(expr.type === "f32" ? "f32x4.replace_lane" : "i32x4.replace_lane", lane, before, element);
    });
  }

  /** Puts four lanes together; while it makes one, the vector loop's counter is at that lane. */
  private lanesOf(make: (lane: number, before: Code | undefined) => Code): Code {
    const { bindings } = this;
    const loop = known(bindings.vectorLoop, "vector loop");
    const counter = bindings.counterOf(loop);
    let code: Code | undefined;
    for (const lane of lanes) {
      bindings.bind(loop, { ...counter, plus: counter.plus + lane });
      code = make(lane, code);
    }
    bindings.bind(loop, counter);
    return known(code, "lanes");
  }

  /** Stores four lanes side by side. */
  storeVector(buffer: Buffer, index: Affine, value: Code): void {
    const { base, offset } = this.address(buffer, index);
    this.builder.emit(store("v128.store", base, value, offset));
    this.bindings.forgetWritten();
  }

  /** Stores the first lanes one by one: where they do not lie side by side, or are not all there. */
  storeEachLane(buffer: Buffer, index: Affine, value: Expr, count = 4): void {
    const { bindings, builder } = this;
    const loop = known(bindings.vectorLoop, "vector loop");
    const counter = bindings.counterOf(loop);
    const held = builder.let("v128", "lanes", this.vector(value));
    const extract = value.type === "f32" ? "f32x4.extract_lane" : "i32x4.extract_lane";
    for (const lane of lanes.slice(0, count)) {
      bindings.bind(loop, { ...counter, plus: counter.plus + lane });
      this.storeScalar(buffer, index, laneOp(extract, lane, get(held)));
    }
    bindings.bind(loop, counter);
  }

  storeScalar(buffer: Buffer, index: Affine, value: Code): void {
    const { base, offset } = this.address(buffer, index);
    this.builder.emit(store(scalarStores[buffer.elementType], base, value, offset));
    this.bindings.forgetWritten();
  }

  /** The address of an element. */
  address(buffer: Buffer, index: Affine): Address {
    return this.places.address(buffer, index);
  }

  /** How far apart neighbouring lanes are, in elements; undefined where that is not the same for all. */
  laneStride(index: Affine): number | undefined {
    return this.places.laneStride(index);
  }

  /** Inside `body`, a loop's counter is this local. */
  withCounter(loop: Loop, local: Local, plus: number, body: () => void): void {
    this.bindings.bind(loop, { local, plus, depth: this.builder.depth });
    body();
    this.bindings.leave(this.builder.depth);
  }
}

export function splat(type: NumberType, code: Code): Code {
  return op(type === "f32" ? "f32x4.splat" : "i32x4.splat", code);
}

/** Four bytes as four 32-bit integers. */
function extended(type: StoredType, base: Code, offset: number): Code {
  const bytes = load("v128.load32_zero", base, offset);
  return type === "int8"
    ? op("i32x4.extend_low_i16x8_s", op("i16x8.extend_low_i8x16_s", bytes))
    : op("i32x4.extend_low_i16x8_u", op("i16x8.extend_low_i8x16_u", bytes));
}

const scalarLoads: Readonly<Record<StoredType, string>> = {
  float32: "f32.load",
  float64: "f64.load",
  int64: "i64.load",
  int32: "i32.load",
  uint32: "i64.load32_u",
  int16: "i32.load16_s",
  uint16: "i32.load16_u",
  int8: "i32.load8_s",
  uint8: "i32.load8_u",
  bool: "i32.load8_u",
};

const scalarStores: Readonly<Record<StoredType, string>> = {
  float32: "f32.store",
  float64: "f64.store",
  int64: "i64.store",
  int32: "i32.store",
  uint32: "i64.store32",
  int16: "i32.store16",
  uint16: "i32.store16",
  int8: "i32.store8",
  uint8: "i32.store8",
  bool: "i32.store8",
};
