/** Reads a data set shard by shard and believes nothing: checksums, shapes and counts are held against the manifest. */
import { badInput } from "../../base/errors.ts";
import type { FileReader } from "../../base/host.ts";
import { checkShard, type Manifest, manifestFile, parseManifest } from "./manifest.ts";
import type { ProblemRecord } from "./record.ts";
import { readShard } from "./shard.ts";

export interface Dataset {
  readonly manifest: Manifest;
  /** The records of the index-th shard, read and checked when asked for. */
  shard(index: number): readonly ProblemRecord[];
  /** All records in order; one shard is in memory at a time. */
  records(): Generator<ProblemRecord>;
}

/**
 * Opens the data set of a folder; `where` is what errors call the folder. One in the making can be read too.
 *
 * @throws LaminateError (bad-input) for a folder without a manifest, or with a broken one; reading a shard throws the
 *   same for a missing or damaged one
 */
export function readDataset(reader: FileReader, where: string): Dataset {
  const text = reader.read(manifestFile);
  if (text === undefined) {
    throw badInput("this folder holds no data set: it has no manifest.json", {
      where,
      fix: "make one with laminate dataset, or check the path",
    });
  }
  const manifest = parseManifest(new TextDecoder().decode(text), `${where}/${manifestFile}`);
  const shard = (index: number): readonly ProblemRecord[] => {
    const entry = manifest.shards[index];
    if (entry === undefined) throw new Error(`internal: no shard ${index} of ${manifest.shards.length}`);
    const bytes = checkShard(entry, reader.read(entry.file), where);
    const records = readShard(manifest.settings.featureSchema, bytes, `${where}/${entry.file}`);
    const isRight =
      records.length === entry.problems &&
      records.every(({ facts }, at) => facts.index === entry.firstProblem + at);
    if (isRight) return records;
    throw badInput("its problems are not those that the manifest says", {
      where: `${where}/${entry.file}`,
      fix: "delete the folder and make the data set again",
    });
  };
  return {
    manifest,
    shard,
    *records() {
      for (let index = 0; index < manifest.shards.length; index++) yield* shard(index);
    },
  };
}
