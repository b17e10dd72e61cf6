/** The networks of a folder, as workloads in the element type of each machine; those that cannot be mapped, with the reason. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { badInput, LaminateError } from "../../src/base/errors.ts";
import { readModel } from "../../src/cli/load-model.ts";
import type { ElementType } from "../../src/graph/ir/tensor.ts";
import type { Accelerator } from "../../src/mapping/accelerator/accelerator.ts";
import type { Workload } from "../../src/mapping/workload/workload.ts";

export interface GivenNetwork {
  /** As the gallery calls it. */
  readonly name: string;
  readonly layers: number;
  workloadFor(accelerator: Accelerator): Workload;
}

export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export interface FolderNetworks {
  readonly networks: readonly GivenNetwork[];
  readonly skipped: readonly Skipped[];
}

/**
 * @param names those that are asked for; all where it is empty
 * @throws LaminateError (bad-input) for a folder without networks, or a name that is not there
 */
export function networksOf(folder: string, names: readonly string[]): FolderNetworks {
  const found = onnxFiles(folder);
  const strange = names.find((name) => found.every((file) => nameOf(file) !== name));
  if (strange !== undefined || found.length === 0)
    throw badInput(strange === undefined ? "no networks are there" : `the network ${strange} is not there`, {
      where: folder,
      fix: "give a folder of ONNX files with --models",
    });
  const networks: GivenNetwork[] = [];
  const skipped: Skipped[] = [];
  for (const file of found) {
    const name = nameOf(file);
    if (names.length > 0 && !names.includes(name)) continue;
    try {
      networks.push(readNetwork(join(folder, file), name));
    } catch (error) {
      if (!(error instanceof LaminateError)) throw error;
      skipped.push({ name, reason: error.message });
    }
  }
  return { networks, skipped };
}

function onnxFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".onnx"))
      .toSorted();
  } catch {
    return [];
  }
}

function nameOf(file: string): string {
  return file.replace(/^tv_/, "").replace(/\.onnx$/, "");
}

function readNetwork(path: string, name: string): GivenNetwork {
  const model = readModel(path, {});
  const workloads = new Map<string, Workload>();
  const workloadFor = ({ elementType }: Pick<Accelerator, "elementType">): Workload => {
    const old = workloads.get(elementType);
    if (old !== undefined) return old;
    const workload = { ...model.extract(elementType as ElementType), name };
    workloads.set(elementType, workload);
    return workload;
  };
  return { name, layers: workloadFor({ elementType: "int8" }).layers.length, workloadFor };
}
