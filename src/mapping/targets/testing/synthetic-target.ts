/** A target that works exactly as the fit supposes, with numbers that are known and noise from a seed. */
import { known } from "../../../base/assert.ts";
import { normalDraw } from "../../../base/normal.ts";
import { seededRandom } from "../../../base/random.ts";
import { observationOf } from "../characteristics.ts";
import { type ThroughputFit, workOf } from "../fit-throughput.ts";
import type { GridPoint } from "../synthesized-layers.ts";
import { type Block, checkCores, type Target } from "../target.ts";

export interface Truth extends Pick<ThroughputFit, "rule" | "granularity" | "ridge"> {
  /** On 1, 2, 4, .. cores. */
  readonly halfMacs: readonly number[];
}

export interface Noise {
  readonly seed: number;
  /** Standard deviation of the logarithms of repeats. */
  readonly scatter: number;
  /** The same of layers, the same in every repeat. */
  readonly layers?: number;
  /** Whether the noise is all there is. */
  readonly isPure?: boolean;
}

export const syntheticOrigin = {
  kind: "machine",
  laminate: "1.0.0",
  processor: "synthetic <processor>",
  processors: 4,
  engine: "none",
  simd: "none",
} as const;

export function syntheticTarget(truth: Truth, { seed, scatter, layers = 0, isPure = false }: Noise): Target {
  const random = seededRandom(seed);
  const fixed = new Map<string, number>();
  const target: Target = {
    name: "synthetic",
    origin: syntheticOrigin,
    coreNumbers: truth.halfMacs.map((_, power) => 2 ** power),
    isExact: false,
    async measure(block, cores) {
      checkCores(target, cores);
      const shape = shapeOf(block);
      const seen = observationOf({ ...shape, cores, sweep: "operations", seconds: [1] });
      const half = known(truth.halfMacs[Math.log2(cores)], "a half");
      // Kernels of one filter size are better than those of another.
      const rate = shape.filter === 3 ? 2e10 : 1e10;
      const exact = isPure ? 1e-3 : (half + workOf(truth, seen)) / rate;
      const name = JSON.stringify([shape, cores]);
      const own = fixed.get(name) ?? Math.exp(layers * normalDraw(random));
      fixed.set(name, own);
      return exact * own * Math.exp(scatter * normalDraw(random));
    },
  };
  return target;
}

/** The convolution of a synthesized layer. */
function shapeOf({ typed, nodes }: Block): Omit<GridPoint, "sweep" | "cores"> {
  const node = nodes.map((index) => typed.graph.nodes[index]).find((one) => one?.operator === "Conv");
  const sizes = (name = ""): readonly number[] => {
    const shape = typed.types.get(name)?.shape ?? typed.graph.constants.get(name)?.shape ?? [];
    return shape.map(Number);
  };
  const [, , height, width] = sizes(node?.inputs[0]);
  const [outputChannels, inputChannels, filter] = sizes(node?.inputs[1]);
  if (!height || !width || !outputChannels || !inputChannels || !filter)
    throw new Error("internal: no convolution in the block");
  return { inputChannels, outputChannels, height, width, filter };
}
