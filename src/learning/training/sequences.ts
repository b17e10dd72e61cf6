/**
 * What the network learns as one sequence: a trajectory as it is, or each of its groups (network-sizes.ts). Of one problem the groups of
 * one length stand together, since batches are made of one length. O(steps).
 */
import { badInput } from "../../base/errors.ts";
import { type FeatureSchema, normalised, schemaTitle } from "../environment/schema.ts";
import type { NetworkSizes } from "../network/network-sizes.ts";
import { partOf, type Trajectory } from "../trajectories/trajectory.ts";
import { type TrainingProblem, taughtSteps } from "./training-data.ts";

/**
 * @throws LaminateError (bad-input) where groups are asked for and the features do not tell where one opens
 */
export function sequencesOf(
  problems: readonly TrainingProblem[],
  schema: FeatureSchema,
  { sequence }: NetworkSizes,
): readonly TrainingProblem[] {
  if (sequence !== "group") return problems;
  const index = schema.state.findIndex(({ name }) => name === "openLayers");
  const feature = schema.state[index];
  if (feature === undefined) {
    throw badInput(`the features ${schemaTitle(schema)} do not tell where a group opens`, {
      where: "--sequence",
      fix: "train with --sequence network, or on a data set of the general features",
    });
  }
  const none = Math.fround(normalised(feature, 0));
  const opens = ({ states }: Trajectory, step: number): boolean =>
    states[step * schema.state.length + index] === none;
  return problems.flatMap(({ facts, trajectories }) => {
    const groups = trajectories.flatMap((trajectory) => groupsOf(trajectory, opens));
    const corrected = alike(groups.filter(({ takenOver }) => takenOver.length > 0));
    const sets = [alike(groups), ...Array.from({ length: correctedTimes }, () => corrected)].flat();
    return sets.map((trajectories) => ({ facts, trajectories }));
  });
}

/** Groups in which a teacher took over from a learner stand so many times more: they are few beside those that the learner does well already. */
const correctedTimes = 2;

/** The groups of one length together. */
function alike(groups: readonly Trajectory[]): readonly (readonly Trajectory[])[] {
  const byLength = new Map<number, Trajectory[]>();
  for (const group of groups) {
    const others = byLength.get(group.stepCount) ?? [];
    byLength.set(group.stepCount, others);
    others.push(group);
  }
  return [...byLength.values()];
}

/** The groups that teach something. Step 0, the network's input, is decided by nobody. */
function groupsOf(
  trajectory: Trajectory,
  opens: (trajectory: Trajectory, step: number) => boolean,
): readonly Trajectory[] {
  const groups: Trajectory[] = [];
  for (let first = 1; first < trajectory.stepCount; ) {
    let end = first + 1;
    while (end < trajectory.stepCount && !opens(trajectory, end)) end++;
    const group = partOf(trajectory, first, end - first);
    if (taughtSteps(group) > 0) groups.push(group);
    first = end;
  }
  return groups;
}
