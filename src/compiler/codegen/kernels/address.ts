/** Small arithmetic on addresses and counters, with constants folded, and memory accesses of a few lanes. */
import { type Code, get, i32, type Local, label, load, memoryLane, op, set, store } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";

/** The same code twice would be evaluated twice: where a value is needed twice, put it in a local. */
export function times(value: Code, factor: number): Code {
  if (factor === 0 || isConstant(value, 0)) return i32(0);
  return factor === 1 ? value : op("i32.mul", value, i32(factor));
}

/** A sum without the parts that are zero. */
export function sum(...parts: readonly Code[]): Code {
  const rest = parts.filter((part) => !isConstant(part, 0));
  return rest.length === 0 ? i32(0) : rest.reduce((left, right) => op("i32.add", left, right));
}

export function quotient(value: Code, divisor: number): Code {
  return divisor === 1 ? value : op("i32.div_u", value, i32(divisor));
}

export function remainder(value: Code, divisor: number): Code {
  return divisor === 1 ? i32(0) : op("i32.rem_u", value, i32(divisor));
}

/** The smaller of two signed numbers; both are evaluated twice, so they should be locals or constants. */
export function smaller(left: Code, right: Code): Code {
  return { kind: "select", condition: op("i32.lt_s", left, right), yes: left, no: right };
}

export function larger(left: Code, right: Code): Code {
  return { kind: "select", condition: op("i32.gt_s", left, right), yes: left, no: right };
}

function isConstant(code: Code, value: number): boolean {
  return code.kind === "op" && code.name === "i32.const" && code.value === value;
}

/** do body while (condition). */
export function doWhile(
  builder: FunctionBuilder,
  name: string,
  body: () => void,
  condition: () => Code,
): void {
  const again = label(name);
  const inside = builder.collect(body);
  builder.emit({
    kind: "loop",
    label: again,
    body: [...inside, { kind: "branch", label: again, condition: condition() }],
  });
}

/** Runs the body a number of times that is known and at least one; once needs no loop. */
export function repeat(builder: FunctionBuilder, name: string, count: number, body: () => void): void {
  if (count === 1) {
    body();
    return;
  }
  const left = builder.let("i32", name, i32(count));
  const less = (): Code => ({ kind: "tee", local: left, value: op("i32.sub", get(left), i32(1)) });
  doWhile(builder, `${name}_loop`, body, less);
}

/** Stores the first lanes of a vector, which must be a local if there are three of them. */
export function storeLanes(address: Code, value: Code, lanes: number, offset = 0): readonly Code[] {
  if (lanes === 4) return [store("v128.store", address, value, offset)];
  if (lanes === 1) return [memoryLane("v128.store32_lane", 0, [address, value], offset)];
  const two = memoryLane("v128.store64_lane", 0, [address, value], offset);
  if (lanes === 2) return [two];
  return [two, memoryLane("v128.store32_lane", 2, [address, value], offset + 8)];
}

/** Loads the first lanes of a vector and reads nothing beyond; the others are zero. */
export function loadLanes(address: Code, lanes: number, offset = 0): Code {
  if (lanes === 4) return load("v128.load", address, offset);
  if (lanes === 1) return load("v128.load32_zero", address, offset);
  const two = load("v128.load64_zero", address, offset);
  return lanes === 2 ? two : memoryLane("v128.load32_lane", 2, [address, two], offset + 8);
}

/** left * right + sum, fused where relaxed SIMD may be used. */
export function multiplyAdd(relaxed: boolean, left: Code, right: Code, sum: Code): Code {
  if (relaxed) return op("f32x4.relaxed_madd", left, right, sum);
  return op("f32x4.add", op("f32x4.mul", left, right), sum);
}

/** Emits `local = value`, and gives the local. */
export function assign(builder: FunctionBuilder, local: Local, value: Code): Local {
  builder.emit(set(local, value));
  return local;
}
