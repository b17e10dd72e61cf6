/** The learner of `laminate dataset`: weights of a file, compiled. */
import { known } from "../base/assert.ts";
import { sha256OfBytes } from "../base/sha256.ts";
import { readWholeFile } from "../host/read-file.ts";
import { decodeMappings } from "../learning/inference/decode.ts";
import { createStepNetwork } from "../learning/inference/step-network.ts";
import { readMapperWeights } from "../learning/network/mapper-weights.ts";
import type { Learner } from "../learning/trajectories/guide.ts";
import { createCostModel } from "../mapping/cost/cost-model.ts";

/** Weights whose mappings lessons begin with. */
export interface WeightsLearner extends Learner {
  readonly digest: string;
}

/** The greedy mapping, and some that are drawn as the network is sure of them. */
const waySamples = 4;
const wayTemperature = 1;

export async function createLearner(path: string): Promise<WeightsLearner> {
  const bytes = readWholeFile(path);
  const weights = readMapperWeights(bytes, path);
  const network = await createStepNetwork(weights, waySamples);
  const greedy = await createStepNetwork(weights, 1);
  return {
    digest: sha256OfBytes(bytes),
    ways: (problem, seed) => {
      const options = { samples: waySamples, temperature: wayTemperature, seed };
      return [...decodeMappings(network, createCostModel(problem), options)].flat();
    },
    goOn: (model, begun) => {
      const options = { samples: 1, temperature: 0, seed: 1, begun };
      const [mapping] = [...decodeMappings(greedy, model, options)].flat();
      return known(mapping, "something fits where something is decided");
    },
  };
}
