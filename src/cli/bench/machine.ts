/** What must be said beside every measured time: the machine, its engine and what of SIMD that engine knows. */
import { availableParallelism, cpus } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly processors: number;
  readonly node: string;
  readonly v8: string;
  /** The most that WebAssembly can do here: "none", "simd" or "relaxed simd". */
  readonly wasmSimd: "none" | "simd" | "relaxed simd";
  /** Flags that Node was started with. */
  readonly flags: readonly string[];
}

/** () -> () with a body that makes a v128 and drops it. */
function moduleOf(body: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic and version
    ...[1, 4, 1, 0x60, 0, 0], // type 0: () -> ()
    ...[3, 2, 1, 0], // function 0 has type 0
    ...[10, body.length + 5, 1, body.length + 3, 0, ...body, 0x1a, 0x0b], // body; drop; end
  ]);
}

const zeroVector = [0x41, 0, 0xfd, 0x0f]; // i32.const 0; i8x16.splat
const relaxedMadd = [0xfd, 0x85, 0x02]; // f32x4.relaxed_madd

export function describeMachine(): Machine {
  const hasSimd = WebAssembly.validate(moduleOf(zeroVector));
  const hasRelaxed = WebAssembly.validate(
    moduleOf([...zeroVector, ...zeroVector, ...zeroVector, ...relaxedMadd]),
  );
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    processors: availableParallelism(),
    node: process.versions.node,
    v8: process.versions.v8,
    wasmSimd: hasRelaxed ? "relaxed simd" : hasSimd ? "simd" : "none",
    flags: [...process.execArgv, ...(process.env.NODE_OPTIONS?.split(" ").filter(Boolean) ?? [])],
  };
}

/** One line for people. */
export function machineText({ cpu, processors, node, v8, wasmSimd, flags }: Machine): string {
  const given = flags.length === 0 ? "no flags" : flags.join(" ");
  return `${cpu}, ${processors} processors; Node ${node} (V8 ${v8}), wasm: ${wasmSimd}; ${given}`;
}
