/**
 * The two reinforcement learners that DNNFuser names (sections 4.4.1 and 5.1), as mappers: each search begins with networks that know
 * nothing and learns them on its problem alone, as an optimiser would. A sample is an episode, one complete mapping that is
 * evaluated; 2,000 by default, as for the other baselines. O(layers) runs of small networks a sample. docs/baselines.md has
 * constants and measurements.
 */
import { assert } from "../../base/assert.ts";
import type { RandomSource } from "../../base/random.ts";
import { completeProblem, type Problem } from "../../mapping/cost/problem.ts";
import type { Mapper } from "../../mapping/mappers/mapper.ts";
import { sampleLimit, searchSamples } from "../../mapping/mappers/search-samples.ts";
import { childRandom } from "../generate/draw.ts";
import { compileA2c, createA2c } from "./a2c.ts";
import type { ActionSpace, Agent } from "./agent.ts";
import { compileDdpg, createDdpg } from "./ddpg.ts";
import { createEpisodes, entryCount, stateWidth } from "./episodes.ts";

/** Samples between two looks at the search. */
const samplesPerTurn = 10;

/** Makes agents of compiled networks. */
type Learner = (seed: number) => Agent;

/** A stream whose first numbers do not show the seed, so that neighbouring seeds begin with networks that are not alike. */
const randomOf = (seed: number): RandomSource => childRandom(seed, 0);

export interface A2cOptions {
  /** What the policy is: a normal distribution over the box, or one probability for each entry. */
  readonly policy?: "number" | "choice";
}

/** Advantage actor-critic. */
export function a2cMapper({ policy = "number" }: A2cOptions = {}): Mapper {
  const actionsOf = (problem: Problem): ActionSpace =>
    policy === "number"
      ? { kind: "number" }
      : { kind: "choice", count: entryCount(completeProblem(problem)) };
  return learningMapper("a2c", actionsOf, async (actions) => {
    const compiled = await compileA2c({ stateWidth, actions });
    return (seed) => createA2c(compiled, randomOf(seed));
  });
}

/** Deep deterministic policy gradient. */
export function ddpgMapper(): Mapper {
  const actions: ActionSpace = { kind: "number" };
  return learningMapper(
    "ddpg",
    () => actions,
    async () => {
      const compiled = await compileDdpg(stateWidth);
      return (seed) => createDdpg(compiled, randomOf(seed));
    },
  );
}

function learningMapper(
  name: string,
  actionsOf: (problem: Problem) => ActionSpace,
  compile: (actions: ActionSpace) => Promise<Learner>,
): Mapper {
  /** Compiled networks hold nothing of a search, so searches share them; by how many choices an action has. */
  const learners = new Map<number, Learner>();
  const key = (actions: ActionSpace): number => (actions.kind === "choice" ? actions.count : 0);
  return {
    name,
    async prepare(problem) {
      const actions = actionsOf(problem);
      if (!learners.has(key(actions))) learners.set(key(actions), await compile(actions));
    },
    search(problem, options) {
      const actions = actionsOf(problem);
      const learner = learners.get(key(actions));
      assert(learner !== undefined, `${name} is prepared before it searches`);
      const agent = learner(options.seed);
      const episodes = createEpisodes(problem, actions);
      const { model } = episodes;
      return searchSamples({ model, limit: sampleLimit(options), samplesPerTurn }, () => episodes.run(agent));
    },
  };
}
