/** What `laminate dataset` answers, as a document and as text. */
import { formatBytes } from "../base/format.ts";
import { sum } from "../base/integers.ts";
import { type Manifest, problemsDone } from "../learning/dataset/manifest.ts";
import { schemaTitle } from "../learning/environment/schema.ts";
import { type DatasetDocument, datasetSchemaName } from "../report/dataset-document.ts";

export function datasetDocument(folder: string, manifest: Manifest, doneBefore: number): DatasetDocument {
  const { settings, shards, complete, plannedProblems } = manifest;
  const total = (part: (shard: (typeof shards)[number]) => number): number => sum(shards.map(part));
  const done = problemsDone(shards);
  return {
    schema: datasetSchemaName,
    folder,
    features: schemaTitle(settings.featureSchema),
    complete,
    problems: {
      planned: plannedProblems,
      done,
      made: done - doneBefore,
      infeasible: total(({ infeasible }) => infeasible),
    },
    trajectories: total(({ trajectories }) => trajectories),
    steps: total(({ steps }) => steps),
    shards: shards.length,
    bytes: total(({ bytes }) => bytes),
  };
}

export function datasetText(document: DatasetDocument): string {
  const { folder, problems, trajectories, steps, shards, bytes, features, complete } = document;
  const { done, planned, made, infeasible } = problems;
  const count = (many: number, one: string): string =>
    `${many.toLocaleString("en")} ${many === 1 ? one : `${one}s`}`;
  const misfits = infeasible === 0 ? "" : `, of which no mapping fits ${infeasible}`;
  const size = `${count(shards, "shard")}, ${formatBytes(bytes)}`;
  return [
    `${folder}: ${count(done, "problem")}${misfits}; ${made.toLocaleString("en")} made now`,
    `${count(trajectories, "trajectory").replace("ys", "ies")} of ${count(steps, "step")}, features ${features}`,
    complete ? size : `${size}; ${planned - done} problems are missing: the same command goes on`,
  ].join("\n");
}
