/** The answer for a mapping that the user gives: its cost, without a search. */

import { evaluate, evaluateLayerByLayer } from "../mapping/cost/evaluate.ts";
import type { CompleteProblem } from "../mapping/cost/problem.ts";
import type { FoundMapping } from "../mapping/mappers/find-mapping.ts";
import type { Proof } from "../mapping/mappers/mapper.ts";
import { decodeMapping, encodeMapping } from "../mapping/space/encoding.ts";
import type { Mapping } from "../mapping/space/mapping.ts";
import { mapDocument } from "../report/map-document.ts";
import type { MapDocument } from "../report/map-schema.ts";
import type { Answer } from "./answer.ts";
import { type GivenMapping, mappingFromRows } from "./read-mapping.ts";
import { defaultSeed } from "./search.ts";
import type { Settings } from "./settings.ts";

/** A mapping, and the entry mB_0 that only vectors have. */
interface Read {
  readonly mapping: Mapping;
  readonly inputImages: number | undefined;
  readonly vector: readonly number[] | undefined;
}

/** Evaluates what was given. A result keeps its mapper's name and seed; its proof was the search's, and is not repeated. */
export function givenAnswer({ problem, modelName, acceleratorName }: Settings, given: GivenMapping): Answer {
  const { mapping, inputImages, vector } = readGiven(problem, given);
  const start = performance.now();
  const evaluation = evaluate(problem, mapping, { inputImages });
  const elapsedSeconds = (performance.now() - start) / 1_000;
  const result = given.kind === "result" ? given.document : undefined;
  const baseline = evaluateLayerByLayer(problem);
  const found: FoundMapping = {
    mapping,
    evaluation,
    baseline,
    proof: { optimal: false, space: "", lowerBound: undefined },
    evaluations: 1,
    elapsedSeconds,
    stopped: "finished",
  };
  const document = mapDocument({
    modelName,
    problem,
    accelerator: acceleratorName,
    mapperName: result?.mapper ?? "given",
    seed: result?.seed ?? defaultSeed,
    found,
    vector,
  });
  return { problem, found, document };
}

function readGiven(problem: CompleteProblem, given: GivenMapping): Read {
  const { workload, batch, accelerator } = problem;
  if (given.kind === "vector") {
    const shape = { layerCount: workload.layers.length, batch, cores: accelerator.cores };
    return { ...decodeMapping(given.vector, shape), vector: given.vector };
  }
  const mapping = mappingFromRows(given.rows, workload, accelerator.cores);
  const recorded = given.kind === "result" ? given.document.vector : null;
  if (recorded !== null && recorded[0] !== -1) {
    const shape = { layerCount: workload.layers.length, batch, cores: accelerator.cores };
    const decoded = decodeMapping(recorded, shape);
    // Rows that somebody has edited win over the vector beside them.
    if (sameRows(decoded.mapping, mapping)) return { ...decoded, vector: recorded };
  }
  return {
    mapping,
    inputImages: undefined,
    vector: encodeMapping(mapping, { batch, cores: accelerator.cores }),
  };
}

function sameRows(a: Mapping, b: Mapping): boolean {
  const same = ["pass", "output", "cores", "lane"] as const;
  return a.every((entry, layer) => same.every((key) => entry[key] === b[layer]?.[key]));
}

/** The answer that a result document records, made again for its trace or report. */
export function recordedAnswer(settings: Settings, given: GivenMapping, document: MapDocument): Answer {
  const answer = givenAnswer(settings, given);
  const proof: Proof = {
    optimal: document.proof.optimal,
    space: document.proof.space,
    lowerBound: document.proof.lowerBound ?? undefined,
  };
  return { ...answer, found: { ...answer.found, proof }, document };
}
