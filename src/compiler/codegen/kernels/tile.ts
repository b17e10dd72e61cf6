/**
 * The shape of the accumulators of a matrix kernel: which one, and why. It does not depend on whether multiply-add is fused,
 * since it decides how weights are packed: programs with and without share them.
 */

export interface Tile {
  /** Pixels of one line. */
  readonly rows: number;
  /** Vectors of four filters. */
  readonly vectors: number;
}

export interface TileQuestion {
  /** Pixels of a line. */
  readonly width: number;
  /** Filters of a group. */
  readonly filters: number;
}

/**
 * Vector registers that a tile may fill. x86 has 16, V8 keeps one, and one holds a product that is not fused. V8 11.3
 * (Node 20) loads all operands of a step before it multiplies, so all of them count: 4 x 8 and 2 x 16 run at 92 % (fused)
 * and 100 % of the peak, 3 x 12 at 84 % and 77 %, and 6 x 8 spills and falls to 64 % and 80 %. Newer engines load late: there
 * 6 x 8 is 4 % faster than 2 x 16 where it is fused, and 8 % slower where not.
 */
const registers = 14;
/** Cycles until the next addition to the same accumulator may start, and a little. */
const latency = 4.2;
/** Fused vector operations in a cycle. */
const operationsPerCycle = 2;
/** Pointers, comparison and jump of a step. */
const loopCycles = 0.3;
/**
 * A single row is walked in two halves (micro-kernel.ts), with two sums for each of these. Weights come from memory 14 %
 * faster than by one wide panel, and from the level-2 cache 7 % slower.
 */
const vectorsOfOneRow = 3;

/** The quickest tile by these figures. Measured on one x86 machine under Node 20; a target may measure and choose its own. */
export function defaultTile(question: TileQuestion): Tile {
  if (question.width === 1)
    return { rows: 1, vectors: Math.min(vectorsOfOneRow, Math.ceil(question.filters / 4)) };
  let best: Tile = { rows: 1, vectors: 1 };
  let bestCycles = Number.POSITIVE_INFINITY;
  for (let vectors = 1; vectors <= 7; vectors++) {
    for (let rows = 1; rows <= Math.min(7, question.width); rows++) {
      if (rows * vectors + rows + vectors > registers) continue;
      const cycles = cyclesOf({ rows, vectors }, question);
      // A tile that is a whole line fetches each weight once; else wide panels win ties.
      const wins = best.rows < question.width ? cycles <= bestCycles : cycles < bestCycles;
      if (wins) {
        best = { rows, vectors };
        bestCycles = cycles;
      }
    }
  }
  return best;
}

/** About how long one step along k of all tiles of a line takes. */
function cyclesOf({ rows, vectors }: Tile, { width, filters }: TileQuestion): number {
  const step = (columns: number): number => {
    const work = (rows * columns) / operationsPerCycle;
    // A panel comes from the level-2 cache, at about a vector a cycle.
    return Math.max(work, latency, columns) + loopCycles;
  };
  const all = Math.ceil(filters / 4);
  const rest = all % vectors;
  const panels = Math.floor(all / vectors) * step(vectors) + (rest > 0 ? step(rest) : 0);
  return Math.ceil(width / rows) * panels;
}
