/**
 * DNNFusion's table of fused operators beside ours: for its 15 networks, operators, blocks and intermediate bytes with no
 * fusion, fixed patterns, the table-driven plan, and that plan with all exceptions. Exporters differ, so rates and bytes
 * compare and counts do so roughly.
 *
 *   node fusion.js --models DIR [--json]     (bundled; networks that are not in DIR are skipped and counted)
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planFixed, planNone } from "../../src/compiler/fusion/fixed-plan.ts";
import { exceptionNames, planFusion } from "../../src/compiler/fusion/plan.ts";
import { type PlanSummary, summarizePlan } from "../../src/compiler/fusion/plan-summary.ts";
import { importOnnx } from "../../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../../src/graph/ops/infer-shapes.ts";
import { readOptions } from "../read-options.ts";
import { dnnFusionResults, type PaperRow } from "./dnnfusion-results.ts";

interface Comparison {
  readonly paper: PaperRow;
  readonly none: PlanSummary;
  readonly fixed: PlanSummary;
  readonly table: PlanSummary;
  readonly exceptions: PlanSummary;
  /** The goals that are missed. */
  readonly missed: readonly string[];
}

const { values } = readOptions({
  options: { models: { type: "string", default: "../shared/models/structure" }, json: { type: "boolean" } },
});
const here = dnnFusionResults.filter(({ file }) => existsSync(join(values.models, file)));
const comparisons = here.map(compare);
const skipped = dnnFusionResults.length - here.length;
if (values.json) console.log(JSON.stringify({ comparisons, skipped }, null, 2));
else printTable();

function compare(paper: PaperRow): Comparison {
  const model = importOnnx(readFileSync(join(values.models, paper.file)), { name: paper.file });
  const typed = inferShapes(model, { batch: 1 });
  const plans = {
    none: summarizePlan(planNone(typed)),
    fixed: summarizePlan(planFixed(typed)),
    table: summarizePlan(planFusion(typed)),
    exceptions: summarizePlan(planFusion(typed, { exceptions: exceptionNames })),
  };
  return { paper, ...plans, missed: missedGoals(paper, plans.fixed, plans.table, plans.exceptions) };
}

function missedGoals(
  { kind, blocks }: PaperRow,
  fixed: PlanSummary,
  table: PlanSummary,
  best: PlanSummary,
): readonly string[] {
  const { heavyOperators: heavy } = best;
  return [
    ...(kind !== "detector" && best.blocks > blocks ? ["more blocks than the paper"] : []),
    ...(kind !== "detector" && best.blocks <= blocks && table.blocks > blocks
      ? ["more than the paper without exceptions"]
      : []),
    ...(kind === "detector" && best.blocks > fixed.blocks ? ["more blocks than fixed patterns"] : []),
    ...(kind === "cnn" && best.blocks > 1.15 * heavy ? ["over 1.15 x heavy"] : []),
    ...(kind === "transformer" && best.blocks >= heavy ? ["not below heavy"] : []),
  ];
}

function printTable(): void {
  const heads = [
    "network",
    "operators",
    "heavy",
    "fixed",
    "table",
    "+exc.",
    "rate",
    "MB before",
    "fixed",
    "table",
  ];
  const paperHeads = ["+exc.", "| paper: op.", "blocks", "rate", "MB before", "after", "misses"];
  const rows = [[...heads, ...paperHeads], ...comparisons.map(cells)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    const padded = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(padded.join("  ").trimEnd());
  }
  console.log(`\n${comparisons.length} networks, ${skipped} skipped: not in ${values.models}`);
}

function cells({ paper, fixed, table, exceptions, missed }: Comparison): readonly string[] {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  return [
    paper.network,
    ...[exceptions.operators, exceptions.heavyOperators, fixed.blocks, table.blocks, exceptions.blocks].map(
      String,
    ),
    exceptions.rate.toFixed(1),
    megabytes(exceptions.intermediateBytesBefore),
    ...[fixed, table, exceptions].map((plan) => megabytes(plan.intermediateBytesAfter)),
    `| ${paper.operators}`,
    String(paper.blocks),
    (paper.operators / paper.blocks).toFixed(1),
    String(paper.megabytesBefore),
    String(paper.megabytesAfter),
    missed.join(", ") || "-",
  ];
}
