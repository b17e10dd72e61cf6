/**
 * The best cost so far against evaluations, over the seeds of one mapper: at every evaluation at which any of them
 * improved, the median and the ends. O(points x runs).
 */
import { type Spread, spreadOf } from "../base/spread.ts";
import type { CompareRun } from "./compare-schema.ts";

/** From these evaluations on, until the next point. */
export interface CurvePoint extends Spread {
  readonly evaluations: number;
}

/** Ascending in evaluations; empty when no run found anything. The last point is where the longest run ended. */
export function convergenceCurve(
  runs: readonly Pick<CompareRun, "improvements" | "evaluations">[],
): readonly CurvePoint[] {
  const improved = runs.flatMap(({ improvements }) => improvements.map(({ evaluations }) => evaluations));
  if (improved.length === 0) return [];
  const end = Math.max(...runs.map(({ evaluations }) => evaluations));
  const places = [...new Set([...improved, end])].sort((a, b) => a - b);
  return places.map((evaluations) => ({
    evaluations,
    // A run that has found nothing yet is the worst of all.
    ...spreadOf(
      runs.map((run) => costAt(run, evaluations)),
      "highest",
    ),
  }));
}

function costAt({ improvements }: Pick<CompareRun, "improvements">, evaluations: number): number | undefined {
  return improvements.findLast((improvement) => improvement.evaluations <= evaluations)?.cost;
}
