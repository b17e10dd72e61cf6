/**
 * The plans to compare with: fixed patterns, as runtimes before DNNFusion had them (a convolution or a transposed one with
 * BatchNormalization, bias and activation, each optional; a matrix product with bias and activation), and no fusion.
 * A pattern is matched where nobody else reads the results in between. Linear in the graph.
 */
import { known } from "../../base/assert.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import type { MappingType } from "../../graph/ops/row.ts";
import { edgesOf } from "./draft.ts";
import { type Ecg, extendGraph } from "./ecg.ts";
import { completePlan, type FusionPlan } from "./fusion-plan.ts";
import type { Reason, Verdict } from "./verdict.ts";

interface Pattern {
  readonly name: string;
  readonly heads: readonly string[];
  /** What may follow, in this order, each one optional. */
  readonly tail: readonly (readonly string[])[];
}

const activations = ["Clip", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "PRelu"].concat([
  "Relu",
  "Selu",
  "Sigmoid",
  "Softplus",
  "Tanh",
  "ThresholdedRelu",
]);

const patterns: readonly Pattern[] = [
  {
    name: "Conv+BatchNormalization+bias+activation",
    heads: ["Conv", "ConvTranspose"],
    tail: [["BatchNormalization"], ["Add"], activations],
  },
  { name: "MatMul+bias+activation", heads: ["MatMul", "Gemm"], tail: [["Add"], activations] },
];

/** Plans by fixed patterns. */
export function planFixed(typed: TypedGraph): FusionPlan {
  const ecg = extendGraph(typed);
  const inPattern = new Map<number, string>();
  const blockOf = ecg.operators.map((_, index) => index);
  for (const operator of ecg.operators) {
    const pattern = patterns.find(({ heads }) => operator && heads.includes(operator.node.operator));
    if (operator === undefined || pattern === undefined) continue;
    for (const node of matched(ecg, operator.index, pattern)) {
      blockOf[node] = operator.index;
      inPattern.set(node, pattern.name);
    }
  }
  return planOf(ecg, "fixed", blockOf, (consumer) => inPattern.get(consumer));
}

/** Plans every operator as a block of its own. */
export function planNone(typed: TypedGraph): FusionPlan {
  const ecg = extendGraph(typed);
  const blockOf = ecg.operators.map((_, index) => index);
  return planOf(ecg, "none", blockOf, () => undefined);
}

/** The operators that follow a head as its pattern says, without the head. */
function matched(ecg: Ecg, head: number, { tail }: Pattern): readonly number[] {
  const found: number[] = [];
  let last = head;
  for (const names of tail) {
    const next = onlyConsumer(ecg, last);
    if (next === undefined || !names.includes(known(ecg.operators[next], "operator").node.operator)) continue;
    // A bias is constant: an addition of two activations is no bias.
    if (known(ecg.reads[next], "reads").length !== 1) continue;
    found.push(next);
    last = next;
  }
  return found;
}

function onlyConsumer(ecg: Ecg, node: number): number | undefined {
  const [value, ...others] = known(ecg.results[node], "results");
  if (value === undefined || others.length > 0 || value.isNetworkOutput) return undefined;
  return value.consumers.length === 1 ? value.consumers[0] : undefined;
}

/**
 * Blocks are numbered by their first operators. What a pattern adds reads nothing else that runs, so a block may run
 * where its first operator stands.
 */
function planOf(
  ecg: Ecg,
  kind: "fixed" | "none",
  blockOf: readonly number[],
  patternOf: (node: number) => string | undefined,
): FusionPlan {
  const nodesOf = new Map<number, number[]>();
  for (const operator of ecg.operators) {
    if (operator === undefined) continue;
    const block = known(blockOf[operator.index], "block");
    nodesOf.set(block, [...(nodesOf.get(block) ?? []), operator.index]);
  }
  const blocks = [...nodesOf.entries()]
    .sort(([a], [b]) => a - b)
    .map(([head, nodes]) => {
      const { mappingType } = known(ecg.operators[head], "operator");
      return { nodes, mappingType, exceptions: [] };
    });
  return completePlan({ kind, ecg, blocks, verdicts: verdictsOf(ecg, blockOf, patternOf) });
}

function verdictsOf(
  ecg: Ecg,
  blockOf: readonly number[],
  patternOf: (node: number) => string | undefined,
): readonly Verdict[] {
  return edgesOf(ecg).map(({ producer, consumer, value }): Verdict => {
    const types = [typeAt(ecg, producer), typeAt(ecg, consumer)] as const;
    const fused = blockOf[producer] === blockOf[consumer];
    const name = patternOf(consumer);
    const reason: Reason = fused && name !== undefined ? { kind: "pattern", name } : { kind: "no-pattern" };
    return { producer, consumer, value: value.name, fused, types, reason };
  });
}

function typeAt(ecg: Ecg, node: number): MappingType {
  return known(ecg.operators[node], "operator").mappingType;
}
