/**
 * A plan in numbers, counted the same way for every plan: operators that run (Constant, Identity and all that is known
 * without running the network are none), blocks that hold one, and the bytes of float32 results that go from one
 * operator to another, before, and from one block to another, after.
 */
import { known } from "../../base/assert.ts";
import { elementCount } from "../../graph/ir/tensor.ts";
import type { Ecg } from "./ecg.ts";
import type { FusionPlan } from "./fusion-plan.ts";

export interface PlanSummary {
  readonly operators: number;
  readonly blocks: number;
  /** Operators per block. */
  readonly rate: number;
  readonly heavyOperators: number;
  readonly intermediateBytesBefore: number;
  readonly intermediateBytesAfter: number;
  /** Float32 results whose size is not known, and which are therefore not in the bytes. */
  readonly unknownSizes: number;
}

export function summarizePlan({ ecg, blocks, blockOf }: FusionPlan): PlanSummary {
  const counted = ecg.operators.filter((operator) => operator?.counted);
  const blocksCounted = blocks.filter(({ nodes }) =>
    nodes.some((node) => ecg.operators[node]?.counted),
  ).length;
  const before = intermediateBytes(ecg, () => true);
  const after = intermediateBytes(ecg, (producer, consumer) => blockOf[producer] !== blockOf[consumer]);
  return {
    operators: counted.length,
    blocks: blocksCounted,
    rate: blocksCounted === 0 ? 1 : counted.length / blocksCounted,
    heavyOperators: counted.filter((operator) => operator?.heavy).length,
    intermediateBytesBefore: before.bytes,
    intermediateBytesAfter: after.bytes,
    unknownSizes: before.unknownSizes,
  };
}

/** Bytes of the results that cross between a producer and a consumer, each once. */
function intermediateBytes(
  ecg: Ecg,
  crosses: (producer: number, consumer: number) => boolean,
): { readonly bytes: number; readonly unknownSizes: number } {
  let [bytes, unknownSizes] = [0, 0];
  for (const { name, producer } of ecg.values.values()) {
    if (producer === undefined || !known(ecg.operators[producer], "producer").counted) continue;
    const type = ecg.typed.types.get(name);
    if (type?.elementType !== "float32") continue;
    if (!readers(ecg, name).some((consumer) => crosses(producer, consumer))) continue;
    const elements = type.shape && elementCount(type.shape);
    if (elements === undefined) unknownSizes++;
    else bytes += 4 * elements;
  }
  return { bytes, unknownSizes };
}

/** The operators that read a value, through Identity too. */
function readers(ecg: Ecg, name: string): readonly number[] {
  const consumers = ecg.values.get(name)?.consumers ?? [];
  return consumers.flatMap((consumer) => {
    const operator = known(ecg.operators[consumer], "consumer");
    return operator.counted ? consumer : operator.node.outputs.flatMap((output) => readers(ecg, output));
  });
}
