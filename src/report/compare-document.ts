/** From a comparison of mappers to its document (compare-schema.ts). Pure. */
import { spreadOf } from "../base/spread.ts";
import { evaluateLayerByLayer } from "../mapping/cost/evaluate.ts";
import { costOf, type Evaluation } from "../mapping/cost/evaluation.ts";
import { type CompleteProblem, completeProblem, type Problem } from "../mapping/cost/problem.ts";
import type {
  ComparedMapper,
  ComparedSearch,
  Comparison,
  Target,
} from "../mapping/mappers/compare-mappers.ts";
import type { Budget } from "../mapping/mappers/find-mapping.ts";
import { evaluationsToReach } from "../mapping/mappers/record-search.ts";
import {
  type CompareDocument,
  type CompareRow,
  type CompareRun,
  compareSchemaName,
} from "./compare-schema.ts";
import { ratio } from "./ratio.ts";

/** What a document is made of. */
export interface CompareDocumentInput {
  readonly modelName: string;
  readonly problem: Problem;
  /** As the user named it: a preset or a file. */
  readonly accelerator: string;
  readonly seeds: readonly number[];
  readonly budget: Budget | undefined;
  readonly comparison: Comparison;
}

/** Shares of the optimum's gain whose evaluations are counted. */
export const gainShares: readonly number[] = [0.9, 0.95, 0.99];

/** The document of `laminate.compare/1`. */
export function compareDocument(input: CompareDocumentInput): CompareDocument {
  const { comparison, budget } = input;
  const problem = completeProblem(input.problem);
  const baseline = evaluateLayerByLayer(problem);
  const held: Held = { problem, baseline, target: comparison.target };
  return {
    schema: compareSchemaName,
    model: input.modelName,
    batch: problem.batch,
    accelerator: input.accelerator,
    memoryBytes: problem.memoryBytes,
    objective: problem.objective,
    paperMode: problem.mode === "paper",
    elementType: problem.workload.elementType,
    seeds: input.seeds,
    budget: { seconds: budget?.seconds ?? null, evaluations: budget?.evaluations ?? null },
    baseline: {
      cost: costIn(problem, baseline) ?? null,
      requiredBytes: baseline.feasible ? null : baseline.requiredBytes,
    },
    reference: comparison.reference,
    target: targetEntry(held),
    shares: gainShares,
    mappers: comparison.mappers.map((mapper) => rowOf(mapper, held)),
    stopped: comparison.interrupted ? "interrupted" : "finished",
  };
}

/** What every run is held against. */
interface Held {
  readonly problem: CompleteProblem;
  readonly baseline: Evaluation;
  readonly target: Target;
}

function targetEntry({ problem, baseline, target }: Held): CompareDocument["target"] {
  if (target.kind === "none") return { kind: "none", cost: null, gain: null, space: "" };
  const { kind, cost, space } = target;
  return { kind, cost, gain: ratio(costIn(problem, baseline), cost), space };
}

function rowOf({ name, ignoresSeed, searches }: ComparedMapper, held: Held): CompareRow {
  const runs = searches.map((search) => runOf(search, held));
  const low = (value: (run: CompareRun) => number | null) => spreadOf(runs.map(value), "lowest");
  const high = (value: (run: CompareRun) => number | null) => spreadOf(runs.map(value), "highest");
  return {
    mapper: name,
    ignoresSeed,
    feasibleRuns: runs.filter(({ feasible }) => feasible).length,
    speedup: low(({ speedup }) => speedup),
    gain: low(({ gain }) => gain),
    gap: high(({ gap }) => gap),
    peakFootprintBytes: high(({ peakFootprintBytes }) => peakFootprintBytes),
    evaluations: high(({ evaluations }) => evaluations),
    elapsedSeconds: high(({ elapsedSeconds }) => elapsedSeconds),
    evaluationsToShare: gainShares.map((_, at) =>
      high(({ evaluationsToShare }) => evaluationsToShare[at] ?? null),
    ),
    runs,
  };
}

function runOf({ seed, found, improvements }: ComparedSearch, held: Held): CompareRun {
  const { problem, baseline, target } = held;
  // Without a mapping the evaluation is layer by layer's, which is no answer of this mapper.
  const answer = found.mapping === undefined ? undefined : found.evaluation;
  const feasible = answer?.feasible ? answer : undefined;
  const cost = answer && costIn(problem, answer);
  const before = baseline.feasible ? baseline : undefined;
  return {
    seed,
    stopped: found.stopped,
    feasible: feasible !== undefined,
    leastRequiredBytes: found.leastRequiredBytes ?? null,
    cost: cost ?? null,
    speedup: ratio(before?.latencySeconds, feasible?.latencySeconds),
    gain: ratio(costIn(problem, baseline), cost),
    gap: gapOf(cost, target),
    peakFootprintBytes: feasible?.peakFootprintBytes ?? null,
    proof: { optimal: found.proof.optimal, lowerBound: found.proof.lowerBound ?? null },
    evaluations: found.evaluations,
    elapsedSeconds: found.elapsedSeconds,
    evaluationsToShare: gainShares.map((share) =>
      // A share of the target's gain is the target's cost over the share: both are costs of the baseline divided by it.
      target.kind === "none" ? null : (evaluationsToReach(improvements, target.cost / share) ?? null),
    ),
    improvements,
  };
}

function costIn({ objective }: CompleteProblem, evaluation: Evaluation): number | undefined {
  return evaluation.feasible ? costOf(evaluation, objective) : undefined;
}

/** Rounding may put a cost a hair beside the target, which is no gap; a real one below it is of another space. */
function gapOf(cost: number | undefined, target: Target): number | null {
  const excess = target.kind === "none" ? null : ratio(cost, target.cost);
  if (excess === null) return null;
  return Math.abs(excess - 1) < 1e-9 ? 0 : excess - 1;
}
