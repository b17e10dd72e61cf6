/**
 * The contract of a mapper: a generator that yields its best so far as it goes, so that it can be watched, stopped and
 * measured, and returns its last word. Deterministic by seed; never looks at a clock or a random source of its own.
 */
import type { Problem } from "../cost/problem.ts";
import type { Mapping } from "../space/mapping.ts";

/** What a mapper claims of its answer. */
export interface Proof {
  readonly optimal: boolean;
  /** The space in which the claim holds; docs/cost-model.md defines each by this name. "" when nothing is claimed. */
  readonly space: string;
  /** No mapping of that space costs less, in the objective's unit; undefined when nothing is claimed. */
  readonly lowerBound: number | undefined;
}

/** A moment of a search. */
export interface SearchState {
  /** The best feasible mapping so far; undefined while there is none. */
  readonly best: Mapping | undefined;
  /** Its objective: seconds, joules or bytes. */
  readonly bestCost: number | undefined;
  /**
   * While there is no best: on-chip bytes that the least demanding mapping tried so far needs, so that a search in vain can
   * say by how much it missed. Left out by mappers that do not keep it.
   */
  readonly leastRequiredBytes?: number;
  /** Mappings (or partial mappings, for exact) whose cost was worked out. */
  readonly evaluations: number;
  /** Share of the work done, 0..1, where the mapper can tell. */
  readonly progress: number | undefined;
  readonly proof: Proof;
}

/** What a search is given besides the problem. */
export interface SearchOptions {
  readonly seed: number;
  /**
   * Evaluations that the mapper may spend, Infinity where only a clock ends the search. Left out, the mapper stops by its
   * own default: a number of evaluations, never a time, so that the answer is the same on every machine.
   */
  readonly maxEvaluations?: number;
}

/** A way to find a mapping. A researcher adds one by writing `search`. */
export interface Mapper {
  readonly name: string;
  /** True when the search draws nothing: every seed gives the same answer. */
  readonly ignoresSeed?: boolean;
  /** Makes ready what searches need and cannot wait for, as a compiled network; findMapping calls it before each search. */
  prepare?(problem: Problem): Promise<void>;
  search(problem: Problem, options: SearchOptions): Generator<SearchState, SearchState>;
}
