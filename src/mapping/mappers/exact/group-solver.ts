/**
 * What the search over group boundaries asks of a group: the fewest streamed bytes of weights within the room that is left for its
 * staged tensors. Nothing of it depends on the number of cores but the room.
 */

/** How precisely a row of groups is solved, and what may be left out of it. */
export interface RowLimits {
  readonly cap: number;
  readonly bound: "upper" | "lower";
  /** Weights of layers first..layer beyond which no group that goes on after `layer` can beat what is known. */
  weightLimit(layer: number): number;
  /** Whether the group first..last can still matter. */
  wanted(last: number): boolean;
  /** The last group end that is wanted. */
  readonly furthest: number;
  /**
   * Bytes for staged tensors that the group first..last has at most, whatever its cores; negative where it fits on no number of
   * them. Never rises with `last`.
   */
  roomBytes(last: number): number;
}

/** The groups that start at one layer. */
export interface GroupRow {
  /** Solves the group first..last. Called with ascending `last` from `first`, for every layer up to limits.furthest. */
  extendTo(last: number): void;
  /**
   * The fewest bytes of streamed weights of the group first..last, when it was solved last, whose staged tensors fit in
   * so many bytes, at most limits.roomBytes(last); Infinity when none do.
   */
  leastWeights(last: number, roomBytes: number): number;
  /** Pass sizes of the layers first..last that reach those leastWeights; upper bound only. */
  passes(last: number, roomBytes: number): readonly number[];
  /** Whether a group that starts here and goes past `last` may still fit. */
  mayGoOn(last: number): boolean;
}

export interface GroupSolver {
  /** The space in which the solver's answers are the least, as docs/cost-model.md names it. */
  readonly space: string;
  row(first: number, limits: RowLimits): GroupRow;
  /** Whether some front was thinned since this was last asked. */
  takeThinned(): boolean;
  /**
   * Points visited while merging fronts: partial mappings whose cost was worked out. The measure of work, alike on every
   * machine, and reported as evaluations.
   */
  readonly pointsVisited: number;
}
