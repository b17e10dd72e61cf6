/**
 * A mapping decorated with states and rewards (DNNFuser, section 4.5.1, step 2): for every step the return-to-go, the
 * state and the action, as the numbers of a feature schema.
 *
 * Reading of the reward (section 4.3.3): the on-chip memory that is asked for is the one reward, given when the last step
 * is done. So the return-to-go is that memory at every step, in the training data as in inference. What the mapping
 * really holds at its peak is kept beside the trajectory, for whoever wants to ask for that.
 */
import type { Problem } from "../../mapping/cost/problem.ts";
import { type DecisionArrays, decisionAt } from "../environment/decision.ts";
import { createStateEncoder, writeAction } from "../environment/encode.ts";
import { createEnvironment } from "../environment/environment.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";

/** Row-major, one row for every step. */
export interface Trajectory extends DecisionArrays {
  readonly stepCount: number;
  /** The first step that is to be learned; those before it are only told. */
  readonly taughtFrom: number;
  /** Steps that a teacher took over from a learner, ascending: what is wrong still, and so is to be seen more often. */
  readonly takenOver: readonly number[];
  /** stepCount x features of the schema. */
  readonly states: Float32Array<ArrayBuffer>;
  /** stepCount x numbers of an action. */
  readonly actions: Float32Array<ArrayBuffer>;
  readonly returnsToGo: Float32Array<ArrayBuffer>;
}

/** Decorates decisions of one problem after another. */
export type Decorate = (
  decisions: DecisionArrays,
  taught: Pick<Trajectory, "taughtFrom" | "takenOver">,
) => Trajectory;

/** O(steps x features) for the problem, and the same for each trajectory; in full mode O(open group) more a step. */
export function createDecorator(schema: FeatureSchema, problem: Problem): Decorate {
  const environment = createEnvironment(problem);
  const encoder = createStateEncoder(schema, environment);
  const { stepCount, model } = environment;
  const numbers = actionWidth(schema);
  return (decisions, { taughtFrom, takenOver }) => {
    const states = new Float32Array(stepCount * encoder.width);
    const actions = new Float32Array(stepCount * numbers);
    for (let step = 0; step < stepCount; step++) {
      const decision = decisionAt(decisions, step);
      encoder.write(states, step * encoder.width);
      writeAction(schema, decision, model.problem.batch, actions, step * numbers);
      environment.push(decision);
    }
    for (let step = 0; step < stepCount; step++) environment.pop();
    const returnsToGo = new Float32Array(stepCount).fill(encoder.returnToGo);
    return { ...decisions, stepCount, taughtFrom, takenOver, states, actions, returnsToGo };
  };
}

/** So many steps of a trajectory from `first` on, or all that are left; the same numbers, not copied. */
export function partOf(trajectory: Trajectory, first: number, steps: number): Trajectory {
  const { stepCount, states, actions, returnsToGo, passes, synced } = trajectory;
  if (first === 0 && stepCount <= steps) return trajectory;
  const end = Math.min(stepCount, first + steps);
  const width = states.length / stepCount;
  const numbers = actions.length / stepCount;
  return {
    stepCount: end - first,
    taughtFrom: Math.max(0, trajectory.taughtFrom - first),
    takenOver: trajectory.takenOver.filter((step) => step >= first && step < end).map((step) => step - first),
    states: states.subarray(first * width, end * width),
    actions: actions.subarray(first * numbers, end * numbers),
    returnsToGo: returnsToGo.subarray(first, end),
    passes: passes.subarray(first, end),
    synced: synced.subarray(first, end),
  };
}
