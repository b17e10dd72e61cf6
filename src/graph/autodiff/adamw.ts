/**
 * AdamW (Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2) and clipping by the global norm
 * (Pascanu, Mikolov and Bengio, ICML 2013, algorithm 1), written with standard operators. About 15 operations an element.
 */
import type { GraphWriter } from "./graph-writer.ts";

export interface AdamW {
  readonly kind: "adamw";
  /** How much of the first and second moment a step keeps; 0.9 and 0.999, unless given. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8, unless given. */
  readonly epsilon?: number;
  /** The part of a parameter, times the learning rate, that each step takes away; 0.01, unless given. */
  readonly weightDecay?: number;
  /** Whether a parameter decays; all do, unless given. */
  readonly decays?: (parameter: string) => boolean;
  /** The longest that all gradients together may be; they are not clipped, unless given. */
  readonly clipNorm?: number;
}

export const defaultBetas = [0.9, 0.999] as const;

/** The values of one step that all parameters share. */
export interface StepScalars {
  readonly learningRate: string;
  /** 1 - beta^step for each moment. */
  readonly corrections: readonly [string, string];
}

/** A parameter with its gradient and moments before the step, or its successors after it. */
export interface ParameterState {
  readonly value: string;
  readonly moments: readonly [string, string];
}

/**
 * 1 - beta^step as 2 t / (1 + t) with t = tanh(-step ln(beta) / 2): in float32 the difference itself would lose three of seven
 * digits at the first steps, where beta^step is close to 1.
 */
export function writeCorrection(write: GraphWriter, step: string, beta: number): string {
  const t = write.op("Tanh", [write.mul(step, -Math.log(beta) / 2)]);
  return write.div(write.mul(t, 2), write.add(t, 1));
}

/** The length of all gradients as one vector. */
export function writeGlobalNorm(write: GraphWriter, gradients: readonly string[]): string {
  const [first = "", ...rest] = gradients.map((gradient) => {
    const axes = write.shape(gradient).map((_, axis) => axis);
    return write.sum(write.mul(gradient, gradient), axes, false);
  });
  return write.op("Sqrt", [rest.reduce((total, square) => write.add(total, square), first)]);
}

/** What every gradient is multiplied by, so that their norm is at most the limit. */
export function writeClipFactor(write: GraphWriter, norm: string, limit: number): string {
  return write.op("Min", [write.div(write.scalar(limit, write.elementType(norm)), write.add(norm, 1e-6)), 1]);
}

/** The parameter and its moments after the step. */
export function writeAdamW(
  write: GraphWriter,
  optimizer: AdamW,
  name: string,
  gradient: string,
  { value, moments }: ParameterState,
  { learningRate, corrections }: StepScalars,
): ParameterState {
  const { betas = defaultBetas, epsilon = 1e-8, weightDecay = 0.01, decays = () => true } = optimizer;
  const blend = (old: string, now: string, beta: number): string =>
    write.add(write.mul(old, beta), write.mul(now, 1 - beta));
  const first = blend(moments[0], gradient, betas[0]);
  const second = blend(moments[1], write.mul(gradient, gradient), betas[1]);
  const root = write.op("Sqrt", [write.div(second, corrections[1])]);
  const direction = write.div(first, write.add(root, epsilon));
  const move = write.mul(direction, write.div(learningRate, corrections[0]));
  const decay = decays(name) ? weightDecay : 0;
  const kept = decay === 0 ? value : write.mul(value, write.from(1, write.mul(learningRate, decay)));
  return { value: write.sub(kept, move), moments: [first, second] };
}
