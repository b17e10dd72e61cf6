/** What `laminate train` learns from: a data set that is given, or one of the user's own networks; and where it begins. */
import { join } from "node:path";
import { usageError } from "../base/errors.ts";
import { sha256OfBytes } from "../base/sha256.ts";
import { readWholeFile } from "../host/read-file.ts";
import { shippedWeights } from "../host/shipped-weights.ts";
import { generalSchema } from "../learning/environment/general-schema.ts";
import { type MapperWeights, readMapperWeights } from "../learning/network/mapper-weights.ts";
import type { Cli } from "./cli.ts";
import { makeDataset } from "./dataset.ts";
import { defaultExactEvaluations } from "./dataset-options.ts";
import { checkTrainFolder, dataFolderName } from "./train-folder.ts";
import { shippedName, type TrainOptions } from "./train-options.ts";

/** Weights to begin at. */
export interface From {
  readonly path: string;
  readonly digest: string;
  readonly weights: MapperWeights;
}

/**
 * The weights of a file, or those that come with laminate.
 *
 * @throws LaminateError (bad-input) for a file that holds none
 */
export function readFrom(name: string): From {
  const path = (name === shippedName ? shippedWeights() : undefined) ?? name;
  const bytes = readWholeFile(path);
  return { path, digest: sha256OfBytes(bytes), weights: readMapperWeights(bytes, path) };
}

/**
 * The data set's folder. One of networks that are given is made now, in the folder of the training; undefined where Ctrl-C came first.
 *
 * @throws LaminateError (usage) where neither is given, or both
 */
export async function dataFolderOf(
  cli: Cli,
  options: TrainOptions,
  from: From | undefined,
): Promise<string | undefined> {
  if (options.data !== undefined && options.models.length > 0) {
    throw usageError("a data set is given, and networks to make one of", {
      where: "--models",
      fix: "leave out --models or --data",
    });
  }
  return options.data ?? makeOwnData(cli, options, from);
}

async function makeOwnData(
  cli: Cli,
  options: TrainOptions,
  from: From | undefined,
): Promise<string | undefined> {
  if (options.models.length === 0) {
    throw usageError("there is nothing to train on", {
      where: "--data",
      fix: "give a data set, as --data out/general, or networks, as --models net.onnx",
    });
  }
  checkTrainFolder(options.out);
  const schema = from?.weights.schema ?? generalSchema;
  const isPaper = schema.action.kind === "share";
  const { models, batches, memories, accelerator, seed } = options;
  const corrected = from === undefined || isPaper ? {} : { learner: from.path };
  const { manifest } = await makeDataset(cli, {
    ...{ models, batches, memories, accelerator, seed, ...corrected },
    ...{ generated: 0, objective: "latency", paperMode: isPaper, features: schema },
    teachers: isPaper ? ["g-teacher", "exact"] : ["exact", "correction"],
    ...{ seeds: 4, keep: 8, corrections: 8, exactEvaluations: defaultExactEvaluations },
    out: join(options.out, dataFolderName),
  });
  return manifest.complete ? join(options.out, dataFolderName) : undefined;
}
