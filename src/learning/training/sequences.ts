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
    const byLength = new Map<number, Trajectory[]>();
    for (const group of trajectories.flatMap((trajectory) => groupsOf(trajectory, opens))) {
      const alike = byLength.get(group.stepCount) ?? [];
      byLength.set(group.stepCount, alike);
      alike.push(group);
    }
    return [...byLength.values()].map((groups) => ({ facts, trajectories: groups }));
  });
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
