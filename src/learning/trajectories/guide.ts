/**
 * A learner's own mapping, put right where it errs: it decides step by step, and where a decision costs more than a little of what could
 * still be had, the exact mapper decides that one step instead, and the learner goes on from there. What comes out is near the optimum and as
 * near as may be to what the learner does anyway (after Zhang and Cho, SafeDAgger, AAAI 2017: an expert who takes over before a mistake).
 * So it teaches what is wrong and leaves alone what is not, where an optimum of another kind would have the learner give up good habits.
 *
 * The first wrong step is found by halving: the least that a beginning can still come to never falls as it grows. A beginning counts as good
 * only with a mapping that proves it, so a search that is cut short takes over too early at worst, and never spoils a mapping.
 * O(take-overs log layers) completions by the exact mapper, each of bounded work.
 */
import { known } from "../../base/assert.ts";
import { quietly } from "../../base/steps.ts";
import type { CostModel } from "../../mapping/cost/cost-model.ts";
import { costWith } from "../../mapping/cost/evaluate.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import { completeExactly } from "../../mapping/mappers/exact/exact.ts";
import type { LayerMapping, Mapping } from "../../mapping/space/mapping.ts";

/** Whose mappings lessons begin with. */
export interface Learner {
  /** Some mappings, by a seed; none where nothing fits. */
  ways(problem: Problem, seed: number): readonly Mapping[];
  /** The mapping that it makes greedily of what is decided of the first layers, which must be allowed. */
  goOn(model: CostModel, begun: Mapping): Mapping;
}

/** What a step may waste of the cost before it is a mistake. */
const tolerance = 0.003;
/** Points that a completion visits at most: enough for most, and little where a proof is long. */
const completionEvaluations = 200_000;
/** After so many the rest is the teacher's. */
const mostTakeOvers = 8;

export interface Guided {
  readonly mapping: Mapping;
  /** Layers that the teacher decided, ascending. */
  readonly takenOver: readonly number[];
}

/** The learner's mapping, guided; `optimum` is the best that is known. Yields between pieces of work of some milliseconds. */
export function* guide(
  model: CostModel,
  learner: Pick<Learner, "goOn">,
  optimum: Mapping,
): Generator<void, Guided> {
  /** The best mapping known that begins with what is decided. */
  let best = optimum;
  let begun: Mapping = [];
  const takenOver: number[] = [];
  for (;;) {
    const own = learner.goOn(model, begun);
    yield;
    const limit = costWith(model, best) * (1 + tolerance);
    if (costWith(model, own) <= limit) return { mapping: own, takenOver };
    if (takenOver.length === mostTakeOvers) return { mapping: best, takenOver };
    // What the best mapping does too is no mistake, and all that the learner does holds one.
    let good = sharedLayers(own, best);
    let bad = own.length;
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      const completed = yield* completion(model, own.slice(0, middle));
      if (completed !== undefined && costWith(model, completed) <= limit) {
        good = middle;
        best = completed;
      } else bad = middle;
    }
    begun = best.slice(0, good + 1);
    takenOver.push(good);
  }
}

/** The first layers that two mappings decide alike; at most all but one. */
function sharedLayers(a: Mapping, b: Mapping): number {
  const isOther = ({ pass, output }: LayerMapping, layer: number): boolean => {
    const other = known(b[layer], "a layer of both");
    return pass !== other.pass || output !== other.output;
  };
  const first = a.findIndex(isOther);
  return first < 0 ? a.length - 1 : first;
}

function* completion(model: CostModel, begun: Mapping): Generator<void, Mapping | undefined> {
  const { problem } = model;
  const search = completeExactly(problem, begun, {
    ...{ seed: 1, maxEvaluations: completionEvaluations },
    // Steps decide no cores: a learned mapper takes all.
    coreNumbers: [problem.accelerator.cores],
  });
  return (yield* quietly(search)).best;
}
