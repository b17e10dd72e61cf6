/**
 * This machine as a target: a core is a thread that runs compiled code. Blocks run warm, as they stand in their network, the
 * others around them left out (compiler/profile); the least of several rounds counts, as what disturbs only adds.
 */
import { known } from "../../base/assert.ts";
import type { StartThread } from "../../base/host.ts";
import { cutOut } from "../../compiler/fusion/cut-out.ts";
import { exceptionNames, planFusion } from "../../compiler/fusion/plan.ts";
import { type Bench, runMeasurer } from "../../compiler/profile/measure-blocks.ts";
import { type KeyMaker, keyMaker } from "../../compiler/profile/profiled-latency.ts";
import { createRuntime, type Runtime } from "../../compiler/runtime/runtime.ts";
import { type Block, checkCores, type Target } from "./target.ts";
import type { TargetOrigin } from "./target-origin.ts";

export interface MachineOptions extends Pick<Bench, "relaxedSimd" | "clock" | "sleep"> {
  readonly origin: Extract<TargetOrigin, { kind: "machine" }>;
  /** Threads that a block can run on at most. */
  readonly threads: number;
  readonly startThread?: StartThread | undefined;
}

/** `dispose` ends the threads. */
export interface MachineTarget extends Target {
  dispose(): void;
}

export function machineTarget({ origin, threads, startThread, ...bench }: MachineOptions): MachineTarget {
  const runtimes = new Map<number, Runtime>();
  const onThreads = (count: number): Runtime => {
    const runtime = runtimes.get(count) ?? createRuntime({ threads: count, startThread });
    runtimes.set(count, runtime);
    return runtime;
  };
  const target: MachineTarget = {
    name: origin.processor,
    origin,
    coreNumbers: Array.from({ length: threads }, (_, index) => index + 1),
    isExact: false,
    async measure(block, cores) {
      checkCores(target, cores);
      const network = keyMaker(block.typed);
      const measure = runMeasurer({ ...bench, runtime: onThreads(cores) });
      const [seconds] = await measure(network, [kernelsOf(network, block)]);
      return seconds ?? undefined;
    },
    dispose() {
      for (const runtime of runtimes.values()) runtime.dispose();
      runtimes.clear();
    },
  };
  return target;
}

/** The block's operators as compiled code runs them: those of one fused kernel together. */
function kernelsOf({ ecg }: KeyMaker, { typed, nodes }: Block): readonly (readonly number[])[] {
  const inner = cutOut(ecg, nodes);
  const indexOf = new Map(typed.graph.nodes.map((node, index) => [node, index]));
  const chosen = new Set(nodes);
  return planFusion(inner, { exceptions: exceptionNames })
    .blocks.map((kernel) =>
      kernel.nodes
        .map((index) => known(indexOf.get(known(inner.graph.nodes[index], "node")), "node of the network"))
        .filter((index) => chosen.has(index)),
    )
    .filter((kernel) => kernel.length > 0);
}
