/** The losses of a training, step by step: what curves are drawn from. */
import type { TrainingStep } from "./trainer.ts";

export interface History {
  /** Of each step's batch, before the step. */
  readonly losses: readonly number[];
  /** The numbers of steps after which the problems held out were looked at. */
  readonly validationSteps: readonly number[];
  readonly validationLosses: readonly number[];
}

export const noHistory: History = { losses: [], validationSteps: [], validationLosses: [] };

/** Grows as a training goes on. */
export class HistoryWriter implements History {
  readonly losses: number[];
  readonly validationSteps: number[];
  readonly validationLosses: number[];

  constructor({ losses, validationSteps, validationLosses }: History) {
    this.losses = [...losses];
    this.validationSteps = [...validationSteps];
    this.validationLosses = [...validationLosses];
  }

  add({ step, loss, validationLoss }: Pick<TrainingStep, "step" | "loss" | "validationLoss">): void {
    this.losses.push(loss);
    if (validationLoss === undefined) return;
    this.validationSteps.push(step);
    this.validationLosses.push(validationLoss);
  }
}

/** Batches differ, so one loss says little: the mean of the last so many; undefined before the first. */
export function recentLoss({ losses }: History, count = 50): number | undefined {
  const last = losses.slice(-count);
  return last.length === 0 ? undefined : last.reduce((total, loss) => total + loss, 0) / last.length;
}
