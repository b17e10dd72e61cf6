/**
 * A mapping as an episode (DNNFuser, section 4.2): one step for the network's input and one for each layer, in the paper's state.
 * The action is an entry of the paper's vector, from the same box as the black-box baselines': 0 is a sync and k the k-th pass
 * size; a number from -1 to 1 goes evenly over the box. In full mode, where the input's entry has no meaning, its step is left out.
 *
 * The paper leaves the reward open. Here every step brings 0 but the last, which brings the speed-up over layer by layer, or 0
 * where the mapping does not fit: it is worth nothing and is not repaired, and by how much it misses is not told.
 */
import type { CostModel } from "../../mapping/cost/cost-model.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { Sample } from "../../mapping/mappers/search-samples.ts";
import { mappingOfVector } from "../../mapping/mappers/vector-space.ts";
import { createStateEncoder } from "../environment/encode.ts";
import { createEnvironment } from "../environment/environment.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import type { ActionSpace, Agent } from "./agent.ts";

export interface Episodes {
  readonly model: CostModel;
  /** Runs an episode, in which the agent learns. O(layers) besides the agent's own work. */
  run(agent: Agent): Sample;
}

/** Numbers of a state. */
export const stateWidth = paperSchema.state.length;

/** Entries that an action chooses from. */
export function entryCount({ batch, mode }: Pick<CostModel["problem"], "batch" | "mode">): number {
  // -1 and every size; or -1 and the ladder 1, 2, 4, .., batch.
  return mode === "paper" ? batch + 1 : Math.ceil(Math.log2(batch)) + 2;
}

export function createEpisodes(problem: Problem, actions: ActionSpace): Episodes {
  const environment = createEnvironment(problem);
  const { model, stepCount, baselineCost, passSizes } = environment;
  const encoder = createStateEncoder(paperSchema, environment);
  const entries = [-1, ...passSizes];
  const firstStep = model.problem.mode === "paper" ? 0 : 1;
  const vector = new Int32Array(stepCount).fill(-1);
  const states = [new Float32Array(encoder.width), new Float32Array(encoder.width)] as const;

  const entryOf = (action: number): number => {
    const last = entries.length - 1;
    const index = actions.kind === "choice" ? action : Math.round(((action + 1) / 2) * last);
    return entries[index] as number;
  };
  const decide = (entry: number): void => {
    const pass = entry === -1 ? environment.impliedPass : entry;
    environment.push({ pass, output: entry === -1 ? "sync" : "stage" });
  };
  const look = (): Float32Array => {
    const state = states[environment.step % 2] as Float32Array;
    encoder.write(state, 0);
    return state;
  };
  return {
    model,
    run(agent) {
      if (firstStep === 1) decide(-1);
      let state = look();
      let cost = Number.POSITIVE_INFINITY;
      for (let step = firstStep; step < stepCount; step++) {
        const entry = entryOf(agent.act(state));
        vector[step] = entry;
        decide(entry);
        if (step < stepCount - 1) {
          state = look();
          agent.learn(0, state);
          continue;
        }
        if (environment.fits) cost = environment.closedCost;
        agent.learn(speedup(baselineCost, cost), undefined);
      }
      for (let step = 0; step < stepCount; step++) environment.pop();
      return { cost, mapping: () => mappingOfVector(model, vector.slice(1), vector[0]) };
    },
  };
}

/** 0 for what does not fit; a network that costs nothing leaves nothing to gain. */
function speedup(baselineCost: number, cost: number): number {
  return cost === 0 ? 1 : baselineCost / cost;
}
