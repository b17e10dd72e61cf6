/**
 * A data set in a folder: opened where an earlier run stopped, and saved so that a crash at any moment leaves either the
 * state before or the one after. A shard and the manifest that names it are written under other names and renamed, the
 * manifest last; a shard in the making never has the name of an earlier state, so the manifest that is there always fits
 * the files that it names. What no manifest names is left over, and is removed.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../base/errors.ts";
import { folderReader } from "../host/folder-reader.ts";
import { fileError } from "../host/read-file.ts";
import { writeFilesAtomically } from "../host/write-file.ts";
import {
  type Manifest,
  makeManifest,
  manifestFile,
  printManifest,
  problemsPerShard,
  type ShardEntry,
  shardEntry,
} from "../learning/dataset/manifest.ts";
import { readDataset } from "../learning/dataset/read-dataset.ts";
import type { ProblemRecord } from "../learning/dataset/record.ts";
import { type DatasetSettings, problemCount } from "../learning/dataset/settings.ts";
import { writeShard } from "../learning/dataset/shard.ts";

/** The state of a data set in a folder. */
export interface DatasetState {
  /** Full shards. */
  readonly full: readonly ShardEntry[];
  /** Records of the shard in the making. */
  readonly open: readonly ProblemRecord[];
}

/** What made a data set, which whoever goes on with it must be too. */
export interface DatasetOrigin {
  readonly laminate: string;
  readonly settings: DatasetSettings;
}

/**
 * What is done already: nothing in a folder that is new or empty. Every file is verified.
 *
 * @throws LaminateError (bad-input) for a folder with something else in it, with a data set of other settings, or with a
 *   damaged one
 */
export function openDatasetFolder(folder: string, origin: DatasetOrigin): DatasetState {
  const names = filesOf(folder);
  if (!names.includes(manifestFile)) {
    const foreign = names.find((name) => !isLeftOver(name));
    if (foreign === undefined) return { full: [], open: [] };
    throw badInput(`this folder holds other files (${foreign}) and no data set`, {
      where: folder,
      fix: "give a new or an empty folder",
    });
  }
  const dataset = readDataset(folderReader(folder), folder);
  checkOrigin(folder, dataset.manifest, origin);
  const { shards, complete } = dataset.manifest;
  let last: readonly ProblemRecord[] = [];
  for (let index = 0; index < shards.length; index++) last = dataset.shard(index);
  const isOpen = !complete && last.length < problemsPerShard;
  return isOpen ? { full: shards.slice(0, -1), open: last } : { full: shards, open: [] };
}

/** Writes the records as the last shard, and the manifest. Returns what is saved. */
export function saveDatasetFolder(folder: string, origin: DatasetOrigin, state: DatasetState): Manifest {
  const { settings, laminate } = origin;
  const first = state.full.reduce((total, { problems }) => total + problems, 0);
  const files = new Map<string, Uint8Array>();
  const shards = [...state.full];
  if (state.open.length > 0) {
    const bytes = writeShard(settings.featureSchema, state.open);
    const entry = shardEntry(state.open, first, bytes, problemCount(settings));
    files.set(entry.file, bytes);
    shards.push(entry);
  }
  const manifest = makeManifest(laminate, settings, shards);
  files.set(manifestFile, new TextEncoder().encode(printManifest(manifest)));
  writeFilesAtomically(folder, files);
  removeLeftOvers(folder, manifest);
  return manifest;
}

/** Names in a folder; none where there is no folder yet. Throws bad-input for what is none. */
export function filesOf(folder: string): readonly string[] {
  try {
    return existsSync(folder) ? readdirSync(folder) : [];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") {
      throw badInput("this is a file, not a folder", { where: folder, fix: "give a new or an empty folder" });
    }
    throw fileError(folder, error);
  }
}

function checkOrigin(folder: string, manifest: Manifest, { laminate, settings }: DatasetOrigin): void {
  const fix = "give the options that made it, or another folder";
  if (manifest.laminate !== laminate) {
    throw badInput(`this data set was made by laminate ${manifest.laminate}, and this is ${laminate}`, {
      where: folder,
      fix: "go on with that version, or give another folder",
    });
  }
  const before: Readonly<Record<string, unknown>> = manifest.settings;
  const other = Object.entries(settings).find(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key]),
  );
  if (other === undefined) return;
  const [key, value] = other;
  throw badInput(
    `this folder holds a data set with other settings: ${key} ${shown(before[key])}, and now ${shown(value)}`,
    { where: folder, fix },
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** Names that only an interrupted run leaves without a manifest that names them. */
function isLeftOver(name: string): boolean {
  return /^(?:shard|partial)-\d+\.safetensors$/.test(name) || /^\..+\.\d+\.tmp$/.test(name);
}

function removeLeftOvers(folder: string, { shards }: Manifest): void {
  const named = new Set(shards.map(({ file }) => file));
  for (const name of filesOf(folder)) {
    if (isLeftOver(name) && !named.has(name)) rmSync(join(folder, name), { force: true });
  }
}
