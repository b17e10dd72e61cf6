/** A data set as training reads it: the problems that have trajectories, all in memory, some of them held out. O(bytes). */
import { badInput } from "../../base/errors.ts";
import { sha256 } from "../../base/sha256.ts";
import { printManifest } from "../dataset/manifest.ts";
import type { Dataset } from "../dataset/read-dataset.ts";
import type { ProblemFacts } from "../dataset/record.ts";
import type { FeatureSchema } from "../environment/schema.ts";
import { childSeed } from "../generate/draw.ts";
import type { Trajectory } from "../trajectories/trajectory.ts";

/** All trajectories of a problem are of one length. */
export interface TrainingProblem {
  readonly facts: Pick<ProblemFacts, "index" | "network">;
  readonly trajectories: readonly Trajectory[];
}

export interface TrainingData {
  readonly schema: FeatureSchema;
  readonly problems: readonly TrainingProblem[];
  /** Digest of the manifest, which has the digests of all shards. */
  readonly digest: string;
}

/**
 * Reads all shards; `where` is what errors call the data set.
 *
 * @throws LaminateError (bad-input) for a data set that is damaged or has no trajectory
 */
export function readTrainingData(dataset: Dataset, where: string): TrainingData {
  const problems: TrainingProblem[] = [];
  for (const { facts, trajectories } of dataset.records())
    if (trajectories.length > 0) problems.push({ facts, trajectories });
  if (problems.length === 0) {
    throw badInput("the data set has no trajectory to learn from", {
      where,
      fix: "make one of problems that fit, with laminate dataset",
    });
  }
  const digest = sha256(printManifest(dataset.manifest));
  return { schema: dataset.manifest.settings.featureSchema, problems, digest };
}

/** Steps of a trajectory that are to be learned. */
export function taughtSteps({ stepCount, taughtFrom }: Trajectory): number {
  return Math.max(0, stepCount - taughtFrom);
}

/** Steps of a problem's trajectories. */
export function stepsOf({ trajectories }: TrainingProblem): number {
  return trajectories[0]?.stepCount ?? 0;
}

export function longestOf(problems: readonly TrainingProblem[]): number {
  return problems.reduce((longest, problem) => Math.max(longest, stepsOf(problem)), 0);
}

export interface Split {
  readonly training: readonly TrainingProblem[];
  /** Never learned from; empty where the share is less than one problem. */
  readonly validation: readonly TrainingProblem[];
}

/** Holds out a share of the problems, rounded down, with all their trajectories; which ones follows from the seed. */
export function splitProblems(problems: readonly TrainingProblem[], share: number, seed: number): Split {
  const drawn = problems.toSorted(
    (a, b) =>
      childSeed(seed, a.facts.index) - childSeed(seed, b.facts.index) || a.facts.index - b.facts.index,
  );
  const held = new Set(drawn.slice(0, Math.floor(share * problems.length)));
  return {
    training: problems.filter((problem) => !held.has(problem)),
    validation: problems.filter((problem) => held.has(problem)),
  };
}
