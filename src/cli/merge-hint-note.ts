/** The line after `map`: the smallest extra memory that lets two groups merge, and what it saves. */
import { formatBytes } from "../base/format.ts";
import { writeBytes } from "../base/units.ts";
import { mergeHint } from "../mapping/cost/merge-hint.ts";
import type { CompleteProblem } from "../mapping/cost/problem.ts";
import type { Mapping } from "../mapping/space/mapping.ts";
import type { Cli } from "./cli.ts";
import { formatCost } from "./format-cost.ts";

export function noteMergeHint(cli: Cli, problem: CompleteProblem, mapping: Mapping): void {
  const hint = mergeHint(problem, mapping);
  if (hint === undefined) return;
  const [first, second] = hint.groups;
  const extra = formatBytes(hint.extraBytes);
  const memory = writeBytes(Math.ceil(problem.memoryBytes + hint.extraBytes));
  const saved = formatCost(hint.saved, problem.objective);
  cli.terminal.note(
    `hint: ${extra} more on chip (--memory ${memory}) let groups ${first + 1} and ${second + 1} merge and save ${saved}`,
  );
}
