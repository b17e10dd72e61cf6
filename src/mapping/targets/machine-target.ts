/**
 * This machine as a target: a core is a thread that runs compiled code. Two copies of a block run in turn, warm, so that each begins
 * as a block of a network does, with its threads asleep; the least of several rounds counts, as what disturbs only adds. Every step
 * is shared out over the threads that it is measured on, however small: whether that pays is what is asked.
 */
import { known } from "../../base/assert.ts";
import type { StartThread } from "../../base/host.ts";
import { cutOut } from "../../compiler/fusion/cut-out.ts";
import { exceptionNames, planFusion } from "../../compiler/fusion/plan.ts";
import { type Bench, measureInTurn } from "../../compiler/profile/measure-blocks.ts";
import { type KeyMaker, keyMaker } from "../../compiler/profile/profiled-latency.ts";
import { createRuntime, type Runtime } from "../../compiler/runtime/runtime.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { type Block, checkCores, type Target } from "./target.ts";
import type { TargetOrigin } from "./target-origin.ts";

export interface MachineOptions extends Pick<Bench, "relaxedSimd" | "clock" | "sleep"> {
  readonly origin: Extract<TargetOrigin, { kind: "machine" }>;
  /** Threads that a block can run on at most. */
  readonly threads: number;
  readonly startThread?: StartThread | undefined;
}

/** A part of a network on a number of cores. */
export interface NetworkPart {
  /** Indices of the network's nodes, ascending. */
  readonly nodes: readonly number[];
  readonly cores: number;
}

export interface MachineTarget extends Target {
  /**
   * Seconds of running parts of a network one after the other, each as one program on its number of threads; undefined where one has
   * no generated code. Parts find the caches and threads as the part before left them.
   *
   * @throws LaminateError (bad-input) for a number of threads that the target does not have
   */
  measureParts(typed: TypedGraph, parts: readonly NetworkPart[]): Promise<number | undefined>;
  /** Ends the threads. */
  dispose(): void;
}

export function machineTarget({ origin, threads, startThread, ...bench }: MachineOptions): MachineTarget {
  const runtimes = new Map<number, Runtime>();
  const onThreads = (count: number): Runtime => {
    const runtime = runtimes.get(count) ?? createRuntime({ threads: count, startThread, leastSharedWork: 0 });
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
      // What cannot be dealt out to so many threads says nothing of what that costs.
      const one = { blocks: kernelsOf(network, block), runtime: onThreads(cores), leastUnits: cores };
      const both = await measureInTurn(network, [one, one], bench);
      return both === null ? undefined : both / 2;
    },
    async measureParts(typed, parts) {
      for (const { cores } of parts) checkCores(target, cores);
      const network = keyMaker(typed);
      const stretches = parts.map(({ nodes, cores }) => ({
        blocks: kernelsOf(network, { typed, nodes }),
        runtime: onThreads(cores),
      }));
      return (await measureInTurn(network, stretches, bench)) ?? undefined;
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
