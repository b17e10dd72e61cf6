/** What holds of every fusion plan, whatever the network: for tests of random graphs and of real models. */
import { expect } from "vitest";
import { activationsRead } from "../src/compiler/fusion/data-flow.ts";
import type { FusionPlan, PlannedBlock } from "../src/compiler/fusion/fusion-plan.ts";

export function checkPlan(plan: FusionPlan): void {
  expectPartition(plan);
  expectTopologicalOrder(plan);
  expectVerdicts(plan);
  for (const block of plan.blocks) if (plan.kind === "table") expectNoRed(plan, block);
}

function expectPartition({ blocks, blockOf, typed }: FusionPlan): void {
  const nodes = blocks.flatMap((block) => block.nodes);
  expect(nodes.length).toBe(typed.graph.nodes.length);
  expect(new Set(nodes).size).toBe(nodes.length);
  blocks.forEach((block, at) => {
    expect([...block.nodes].sort((a, b) => a - b)).toEqual(block.nodes);
    for (const node of block.nodes) expect(blockOf[node]).toBe(at);
  });
}

/** Every activation comes from the same block or an earlier one: the quotient graph has no cycle. */
function expectTopologicalOrder({ blockOf, ecg: { flow }, typed }: FusionPlan): void {
  typed.graph.nodes.forEach((_, node) => {
    for (const value of activationsRead(flow, node)) {
      const producer = flow.producerOf.get(value);
      if (producer !== undefined) expect(blockOf[producer]).toBeLessThanOrEqual(blockOf[node] ?? -1);
    }
  });
}

/** One for each edge, and it says what the blocks say. */
function expectVerdicts({ verdicts, blockOf, ecg }: FusionPlan): void {
  const edges = ecg.reads.flatMap((values) => values.filter(({ producer }) => producer !== undefined));
  expect(verdicts.length).toBe(edges.length);
  for (const { producer, consumer, fused } of verdicts) {
    expect(fused).toBe(blockOf[producer] === blockOf[consumer]);
  }
}

/** Without an exception: one Many-to-Many operator at most, and nothing One-to-Many on a way to it. */
function expectNoRed({ ecg }: FusionPlan, { nodes, exceptions }: PlannedBlock): void {
  if (exceptions.length > 0) return;
  const inside = new Set(nodes);
  const followsStretching = new Set<number>();
  const reducing = nodes.filter((node) => ecg.operators[node]?.mappingType === "many-to-many");
  expect(reducing.length).toBeLessThanOrEqual(1);
  for (const node of nodes) {
    const producers = (ecg.reads[node] ?? []).flatMap(({ producer }) => producer ?? []);
    const follows = producers.some((producer) => inside.has(producer) && followsStretching.has(producer));
    if (ecg.operators[node]?.mappingType === "many-to-many") expect(follows).toBe(false);
    if (follows || ecg.operators[node]?.mappingType === "one-to-many") followsStretching.add(node);
  }
}
