/**
 * manifest.json, the table of contents of a data set: settings, counts, and the shards with their checksums. It holds no
 * time and no machine, so the same settings give the same bytes everywhere. A data set in the making has one too, whose
 * last shard is not full.
 */
import { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";
import { sha256OfBytes } from "../../base/sha256.ts";
import type { ProblemRecord } from "./record.ts";
import { type DatasetSettings, problemCount, settingsSchema } from "./settings.ts";

export const manifestFile = "manifest.json";
export const manifestSchemaName = "laminate.dataset-manifest/1";

/** Problems in a full shard. */
export const problemsPerShard = 64;

const count = z.int().nonnegative();

const shardSchema = z.strictObject({
  file: z.string().regex(/^(?:shard|partial)-\d{1,9}\.safetensors$/),
  firstProblem: count,
  problems: count,
  infeasible: count.describe("problems that no mapping fits; they have no trajectories"),
  trajectories: count,
  steps: count,
  bytes: count,
  sha256: z.string(),
});

export type ShardEntry = z.infer<typeof shardSchema>;

const manifestSchema = z.strictObject({
  schema: z.literal(manifestSchemaName),
  laminate: z.string().describe("the version that made it"),
  settings: settingsSchema,
  complete: z.boolean(),
  plannedProblems: count,
  shards: z.array(shardSchema),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest of these shards. */
export function makeManifest(
  laminate: string,
  settings: DatasetSettings,
  shards: readonly ShardEntry[],
): Manifest {
  const planned = problemCount(settings);
  const complete = problemsDone(shards) === planned;
  const schema = manifestSchemaName;
  return { schema, laminate, settings, complete, plannedProblems: planned, shards: [...shards] };
}

export function printManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * The manifest of a text.
 *
 * @throws LaminateError (bad-input) for a text that is none, or whose shards do not follow each other
 */
export function parseManifest(text: string, where: string): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(text, where));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw broken(`no manifest of a data set: ${issue?.path.join(".") || "it"}: ${issue?.message}`, where);
  }
  const manifest = parsed.data;
  let next = 0;
  for (const { file, firstProblem, problems } of manifest.shards) {
    if (firstProblem !== next) throw broken(`${file} does not begin at problem ${next}`, where);
    next += problems;
  }
  if (manifest.complete !== (next === problemCount(manifest.settings))) {
    throw broken(`its shards have ${next} of ${problemCount(manifest.settings)} problems`, where);
  }
  return manifest;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw broken("this is no JSON, or only a part of it", where);
  }
}

/** The entry of a shard, full or last (`shard-N`), or in the making (`partial-N`, N problems of the data set done). */
export function shardEntry(
  records: readonly ProblemRecord[],
  firstProblem: number,
  bytes: Uint8Array,
  planned: number,
): ShardEntry {
  const trajectories = records.flatMap((record) => record.trajectories);
  const end = firstProblem + records.length;
  const isDone = records.length === problemsPerShard || end === planned;
  const number = isDone ? Math.floor(firstProblem / problemsPerShard) : end;
  return {
    file: `${isDone ? "shard" : "partial"}-${String(number).padStart(5, "0")}.safetensors`,
    firstProblem,
    problems: records.length,
    infeasible: records.filter(({ facts }) => !facts.feasible).length,
    trajectories: trajectories.length,
    steps: trajectories.reduce((total, { stepCount }) => total + stepCount, 0),
    bytes: bytes.length,
    sha256: sha256OfBytes(bytes),
  };
}

export function problemsDone(shards: readonly ShardEntry[]): number {
  return shards.reduce((total, { problems }) => total + problems, 0);
}

/** Throws bad-input unless the bytes are those that the manifest says. */
export function checkShard(entry: ShardEntry, bytes: Uint8Array | undefined, where: string): Uint8Array {
  const place = `${where}/${entry.file}`;
  if (bytes === undefined) throw broken("the manifest names this file, and it is missing", place);
  if (bytes.length !== entry.bytes)
    throw broken(`it has ${bytes.length} bytes instead of ${entry.bytes}`, place);
  if (sha256OfBytes(bytes) !== entry.sha256) throw broken("its checksum is not the manifest's", place);
  return bytes;
}

function broken(message: string, where: string): LaminateError {
  return badInput(message, { where, fix: "delete the folder and make the data set again" });
}
