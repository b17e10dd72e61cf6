/** The shape of the accumulators of a matrix kernel: which one, and why. */

export interface Tile {
  /** Pixels of one line. */
  readonly rows: number;
  /** Vectors of four filters. */
  readonly vectors: number;
}

export interface TileQuestion {
  readonly relaxed: boolean;
  /** Pixels of a line. */
  readonly width: number;
  /** Filters of a group. */
  readonly filters: number;
}

/**
 * Vector registers that a tile may fill. x86 has 16, V8 keeps one. V8 11.3 (Node 20) loads all operands of a step
 * before it multiplies, so all of them count: 4 x 8 and 2 x 16 run at 92 % (fused) and 100 % of the peak, 6 x 8 spills
 * and falls to 65 %. Newer engines load late; there a tuner may find 6 x 8 better.
 */
const registers = 15;
/** Cycles until the next addition to the same accumulator may start, and a little. */
const latency = 4.2;
/** Vector operations in a cycle: two fused ones, or three that are half of them multiplications. */
const fusedPerCycle = 2;
const separatePerCycle = 1.5;
/** Pointers, comparison and jump of a step. */
const loopCycles = 0.3;

/** The quickest tile by these figures; wide panels win ties. Measured on one x86 machine under Node 20; a target may measure and choose its own. */
export function defaultTile({ relaxed, width, filters }: TileQuestion): Tile {
  let best: Tile = { rows: 1, vectors: 1 };
  let bestCycles = Number.POSITIVE_INFINITY;
  for (let vectors = 1; vectors <= 7; vectors++) {
    for (let rows = 1; rows <= Math.min(7, width); rows++) {
      if (rows * vectors + rows + vectors + (relaxed ? 0 : 1) > registers) continue;
      const cycles = cyclesOf({ rows, vectors }, { relaxed, width, filters });
      if (cycles <= bestCycles) {
        best = { rows, vectors };
        bestCycles = cycles;
      }
    }
  }
  return best;
}

/** About how long one step along k of all tiles of a line takes. */
function cyclesOf({ rows, vectors }: Tile, { relaxed, width, filters }: TileQuestion): number {
  const step = (columns: number): number => {
    const work = (rows * columns) / (relaxed ? fusedPerCycle : separatePerCycle);
    // A panel comes from the level-2 cache, at about a vector a cycle.
    return Math.max(work, latency, columns) + loopCycles;
  };
  const all = Math.ceil(filters / 4);
  const rest = all % vectors;
  const panels = Math.floor(all / vectors) * step(vectors) + (rest > 0 ? step(rest) : 0);
  return Math.ceil(width / rows) * panels;
}
