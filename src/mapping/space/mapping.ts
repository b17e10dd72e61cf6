/** A mapping: for every layer, how many images a pass makes and what becomes of its output and weights. */

/** What becomes of a layer's output: staged on chip for its consumers, or written off chip and read back. */
export type Output = "stage" | "sync";

/** Streamed weights cross the chip boundary once per pass. Resident weights are left room for, and not built yet. */
export type Weights = "streamed";

export interface LayerMapping {
  /** Images per pass, 1..batch; the last pass makes what is left. */
  readonly pass: number;
  readonly output: Output;
  readonly weights: Weights;
  /** Cores that the layer runs on: all of the accelerator's, until mappings learn to choose. */
  readonly cores: number;
}

/** One entry per layer of the workload, in its order. */
export type Mapping = readonly LayerMapping[];
