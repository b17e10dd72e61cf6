/** Networks far longer than those that people have. */
import { expect, test } from "vitest";
import { known } from "../src/base/assert.ts";
import { exactMapper } from "../src/mapping/mappers/exact/exact.ts";
import { findMapping } from "../src/mapping/mappers/find-mapping.ts";
import {
  type LayerSketch,
  roundAccelerator,
  sketchWorkload,
} from "../src/mapping/testing/small-workloads.ts";
import type { Workload } from "../src/mapping/workload/workload.ts";

test("a network of 20,000 layers is answered, with shorter groups named in the proof's space", async () => {
  const count = 20_000;
  const chain: LayerSketch = { macs: 10, weightBytes: 3, outputBytes: 4, reads: [] };
  const [layer] = sketchWorkload(4, [{ ...chain, reads: [-1] }]).layers;
  const workload: Workload = {
    name: "long",
    elementType: "int8",
    layers: Array.from({ length: count }, (_, index) => ({
      ...known(layer, "layer"),
      inputs: [index],
      outputs: [index + 1],
    })),
    tensors: Array.from({ length: count + 1 }, (_, index) => ({
      name: `t${index}`,
      bytes: 4,
      source: index === 0 ? { kind: "network-input" } : { kind: "layer", layer: index - 1 },
      consumers: index < count ? [index] : [],
      isNetworkOutput: index === count,
    })),
  };
  const found = await findMapping(
    exactMapper(),
    {
      workload,
      accelerator: roundAccelerator({ onChipBytes: 200 }),
      batch: 8,
    },
    { budget: { evaluations: 1_000_000 } },
  );
  expect(found.mapping).toHaveLength(count);
  expect(found.proof.space).toContain("at most 400 layers");
  expect(
    found.evaluation.feasible &&
      found.baseline.feasible &&
      found.evaluation.latencyCycles < found.baseline.latencyCycles,
  ).toBe(true);
});
