/**
 * WebAssembly code as trees: an instruction with its operands. Generators build these; encode.ts writes them as bytes
 * and print-wat.ts as text. Data only.
 */
import { opcodeOf } from "./opcodes.ts";

export type WasmType = "i32" | "i64" | "f32" | "f64" | "v128";

/** A parameter or local variable of a function. */
export interface Local {
  readonly type: WasmType;
  /** For reading; unique in its function. */
  readonly name: string;
  readonly index: number;
}

/** A place that branches go to. */
export interface Label {
  readonly name: string;
}

/** A function that can be called: one of the module, known by name. */
export interface Callee {
  readonly name: string;
  readonly result: WasmType | undefined;
}

export type Code =
  | {
      readonly kind: "op";
      readonly name: string;
      readonly operands: readonly Code[];
      /** Byte offset of a memory instruction. */
      readonly offset?: number;
      /** Lane index. */
      readonly lane?: number;
      /** Constants: a number, a bigint for i64, four floats or 16 bytes for v128. */
      readonly value?: number | bigint | readonly number[];
    }
  | { readonly kind: "get"; readonly local: Local }
  | { readonly kind: "set"; readonly local: Local; readonly value: Code }
  | { readonly kind: "tee"; readonly local: Local; readonly value: Code }
  | { readonly kind: "call"; readonly callee: Callee; readonly operands: readonly Code[] }
  | { readonly kind: "block"; readonly label: Label; readonly body: readonly Code[] }
  | { readonly kind: "loop"; readonly label: Label; readonly body: readonly Code[] }
  | {
      readonly kind: "if";
      readonly condition: Code;
      readonly yes: readonly Code[];
      readonly no: readonly Code[];
    }
  | { readonly kind: "branch"; readonly label: Label; readonly condition: Code | undefined }
  | {
      readonly kind: "select";
      readonly condition: Code;
      readonly yes: Code;
      readonly no: Code;
    };

/** An instruction without immediates. */
export function op(name: string, ...operands: readonly Code[]): Code {
  return { kind: "op", name, operands };
}

export function i32(value: number): Code {
  return { kind: "op", name: "i32.const", operands: [], value };
}

export function i64(value: bigint): Code {
  return { kind: "op", name: "i64.const", operands: [], value };
}

export function f32(value: number): Code {
  return { kind: "op", name: "f32.const", operands: [], value };
}

export function f64(value: number): Code {
  return { kind: "op", name: "f64.const", operands: [], value };
}

/** Four equal floats. */
export function f32x4(value: number): Code {
  return { kind: "op", name: "v128.const", operands: [], value: [value, value, value, value] };
}

/** Four equal 32-bit integers, as the floats with the same bits would not survive NaN patterns. */
export function i32x4(value: number): Code {
  const bytes = new Uint8Array(new Int32Array([value, value, value, value]).buffer);
  return { kind: "op", name: "v128.const", operands: [], value: [...bytes] };
}

export function load(name: string, address: Code, offset = 0): Code {
  return { kind: "op", name, operands: [address], offset };
}

export function store(name: string, address: Code, value: Code, offset = 0): Code {
  return { kind: "op", name, operands: [address, value], offset };
}

/** extract_lane and replace_lane. */
export function laneOp(name: string, lane: number, ...operands: readonly Code[]): Code {
  return { kind: "op", name, operands, lane };
}

/** load32_lane, store32_lane: memory instructions on one lane. */
export function memoryLane(name: string, lane: number, operands: readonly Code[], offset = 0): Code {
  return { kind: "op", name, operands, lane, offset };
}

/** i8x16.shuffle by 32-bit lanes: 0 to 3 of the first, 4 to 7 of the second. */
export function shuffle32(first: Code, second: Code, lanes: readonly number[]): Code {
  const bytes = lanes.flatMap((at) => [0, 1, 2, 3].map((byte) => 4 * at + byte));
  return { kind: "op", name: "i8x16.shuffle", operands: [first, second], value: bytes };
}

export function get(local: Local): Code {
  return { kind: "get", local };
}

export function set(local: Local, value: Code): Code {
  return { kind: "set", local, value };
}

export function tee(local: Local, value: Code): Code {
  return { kind: "tee", local, value };
}

export function call(callee: Callee, ...operands: readonly Code[]): Code {
  return { kind: "call", callee, operands };
}

/** Adds to a local in place. */
export function increase(local: Local, by: Code): Code {
  return set(local, op("i32.add", get(local), by));
}

export function label(name: string): Label {
  return { name };
}

/** The type that the code leaves on the stack; undefined for statements. */
export function resultOf(code: Code): WasmType | undefined {
  switch (code.kind) {
    case "op":
      return opcodeOf(code.name).result;
    case "get":
    case "tee":
      return code.local.type;
    case "call":
      return code.callee.result;
    case "select":
      return resultOf(code.yes);
    case "set":
    case "block":
    case "loop":
    case "if":
    case "branch":
      return undefined;
    default:
      return code satisfies never;
  }
}
