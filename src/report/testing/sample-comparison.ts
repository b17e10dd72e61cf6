/** A comparison made by hand, so that every figure of a table can be worked out on paper. */

import { evaluate, evaluateLayerByLayer, layerByLayer } from "../../mapping/cost/evaluate.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { ComparedSearch, Comparison } from "../../mapping/mappers/compare-mappers.ts";
import type { FoundMapping } from "../../mapping/mappers/find-mapping.ts";
import type { Improvement } from "../../mapping/mappers/record-search.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { roundAccelerator, sketchWorkload } from "../../mapping/testing/small-workloads.ts";
import { type CompareDocumentInput, compareDocument } from "../compare-document.ts";
import type { CompareDocument } from "../compare-schema.ts";

/**
 * Two layers, batch 2, all bytes: input 8, between 16, output 8, weights 0; no MACs; 1 byte off chip a second. Layer by
 * layer: 2 x (8 + 16 + 16 + 8) = 96 seconds. Fused: 2 x (8 + 8) = 32 seconds, a speed-up of 3. One image a pass takes 16
 * bytes on chip, two take 32.
 */
export const handProblem: Problem = {
  workload: sketchWorkload(8, [
    { outputBytes: 16, reads: [-1] },
    { outputBytes: 8, reads: [0] },
  ]),
  accelerator: roundAccelerator(),
  batch: 2,
  memoryBytes: 20,
  objective: "latency",
  mode: "paper",
};

const cores = 1;
const weights = "streamed";

/** One image a pass, the tensor between the layers on chip. */
export const fusedByHand: Mapping = [
  { pass: 1, output: "stage", weights, cores },
  { pass: 1, output: "sync", weights, cores },
];

/** What a search says that found a mapping, or none. */
export function searchByHand(
  mapping: Mapping | undefined,
  improvements: readonly Improvement[],
  changes: Partial<FoundMapping> & { readonly seed?: number } = {},
): ComparedSearch {
  const { seed = 1, ...found } = changes;
  const baseline = evaluateLayerByLayer(handProblem);
  return {
    seed,
    improvements,
    found: {
      mapping,
      evaluation: mapping === undefined ? baseline : evaluate(handProblem, mapping),
      baseline,
      proof: { optimal: false, space: "", lowerBound: undefined },
      evaluations: 100,
      elapsedSeconds: 0.01,
      stopped: "finished",
      ...found,
    },
  };
}

/** exact, one that needs some luck, and one that finds nothing. */
export function sampleComparison(): Comparison {
  const alone = layerByLayer(handProblem);
  const proof = { optimal: true, space: "runs of the chain", lowerBound: 32 };
  return {
    reference: "exact",
    target: { kind: "optimum", cost: 32, space: "runs of the chain" },
    interrupted: false,
    mappers: [
      {
        name: "lucky",
        ignoresSeed: false,
        searches: [
          searchByHand(fusedByHand, [
            { evaluations: 1, cost: 96 },
            { evaluations: 40, cost: 32 },
          ]),
          searchByHand(
            fusedByHand,
            [
              { evaluations: 1, cost: 96 },
              { evaluations: 80, cost: 32 },
            ],
            { seed: 2, elapsedSeconds: 0.03 },
          ),
          searchByHand(alone, [{ evaluations: 1, cost: 96 }], { seed: 3, elapsedSeconds: 0.02 }),
        ],
      },
      {
        name: "lost",
        ignoresSeed: false,
        searches: [1, 2, 3].map((seed) =>
          searchByHand(undefined, [], { seed, leastRequiredBytes: 20 + 10 * seed }),
        ),
      },
      {
        name: "exact",
        ignoresSeed: true,
        searches: [
          searchByHand(
            fusedByHand,
            [
              { evaluations: 2, cost: 96 },
              { evaluations: 1_234, cost: 32 },
            ],
            { proof, evaluations: 1_234, elapsedSeconds: 0.005 },
          ),
        ],
      },
    ],
  };
}

/** The document of the comparison by hand. */
export function sampleCompareDocument(changes: Partial<CompareDocumentInput> = {}): CompareDocument {
  return compareDocument({
    modelName: "two-layers",
    problem: handProblem,
    accelerator: "round",
    seeds: [1, 2, 3],
    budget: { evaluations: 100 },
    comparison: sampleComparison(),
    ...changes,
  });
}
