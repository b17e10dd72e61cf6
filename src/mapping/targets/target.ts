/**
 * A target: something that runs blocks of layers on some of its cores, and the time that takes. The cost model of an accelerator
 * is one, this machine with compiled code is another; whoever chooses cores and blocks need not know which.
 */
import { badInput } from "../../base/errors.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import type { TargetOrigin } from "./target-origin.ts";

/** Operators of a network that run together, on the same cores: a layer, or a run of layers. */
export interface Block {
  readonly typed: TypedGraph;
  /** Indices of the graph's nodes, ascending. All sizes around them are known. */
  readonly nodes: readonly number[];
}

export interface Target {
  /** For people: an accelerator's name, or a processor's. */
  readonly name: string;
  /** What measurements depend on besides block and cores. */
  readonly origin: TargetOrigin;
  /** Numbers of cores that a block can run on, ascending. */
  readonly coreNumbers: readonly number[];
  /** Whether measuring again gives the same. */
  readonly isExact: boolean;
  /**
   * Seconds of one run of the block for one image on so many cores; undefined where it cannot run: it does not fit on chip, an
   * operator has no generated code, or that code cannot be dealt out to so many cores.
   *
   * @throws LaminateError (bad-input) for a number of cores that the target does not have
   */
  measure(block: Block, cores: number): Promise<number | undefined>;
}

/** Throws bad-input for a number of cores that a target does not have. */
export function checkCores({ name, coreNumbers }: Pick<Target, "name" | "coreNumbers">, cores: number): void {
  if (coreNumbers.includes(cores)) return;
  const most = coreNumbers.at(-1) ?? 0;
  throw badInput(`${name} cannot run a block on ${cores} cores`, {
    where: "cores",
    fix:
      most === coreNumbers.length
        ? `give a whole number from 1 to ${most}`
        : `give one of ${coreNumbers.join(", ")}`,
  });
}
