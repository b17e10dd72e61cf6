/** Runs generated kernels in a memory of their own. For tests and benches. */
import { encodeModule } from "../../wasm/encode.ts";
import type { WasmFunction } from "../../wasm/function-builder.ts";
import type { Kernel } from "../place.ts";

/** What lies where a kernel must not write. */
export const guard = 12345;

/** Floats at an address. */
export interface Region {
  readonly address: number;
  readonly floats: Float32Array;
}

export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  private readonly pages: number;
  private end = 1024;

  constructor(bytes: number) {
    this.pages = Math.ceil((bytes + 8192) / 65536);
    this.memory = new WebAssembly.Memory({ initial: this.pages, maximum: this.pages });
  }

  /** New floats, 64-byte aligned; a gap after them catches nothing, but tests may look at it. */
  floats(content: number | ArrayLike<number>): Region {
    const address = this.end;
    const length = typeof content === "number" ? content : content.length;
    this.end = (address + 4 * length + 127) & ~63;
    const floats = new Float32Array(this.memory.buffer, address, length);
    if (typeof content !== "number") floats.set(content);
    return { address, floats };
  }

  /** Room for results, filled and followed by guards that no kernel may touch where it has nothing to say. */
  guarded(length: number): Region {
    return this.floats(new Float32Array(length + 64).fill(guard));
  }

  bind(functions: readonly WasmFunction[]): Readonly<Record<string, (...values: number[]) => void>> {
    const bytes = encodeModule({ memory: { pages: this.pages, shared: false }, functions });
    const module = new WebAssembly.Module(bytes as BufferSource);
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    return instance.exports as Record<string, (...values: number[]) => void>;
  }

  /** Runs all units of a kernel as `parts` threads would, the last part first. */
  run(kernel: Kernel, addresses: readonly number[], parts = 1, first = 0): void {
    const run = this.bind([kernel.function])[kernel.function.name];
    if (run === undefined) throw new Error(`internal: no function ${kernel.function.name}`);
    for (let part = parts - 1; part >= 0; part--) {
      const from = Math.floor((kernel.units * part) / parts);
      const to = Math.floor((kernel.units * (part + 1)) / parts);
      run(...addresses, first + from, first + to);
    }
  }
}

/** Whether this engine validates relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  // (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd)
  const body = [0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x85, 0x02, 0x0b];
  const bytes = [
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b,
  ];
  bytes.push(0x03, 0x02, 0x01, 0x00, 0x0a, body.length + 2, 0x01, body.length, ...body);
  return WebAssembly.validate(new Uint8Array(bytes));
}
