/** What an objective minimises, with its unit. */
import { formatBytes, formatJoules, formatSeconds } from "../base/format.ts";
import type { Objective } from "../mapping/cost/problem.ts";

export function formatCost(cost: number, objective: Objective): string {
  switch (objective) {
    case "latency":
      return formatSeconds(cost);
    case "energy":
      return formatJoules(cost);
    case "traffic":
      return `${formatBytes(cost)} off chip`;
    default:
      return objective satisfies never;
  }
}
