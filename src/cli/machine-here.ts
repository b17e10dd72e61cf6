/** This machine as a target, as Node sees it: its processors, its engine, its clock. */
import { setTimeout as wait } from "node:timers/promises";
import { usageError } from "../base/errors.ts";
import { supportsRelaxedSimd } from "../compiler/runtime/features.ts";
import { nodeThreads } from "../host/node-threads.ts";
import { compileWellAtOnce } from "../host/wasm-engine.ts";
import { type MachineTarget, machineTarget } from "../mapping/targets/machine-target.ts";
import { describeMachine } from "./bench/machine.ts";
import { originHere } from "./profile-file.ts";

/**
 * Blocks on up to so many threads; as many as there are processors, unless given. `dispose` ends the threads.
 *
 * @throws LaminateError (usage) for more threads than processors
 */
export function machineHere(threads?: number): MachineTarget {
  // Blocks are measured for some milliseconds, in which V8 would not be done with replacing its quick code.
  compileWellAtOnce();
  const { processors } = describeMachine();
  if (threads !== undefined && threads > processors)
    throw usageError(`there are no ${threads} processors here, but ${processors}`, {
      where: "--threads",
      fix: `give at most --threads ${processors}: threads that wait for each other's processor say nothing of cores`,
    });
  return machineTarget({
    origin: { kind: "machine", ...originHere(), processors },
    threads: threads ?? Math.min(64, processors),
    startThread: nodeThreads(),
    relaxedSimd: supportsRelaxedSimd(),
    clock: () => performance.now() / 1000,
    sleep: (seconds) => wait(seconds * 1000),
  });
}
