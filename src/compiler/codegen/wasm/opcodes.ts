/**
 * The WebAssembly instructions that generated code uses, with their binary codes (WebAssembly core specification 2.0
 * with fixed-width SIMD, section 5.4; relaxed SIMD; threads). Instructions with structure (blocks, locals, calls) are
 * in encode.ts.
 */
import type { WasmType } from "./code.ts";

/** How an instruction's immediates are written. */
export type Immediate =
  | "none"
  | "memory"
  | "lane"
  | "memory-lane"
  | "constant"
  | "shuffle"
  | "zero"
  | "zero-zero";

export interface Opcode {
  readonly bytes: readonly number[];
  readonly immediate: Immediate;
  readonly result: WasmType | undefined;
  /** Bytes that a memory instruction moves. */
  readonly accessBytes: number;
}

const simd = 0xfd;
const atomic = 0xfe;
const misc = 0xfc;

/** A number as unsigned LEB128: prefixed opcodes are written so. */
export function unsignedLeb(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

const table = new Map<string, Opcode>();

interface Shape {
  readonly immediate?: Immediate;
  readonly result?: WasmType | undefined;
  readonly accessBytes?: number;
}

function add(name: string, bytes: readonly number[], shape: Shape = {}): void {
  const result = "result" in shape ? shape.result : resultOf(name);
  table.set(name, {
    bytes,
    immediate: shape.immediate ?? "none",
    result,
    accessBytes: shape.accessBytes ?? 0,
  });
}

/** Most instructions give what their name begins with. */
function resultOf(name: string): WasmType | undefined {
  const prefix = name.slice(0, name.indexOf("."));
  if (prefix === "i32" || prefix === "i64" || prefix === "f32" || prefix === "f64") return prefix;
  return "v128";
}

/** Names in the order of their codes; "" leaves a code out. */
function addRow(prefix: readonly number[], first: number, names: string, shape: Shape = {}): void {
  names.split(" ").forEach((name, index) => {
    if (name === "-") return;
    const code = first + index;
    add(name, prefix.length === 0 ? [code] : [...prefix, ...unsignedLeb(code)], shape);
  });
}

function addMemory(prefix: readonly number[], code: number, name: string, accessBytes: number): void {
  const isStore = /store/.test(name);
  const shape: Shape = { immediate: "memory", accessBytes, ...(isStore ? { result: undefined } : {}) };
  add(name, prefix.length === 0 ? [code] : [...prefix, ...unsignedLeb(code)], shape);
}

const compareI = "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split(" ");
const compareF = "eq ne lt gt le ge".split(" ");
const i32: Shape = { result: "i32" };
addRow([], 0x45, compareI.map((name) => `i32.${name}`).join(" "), i32);
addRow([], 0x50, compareI.map((name) => `i64.${name}`).join(" "), i32);
addRow([], 0x5b, compareF.map((name) => `f32.${name}`).join(" "), i32);
addRow([], 0x61, compareF.map((name) => `f64.${name}`).join(" "), i32);
const integer =
  "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr".split(" ");
const float = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign".split(" ");
addRow([], 0x67, integer.map((name) => `i32.${name}`).join(" "));
addRow([], 0x79, integer.map((name) => `i64.${name}`).join(" "));
addRow([], 0x8b, float.map((name) => `f32.${name}`).join(" "));
addRow([], 0x99, float.map((name) => `f64.${name}`).join(" "));
addRow(
  [],
  0xa7,
  "i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s i64.extend_i32_u " +
    "i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u " +
    "f32.convert_i64_s f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s " +
    "f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 " +
    "f64.reinterpret_i64 i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s",
);
addRow(
  [misc],
  0,
  "i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u i64.trunc_sat_f32_s " +
    "i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u",
);
add("memory.copy", [misc, 10], { immediate: "zero-zero", result: undefined });
add("memory.fill", [misc, 11], { immediate: "zero", result: undefined });

const loads: readonly (readonly [string, number])[] = [
  ["i32.load", 4],
  ["i64.load", 8],
  ["f32.load", 4],
  ["f64.load", 8],
  ["i32.load8_s", 1],
  ["i32.load8_u", 1],
  ["i32.load16_s", 2],
  ["i32.load16_u", 2],
  ["i64.load8_s", 1],
  ["i64.load8_u", 1],
  ["i64.load16_s", 2],
  ["i64.load16_u", 2],
  ["i64.load32_s", 4],
  ["i64.load32_u", 4],
  ["i32.store", 4],
  ["i64.store", 8],
  ["f32.store", 4],
  ["f64.store", 8],
  ["i32.store8", 1],
  ["i32.store16", 2],
  ["i64.store8", 1],
  ["i64.store16", 2],
  ["i64.store32", 4],
];
loads.forEach(([name, bytes], index) => {
  addMemory([], 0x28 + index, name, bytes);
});
add("i32.const", [0x41], { immediate: "constant" });
add("i64.const", [0x42], { immediate: "constant" });
add("f32.const", [0x43], { immediate: "constant" });
add("f64.const", [0x44], { immediate: "constant" });
add("v128.const", [simd, 12], { immediate: "constant" });
add("drop", [0x1a], { result: undefined });
add("return", [0x0f], { result: undefined });
add("unreachable", [0x00], { result: undefined });

const vectorLoads: readonly (readonly [string, number])[] = [
  ["v128.load", 16],
  ["v128.load8x8_s", 8],
  ["v128.load8x8_u", 8],
  ["v128.load16x4_s", 8],
  ["v128.load16x4_u", 8],
  ["v128.load32x2_s", 8],
  ["v128.load32x2_u", 8],
  ["v128.load8_splat", 1],
  ["v128.load16_splat", 2],
  ["v128.load32_splat", 4],
  ["v128.load64_splat", 8],
  ["v128.store", 16],
];
vectorLoads.forEach(([name, bytes], index) => {
  addMemory([simd], index, name, bytes);
});
addMemory([simd], 92, "v128.load32_zero", 4);
addMemory([simd], 93, "v128.load64_zero", 8);
for (const [index, bits] of [8, 16, 32, 64].entries()) {
  const shape: Shape = { immediate: "memory-lane", accessBytes: bits / 8 };
  add(`v128.load${bits}_lane`, [simd, ...unsignedLeb(84 + index)], shape);
  add(`v128.store${bits}_lane`, [simd, ...unsignedLeb(88 + index)], { ...shape, result: undefined });
}
add("i8x16.shuffle", [simd, 13], { immediate: "shuffle" });
add("i8x16.swizzle", [simd, 14]);
addRow([simd], 15, "i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat", {
  result: "v128",
});
const lane: Shape = { immediate: "lane", result: "v128" };
add("i32x4.extract_lane", [simd, 27], { immediate: "lane", result: "i32" });
add("i32x4.replace_lane", [simd, 28], lane);
add("f32x4.extract_lane", [simd, 31], { immediate: "lane", result: "f32" });
add("f32x4.replace_lane", [simd, 32], lane);
const v128: Shape = { result: "v128" };
addRow(
  [simd],
  55,
  compareI
    .slice(1)
    .map((name) => `i32x4.${name}`)
    .join(" "),
  v128,
);
addRow([simd], 65, compareF.map((name) => `f32x4.${name}`).join(" "), v128);
addRow([simd], 77, "v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect", v128);
add("v128.any_true", [simd, 83], i32);
addRow([simd], 103, "f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest", v128);
addRow([simd], 137, "i16x8.extend_low_i8x16_u", v128);
add("i16x8.extend_low_i8x16_s", [simd, ...unsignedLeb(135)]);
addRow([simd], 160, "i32x4.abs i32x4.neg - i32x4.all_true i32x4.bitmask", v128);
addRow([simd], 167, "i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u", v128);
addRow([simd], 171, "i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add - - i32x4.sub - - - i32x4.mul", v128);
addRow([simd], 182, "i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u", v128);
addRow([simd], 224, "f32x4.abs f32x4.neg - f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div", v128);
addRow([simd], 232, "f32x4.min f32x4.max f32x4.pmin f32x4.pmax", v128);
addRow(
  [simd],
  248,
  "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u",
  v128,
);
addRow([simd], 71, compareF.map((name) => `f64x2.${name}`).join(" "), v128);
addRow([simd], 94, "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4", v128);
addRow([simd], 116, "f64x2.ceil f64x2.floor - - - - f64x2.trunc", v128);
add("f64x2.nearest", [simd, ...unsignedLeb(148)]);
addRow([simd], 203, "i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add - - i64x2.sub", v128);
addRow([simd], 236, "f64x2.abs f64x2.neg - f64x2.sqrt f64x2.add f64x2.sub f64x2.mul f64x2.div", v128);
addRow([simd], 244, "f64x2.min f64x2.max f64x2.pmin f64x2.pmax", v128);
add("f32x4.relaxed_madd", [simd, ...unsignedLeb(0x105)]);
add("f32x4.relaxed_nmadd", [simd, ...unsignedLeb(0x106)]);

addMemory([atomic], 0x00, "memory.atomic.notify", 4);
addMemory([atomic], 0x01, "memory.atomic.wait32", 4);
addMemory([atomic], 0x10, "i32.atomic.load", 4);
addMemory([atomic], 0x17, "i32.atomic.store", 4);
addMemory([atomic], 0x1e, "i32.atomic.rmw.add", 4);
addMemory([atomic], 0x48, "i32.atomic.rmw.cmpxchg", 4);
for (const name of ["memory.atomic.notify", "memory.atomic.wait32"]) {
  const opcode = table.get(name);
  if (opcode !== undefined) table.set(name, { ...opcode, result: "i32" });
}

/** The instruction of that name. */
export function opcodeOf(name: string): Opcode {
  const opcode = table.get(name);
  if (opcode === undefined) throw new Error(`internal: there is no instruction ${name}`);
  return opcode;
}
