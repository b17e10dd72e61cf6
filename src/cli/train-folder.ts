/**
 * A training in a folder: the checkpoint that it goes on at, and what it ends with. Files are written under other names and
 * renamed, so a crash or a full disk leaves the checkpoint before.
 */
import { join } from "node:path";
import { badInput } from "../base/errors.ts";
import { folderReader } from "../host/folder-reader.ts";
import { writeFilesAtomically } from "../host/write-file.ts";
import {
  type Checkpoint,
  checkSettings,
  readCheckpoint,
  writeCheckpoint,
} from "../learning/training/checkpoint.ts";
import type { TrainingSettings } from "../learning/training/settings.ts";
import { filesOf } from "./dataset-folder.ts";

/** Where the data of networks that are given lie. */
export const dataFolderName = "data";
export const checkpointFile = "checkpoint.safetensors";
export const resultFiles = ["weights.safetensors", "model-card.md", "report.html", "run.json"] as const;
export type ResultFile = (typeof resultFiles)[number];

/**
 * The training in the folder; undefined in one that is new or empty.
 *
 * @throws LaminateError (bad-input) for a folder with something else in it, with a training of other settings, or with a
 *   damaged checkpoint
 */
export function openTrainFolder(folder: string, settings: TrainingSettings): Checkpoint | undefined {
  if (!checkTrainFolder(folder)) return undefined;
  const place = join(folder, checkpointFile);
  const bytes = folderReader(folder).read(checkpointFile) ?? new Uint8Array();
  const checkpoint = readCheckpoint(bytes, place);
  checkSettings(checkpoint.settings, settings, place);
  return checkpoint;
}

/**
 * Whether there is a training in the folder; none in one that is new or empty, or has nothing but the data of one.
 *
 * @throws LaminateError (bad-input) for a folder with something else in it
 */
export function checkTrainFolder(folder: string): boolean {
  const names = filesOf(folder);
  if (names.includes(checkpointFile)) return true;
  const foreign = names.find((name) => name !== dataFolderName && !/^\..+\.\d+\.tmp$/.test(name));
  if (foreign === undefined) return false;
  throw badInput(`this folder holds other files (${foreign}) and no checkpoint of a training`, {
    where: folder,
    fix: "give a new or an empty folder",
  });
}

export function saveCheckpoint(folder: string, checkpoint: Checkpoint): void {
  writeFilesAtomically(folder, new Map([[checkpointFile, writeCheckpoint(checkpoint)]]));
}

/** Writes what a training ends with: all files or none. */
export function saveResults(folder: string, results: ReadonlyMap<ResultFile, Uint8Array>): void {
  writeFilesAtomically(folder, results);
}
