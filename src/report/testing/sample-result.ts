/** Results for the tests of the report: a residual network of 21 layers, mapped by hand, and problems that do not fit. */
import { evaluate, evaluateLayerByLayer, layerByLayer } from "../../mapping/cost/evaluate.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { FoundMapping } from "../../mapping/mappers/find-mapping.ts";
import type { Proof } from "../../mapping/mappers/mapper.ts";
import type { LayerMapping, Mapping } from "../../mapping/space/mapping.ts";
import {
  type LayerSketch,
  roundAccelerator,
  severalCores,
  sketchWorkload,
} from "../../mapping/testing/small-workloads.ts";
import type { Workload } from "../../mapping/workload/workload.ts";
import { mapDocument } from "../map-document.ts";
import type { MapDocument } from "../map-schema.ts";

/** Four stages of two residual blocks, each block of two convolutions; sizes as in a ResNet18 of int8. */
export function residualNetwork(): Workload {
  const names = ["/conv1/Conv"];
  const sketches: LayerSketch[] = [{ macs: 118e6, weightBytes: 9_472, outputBytes: 200_704, reads: [-1] }];
  for (const stage of [1, 2, 3, 4]) {
    const channels = 32 * 2 ** stage;
    const outputBytes = 200_704 / 2 ** (stage - 1);
    const weightBytes = 9 * channels * channels;
    for (const block of [0, 1]) {
      const input = sketches.length - 1;
      const first = stage > 1 && block === 0 ? 0.5 : 1;
      const path = `/layer${stage}/layer${stage}.${block}`;
      names.push(`${path}/conv1/Conv`, `${path}/conv2/Conv`);
      sketches.push({ macs: 115e6 * first, weightBytes: weightBytes * first, outputBytes, reads: [input] });
      const macs = 115e6;
      sketches.push({ macs, weightBytes, outputBytes, reads: [input + 1, input], workingSetBytes: 2e4 });
    }
  }
  names.push("/avgpool/GlobalAveragePool", "/fc/Gemm");
  sketches.push({ outputBytes: 512, reads: [sketches.length - 1] });
  sketches.push({ macs: 512e3, weightBytes: 513e3, outputBytes: 1_000, reads: [sketches.length - 1] });
  const sketch = sketchWorkload(150_528, sketches);
  const layers = sketch.layers.map((layer, at) => ({ ...layer, name: names[at] ?? layer.name }));
  return { ...sketch, name: "resnet", layers };
}

/** The sample network on a machine where both compute and traffic matter. */
export function sampleProblem(changes: Partial<Problem> = {}): Problem {
  const accelerator = roundAccelerator({
    name: "sample-npu",
    pesPerCore: 1_024,
    macsPerPePerCycle: 1_000,
    frequencyHertz: 1e9,
    onChipBytes: 64e6,
    onChipBytesPerSecond: 9e12,
    offChipBytesPerSecond: 0.9e12,
  });
  const workload = residualNetwork();
  return {
    workload,
    accelerator,
    batch: 64,
    memoryBytes: 20e6,
    objective: "latency",
    mode: "full",
    ...changes,
  };
}

/** Layers in groups that end at the given layers, all with one pass size; a layer on its own makes one pass. */
export function mappingByEnds(
  { workload, batch, accelerator }: Problem,
  ends: readonly number[],
  pass: number,
): Mapping {
  return workload.layers.map((_, layer): LayerMapping => {
    const alone = ends.includes(layer) && (layer === 0 || ends.includes(layer - 1));
    const output = ends.includes(layer) ? "sync" : "stage";
    return { pass: alone ? batch : pass, output, weights: "streamed", cores: accelerator.cores };
  });
}

/** The mapping that the sample tests look at: passes of 16 images, groups that end with a stage of the network. */
export function sampleMapping(problem: Problem): Mapping {
  return mappingByEnds(problem, [0, 4, 6, 8, 12, 16, 17, 18], 16);
}

/** As a search would return it. */
export function foundMapping(problem: Problem, mapping: Mapping, proof?: Proof): FoundMapping {
  const evaluation = evaluate(problem, mapping);
  const noProof: Proof = { optimal: false, space: "", lowerBound: undefined };
  return {
    mapping: evaluation.feasible ? mapping : undefined,
    evaluation,
    baseline: evaluateLayerByLayer(problem),
    proof: proof ?? noProof,
    evaluations: 2_000,
    elapsedSeconds: 0.0123,
    stopped: "finished",
  };
}

export function sampleFound(problem: Problem): FoundMapping {
  return foundMapping(problem, sampleMapping(problem));
}

/** The document of a found mapping of the sample problem. */
export function sampleDocument(problem: Problem, found: FoundMapping, mapperName = "g-teacher"): MapDocument {
  return mapDocument({
    modelName: problem.workload.name,
    problem,
    accelerator: problem.accelerator.name,
    mapperName,
    seed: 1,
    found,
    vector: undefined,
  });
}

/** A search that missed every mapping that fits. */
export function nothingFound(problem: Problem): FoundMapping {
  return { ...layerByLayerFound(problem), mapping: undefined };
}

export function layerByLayerFound(problem: Problem): FoundMapping {
  return foundMapping(problem, layerByLayer(problem));
}

/** A stem, two branches and what joins them, on four cores. */
export function sideBySideProblem(): Problem {
  const sketches = [[-1], [0], [0], [1, 2]].map((reads) => ({
    ...{ macs: 640, outputBytes: 8, reads },
    dimensions: { K: 16 },
  }));
  return { workload: sketchWorkload(8, sketches), accelerator: severalCores(4), batch: 1 };
}

/** Its branches side by side, on one core and on three. */
export const sideBySideMapping: Mapping = [
  { pass: 1, output: "sync", weights: "streamed", cores: 4 },
  { pass: 1, output: "sync", weights: "streamed", cores: 1, lane: 0 },
  { pass: 1, output: "sync", weights: "streamed", cores: 3, lane: 1 },
  { pass: 1, output: "sync", weights: "streamed", cores: 4 },
];
