/** Normalisations: the result has the input's shape; some also return statistics. */
import type { Dimension, Shape } from "../ir/tensor.ts";
import { describeInput, elementTypeAttribute, input, int, normalAxis } from "./call.ts";
import type { Fact } from "./fact.ts";
import { tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { normalizationKernels } from "./kernels/normalization.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";

/** Per-channel parameters must have one entry per channel. */
function checkParameters(call: Call, indices: readonly number[], size: Dimension): void {
  for (const index of indices) {
    const found = call.inputs[index]?.shape;
    const length = found?.[0];
    if (found?.length === 1 && typeof length === "number" && typeof size === "number" && length !== size) {
      throw call.error(
        `${describeInput(call, index)} should have ${size} entries, one per channel of ${describeInput(call, 0)}`,
      );
    }
  }
}

/**
 * Statistics: in opset 1 to 13 mean, variance, saved mean, saved variance (training); from opset 14 running mean and
 * variance. All have the type of the corresponding parameter and one entry per channel.
 */
const batchNormalization = row({
  operator: "BatchNormalization",
  versions: [1, 6, 7, 9, 14, 15],
  arity: [5, 5],
  mappingType: "one-to-one",
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const channels = shape?.[1] ?? (shape?.length === 1 ? 1 : undefined);
    // Opset 7's "spatial: 0" has parameters per element, not per channel.
    if (channels !== undefined && int(call, "spatial", 1) !== 0)
      checkParameters(call, [1, 2, 3, 4], channels);
    const statistic = (index: number): Fact =>
      tensorFact(call.inputs[index]?.elementType ?? elementType, call.inputs[index]?.shape);
    return [tensorFact(elementType, shape), statistic(3), statistic(4), statistic(3), statistic(4)];
  },
});

const layerNormalization = row({
  operator: "LayerNormalization",
  versions: [17],
  arity: [2, 3],
  infer: (call) => {
    const { elementType, shape } = input(call, 0);
    const stash = elementTypeAttribute(call, "stash_type") ?? "float32";
    const statistics = tensorFact(stash, statisticsShape(call, shape));
    return [tensorFact(elementType, shape), statistics, statistics];
  },
});

function statisticsShape(call: Call, shape: Shape | undefined): Shape | undefined {
  if (shape === undefined) return undefined;
  const axis = normalAxis(call, int(call, "axis", -1), shape.length);
  return shape.map((size, index) => (index < axis ? size : 1));
}

function perChannel(
  operator: string,
  versions: readonly number[],
  arity: readonly [number, number],
  parameters: readonly number[],
): OperatorRow {
  return row({
    operator,
    versions,
    arity,
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      if (shape?.[1] !== undefined) checkParameters(call, parameters, shape[1]);
      return [tensorFact(elementType, shape)];
    },
  });
}

export const normalizationRows: readonly OperatorRow[] = withKernels(
  [
    batchNormalization,
    layerNormalization,
    // Parameters per group in opset 18, per channel from 21: not held to either.
    perChannel("GroupNormalization", [18, 21], [3, 3], []),
    perChannel("InstanceNormalization", [1, 6, 22], [3, 3], [1, 2]),
    perChannel("LRN", [1, 13], [1, 1], []),
    perChannel("MeanVarianceNormalization", [9, 13], [1, 1], []),
  ],
  normalizationKernels,
);
