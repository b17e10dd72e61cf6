/** The shape of the accumulators of a matrix kernel. */

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

/** The tile that won on one x86 machine under Node 20; a target may measure and choose its own. */
export function defaultTile({ relaxed, width, filters }: TileQuestion): Tile {
  // Few pixels: weights are read once and used once or twice, so many columns hide the latency of the additions.
  if (width === 1) return { rows: 1, vectors: 8 };
  if (width === 2) return { rows: 2, vectors: 4 };
  if (width === 3) return { rows: 3, vectors: 3 };
  if (filters <= 4) return { rows: 8, vectors: 1 };
  return { rows: relaxed ? 6 : 4, vectors: 2 };
}
