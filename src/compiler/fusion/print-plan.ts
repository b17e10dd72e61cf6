/**
 * A fusion plan as text. Every block has its operators, one a line with its mapping type and result, and below them the
 * edges into the block that were not fused, each with the reason. Everything that runs inside a block is fused, so
 * what is missing between two blocks is what the reasons are about; `explainNode` gives those inside too.
 */
import { known } from "../../base/assert.ts";
import { formatBytes } from "../../base/format.ts";
import { printType } from "../../graph/ir/print.ts";
import type { EcgOperator } from "./ecg.ts";
import type { FusionPlan, PlannedBlock } from "./fusion-plan.ts";
import { summarizePlan } from "./plan-summary.ts";
import { reasonText, type Verdict } from "./verdict.ts";

/** The whole plan, a block after the other in the order in which they run. */
export function printPlan(plan: FusionPlan): string {
  const intoBlock = new Map<number, Verdict[]>();
  for (const verdict of plan.verdicts) {
    if (verdict.fused) continue;
    const block = known(plan.blockOf[verdict.consumer], "block");
    intoBlock.set(block, [...(intoBlock.get(block) ?? []), verdict]);
  }
  const blocks = plan.blocks.map((block, at) => blockText(plan, block, at, intoBlock.get(at) ?? []));
  return `${summaryText(plan)}\n\n${blocks.join("\n")}`;
}

/** Operators, blocks and bytes on one line. */
export function summaryText(plan: FusionPlan): string {
  const summary = summarizePlan(plan);
  const [before, after] = [summary.intermediateBytesBefore, summary.intermediateBytesAfter].map(formatBytes);
  const unknown =
    summary.unknownSizes === 0 ? "" : ` (${summary.unknownSizes} results of unknown size not in it)`;
  const counts = `${summary.operators} operators (${summary.heavyOperators} heavy) in ${summary.blocks} blocks`;
  return `${counts}, ${summary.rate.toFixed(2)} to one; intermediate results ${before} -> ${after}${unknown}`;
}

function blockText(plan: FusionPlan, block: PlannedBlock, at: number, cut: readonly Verdict[]): string {
  const operators = block.nodes.flatMap((node) => plan.ecg.operators[node] ?? []);
  const by = block.exceptions.length === 0 ? "" : `, by exception ${block.exceptions.join(", ")}`;
  const lines = [
    `block ${at + 1}: ${block.mappingType}${by}`,
    ...operators.map((operator) => `  ${operatorText(plan, operator)}`),
    ...new Set(
      cut.map((verdict) => `  | not with ${nameOf(plan, verdict.producer)}: ${reasonText(verdict)}`),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function operatorText(plan: FusionPlan, { node, mappingType, index }: EcgOperator): string {
  const results = known(plan.ecg.results[index], "results").map(({ name }) => {
    const type = plan.typed.types.get(name);
    const shape = type === undefined ? "?" : printType(type);
    return plan.removable.has(name) ? `(${shape})` : shape;
  });
  return `${node.operator} ${node.name}: ${mappingType} -> ${results.join(", ")}`;
}

function nameOf(plan: FusionPlan, node: number): string {
  return known(plan.typed.graph.nodes[node], "node").name;
}

/** Everything that the plan says of one node; undefined where the graph has no node of that name. */
export function explainNode(plan: FusionPlan, name: string): string | undefined {
  const index = plan.typed.graph.nodes.findIndex((node) => node.name === name);
  if (index < 0) return undefined;
  const operator = plan.ecg.operators[index];
  const block = known(plan.blockOf[index], "block");
  if (operator === undefined)
    return `${name}: constant, known without running the network; with block ${block + 1}`;
  const lines = [`${operatorText(plan, operator)}; in block ${block + 1}`];
  for (const verdict of plan.verdicts) {
    const { producer, consumer, fused } = verdict;
    if (producer !== index && consumer !== index) continue;
    const other = producer === index ? `feeds ${nameOf(plan, consumer)}` : `reads ${nameOf(plan, producer)}`;
    lines.push(`  ${fused ? "with" : "not with"}: ${other}: ${reasonText(verdict)}`);
  }
  return lines.join("\n");
}
