/** What `laminate train` learns from: a data set that is given, or one of the user's own networks; and where it begins. */
import { join } from "node:path";
import { usageError } from "../base/errors.ts";
import { sha256OfBytes } from "../base/sha256.ts";
import { readWholeFile } from "../host/read-file.ts";
import { shippedWeights } from "../host/shipped-weights.ts";
import { generalSchema } from "../learning/environment/general-schema.ts";
import { type MapperWeights, readMapperWeights } from "../learning/network/mapper-weights.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import type { Cli } from "./cli.ts";
import { makeDataset } from "./dataset.ts";
import { checkTrainFolder, dataFolderName } from "./train-folder.ts";
import { shippedName, type TrainOptions } from "./train-options.ts";

/** Where exact stops without a proof: what it has by then is near the optimum, and hundreds of problems are to be taught in minutes. */
const tuningEvaluations = 5_000_000;

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

/** The data set's folder, and the workloads of the networks that it was made of now. */
export interface DataFolder {
  readonly folder: string;
  readonly workloads: readonly Workload[];
}

/**
 * The data set. One of networks that are given is made now, in the folder of the training; undefined where Ctrl-C came first.
 *
 * @throws LaminateError (usage) where neither is given, or both
 */
export async function dataFolderOf(
  cli: Cli,
  options: TrainOptions,
  from: From | undefined,
): Promise<DataFolder | undefined> {
  if (options.data !== undefined && options.models.length > 0) {
    throw usageError("a data set is given, and networks to make one of", {
      where: "--models",
      fix: "leave out --models or --data",
    });
  }
  if (options.data !== undefined) return { folder: options.data, workloads: [] };
  return makeOwnData(cli, options, from);
}

async function makeOwnData(
  cli: Cli,
  options: TrainOptions,
  from: From | undefined,
): Promise<DataFolder | undefined> {
  if (options.models.length === 0) {
    throw usageError("there is nothing to train on", {
      where: "--data",
      fix: "give a data set, as --data out/general, or networks, as --models net.onnx",
    });
  }
  checkTrainFolder(options.out);
  const schema = from?.weights.schema ?? generalSchema;
  const isPaper = schema.action.kind === "share";
  const { models, draws, batches, memories, accelerator, objective, generated, seed } = options;
  const folder = join(options.out, dataFolderName);
  const { manifest, workloads } = await makeDataset(cli, {
    ...{ models, draws, batches, memories, accelerator, objective, generated, seed },
    ...{ paperMode: isPaper, features: schema },
    ...(from === undefined || isPaper ? {} : { learner: from.path }),
    teachers: isPaper ? ["g-teacher", "exact"] : from === undefined ? ["exact", "correction"] : ["guide"],
    ...{ seeds: 4, keep: 8, corrections: 8, exactEvaluations: tuningEvaluations },
    out: folder,
  });
  return manifest.complete ? { folder, workloads } : undefined;
}
