/**
 * A module as bytes (WebAssembly core specification, section 5). One memory is imported as env.memory; functions know
 * each other by name. Linear in the code.
 */
import { assert, known } from "../../../base/assert.ts";
import type { Code, Label, WasmType } from "./code.ts";
import type { WasmFunction } from "./function-builder.ts";
import { opcodeOf, unsignedLeb } from "./opcodes.ts";

export interface WasmMemory {
  /** Pages of 64 KiB. */
  readonly pages: number;
  /** Shared memory must say its most; it is the same here. */
  readonly shared: boolean;
}

export interface WasmModule {
  readonly memory: WasmMemory;
  readonly functions: readonly WasmFunction[];
}

const typeCodes: Readonly<Record<WasmType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

export function encodeModule({ memory, functions }: WasmModule): Uint8Array {
  const signatures = new Map<string, number>();
  const signatureOf = (fn: WasmFunction): number => {
    const key = `${fn.parameters.map(({ type }) => type).join()}>${fn.result ?? ""}`;
    const old = signatures.get(key);
    if (old !== undefined) return old;
    signatures.set(key, signatures.size);
    return signatures.size - 1;
  };
  const indices = functions.map(signatureOf);
  const byName = new Map(functions.map(({ name }, index) => [name, index]));
  assert(byName.size === functions.length, "two functions of one name");
  const out = new Bytes();
  out.push(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  out.section(1, (section) => {
    section.unsigned(signatures.size);
    for (const key of signatures.keys()) {
      const [parameters = "", result = ""] = key.split(">");
      const types = parameters === "" ? [] : parameters.split(",");
      section.push(0x60);
      section.unsigned(types.length);
      for (const type of types) section.push(typeCodes[type as WasmType]);
      if (result === "") section.push(0);
      else section.push(1, typeCodes[result as WasmType]);
    }
  });
  out.section(2, (section) => {
    section.unsigned(1);
    section.text("env");
    section.text("memory");
    section.push(0x02, memory.shared ? 0x03 : 0x01);
    section.unsigned(memory.pages);
    section.unsigned(memory.pages);
  });
  out.section(3, (section) => {
    section.unsigned(indices.length);
    for (const index of indices) section.unsigned(index);
  });
  out.section(7, (section) => {
    const exported = functions.filter((fn) => fn.exported);
    section.unsigned(exported.length);
    for (const { name } of exported) {
      section.text(name);
      section.push(0x00);
      section.unsigned(known(byName.get(name), name));
    }
  });
  out.section(10, (section) => {
    section.unsigned(functions.length);
    for (const fn of functions) {
      const body = new Bytes();
      encodeBody(body, fn, byName);
      section.unsigned(body.length);
      section.append(body);
    }
  });
  return out.toUint8Array();
}

function encodeBody(out: Bytes, fn: WasmFunction, byName: ReadonlyMap<string, number>): void {
  const runs: { type: WasmType; count: number }[] = [];
  for (const { type } of fn.locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  out.unsigned(runs.length);
  for (const { type, count } of runs) {
    out.unsigned(count);
    out.push(typeCodes[type]);
  }
  const encoder = new BodyEncoder(out, byName);
  for (const code of fn.body) encoder.encode(code);
  out.push(0x0b);
}

class BodyEncoder {
  private readonly out: Bytes;
  private readonly byName: ReadonlyMap<string, number>;
  private readonly labels: (Label | undefined)[] = [];

  constructor(out: Bytes, byName: ReadonlyMap<string, number>) {
    this.out = out;
    this.byName = byName;
  }

  encode(code: Code): void {
    const { out } = this;
    switch (code.kind) {
      case "op":
        for (const operand of code.operands) this.encode(operand);
        this.encodeOp(code);
        return;
      case "get":
        out.push(0x20);
        out.unsigned(code.local.index);
        return;
      case "set":
      case "tee":
        this.encode(code.value);
        out.push(code.kind === "set" ? 0x21 : 0x22);
        out.unsigned(code.local.index);
        return;
      case "call":
        for (const operand of code.operands) this.encode(operand);
        out.push(0x10);
        out.unsigned(known(this.byName.get(code.callee.name), `function ${code.callee.name}`));
        return;
      case "block":
      case "loop":
        out.push(code.kind === "block" ? 0x02 : 0x03, 0x40);
        this.encodeInside(code.label, code.body);
        out.push(0x0b);
        return;
      case "if":
        this.encode(code.condition);
        out.push(0x04, 0x40);
        this.encodeInside(undefined, code.yes);
        if (code.no.length > 0) {
          out.push(0x05);
          this.encodeInside(undefined, code.no);
        }
        out.push(0x0b);
        return;
      case "branch": {
        if (code.condition !== undefined) this.encode(code.condition);
        const depth = this.labels.length - 1 - this.labels.lastIndexOf(code.label);
        out.push(code.condition === undefined ? 0x0c : 0x0d);
        out.unsigned(depth);
        return;
      }
      case "select":
        this.encode(code.yes);
        this.encode(code.no);
        this.encode(code.condition);
        out.push(0x1b);
        return;
      default:
        code satisfies never;
    }
  }

  private encodeInside(label: Label | undefined, body: readonly Code[]): void {
    this.labels.push(label);
    for (const inner of body) this.encode(inner);
    this.labels.pop();
  }

  private encodeOp(code: Extract<Code, { kind: "op" }>): void {
    const { out } = this;
    const { bytes, immediate, accessBytes } = opcodeOf(code.name);
    out.push(...bytes);
    switch (immediate) {
      case "none":
        return;
      case "zero":
        out.push(0);
        return;
      case "zero-zero":
        out.push(0, 0);
        return;
      case "lane":
        out.push(code.lane ?? 0);
        return;
      case "memory":
      case "memory-lane":
        // Atomic instructions ask for the natural alignment; for others it is a hint that elements are aligned.
        out.unsigned(
          code.name.includes("atomic") ? Math.log2(accessBytes) : Math.min(2, Math.log2(accessBytes)),
        );
        out.unsigned(code.offset ?? 0);
        if (immediate === "memory-lane") out.push(code.lane ?? 0);
        return;
      case "shuffle":
        out.push(...(code.value as readonly number[]));
        return;
      case "constant":
        this.encodeConstant(code);
        return;
      default:
        immediate satisfies never;
    }
  }

  private encodeConstant({ name, value }: Extract<Code, { kind: "op" }>): void {
    const { out } = this;
    if (name === "i32.const") out.signed(BigInt(Number(value) | 0));
    else if (name === "i64.const") out.signed(BigInt.asIntN(64, BigInt(value as bigint)));
    else if (name === "f32.const") out.push(...new Uint8Array(new Float32Array([Number(value)]).buffer));
    else if (name === "f64.const") out.push(...new Uint8Array(new Float64Array([Number(value)]).buffer));
    else {
      const numbers = value as readonly number[];
      out.push(...(numbers.length === 16 ? numbers : new Uint8Array(new Float32Array(numbers).buffer)));
    }
  }
}

/** Bytes that grow. */
class Bytes {
  private data = new Uint8Array(256);
  length = 0;

  push(...bytes: readonly number[]): void {
    this.reserve(bytes.length);
    for (const byte of bytes) this.data[this.length++] = byte;
  }

  append(other: Bytes): void {
    this.reserve(other.length);
    this.data.set(other.data.subarray(0, other.length), this.length);
    this.length += other.length;
  }

  unsigned(value: number): void {
    this.push(...unsignedLeb(value));
  }

  signed(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
      this.push(done ? low : low | 0x80);
      if (done) return;
    }
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.unsigned(bytes.length);
    this.push(...bytes);
  }

  section(id: number, fill: (section: Bytes) => void): void {
    const section = new Bytes();
    fill(section);
    this.push(id);
    this.unsigned(section.length);
    this.append(section);
  }

  toUint8Array(): Uint8Array {
    return this.data.slice(0, this.length);
  }

  private reserve(more: number): void {
    if (this.length + more <= this.data.length) return;
    const grown = new Uint8Array(Math.max(this.data.length * 2, this.length + more));
    grown.set(this.data.subarray(0, this.length));
    this.data = grown;
  }
}
