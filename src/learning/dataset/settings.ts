/**
 * What a data set is made of: which problems, which teachers, which notation. The settings decide every byte of it, so
 * they are stored with it, and a data set is only gone on with by the same ones.
 */
import { z } from "zod";
import { assert } from "../../base/assert.ts";
import { sha256 } from "../../base/sha256.ts";
import type { Accelerator } from "../../mapping/accelerator/accelerator.ts";
import { type CompleteProblem, completeProblem } from "../../mapping/cost/problem.ts";
import type { Workload } from "../../mapping/workload/workload.ts";
import { featureSchemaSchema } from "../environment/schema.ts";
import { childSeed } from "../generate/draw.ts";
import { drawProblem } from "../generate/draw-problem.ts";
import { anyObjective, generateProblem } from "../generate/generate-problem.ts";
import { type TeachOptions, teacherNames } from "../trajectories/teach.ts";

const count = z.int().nonnegative();
const positive = z.number().positive();

const acceleratorSchema = z.strictObject({
  name: z.string(),
  cores: positive,
  pesPerCore: positive,
  macsPerPePerCycle: positive,
  frequencyHertz: positive,
  onChipBytes: positive,
  onChipBytesPerSecond: positive,
  offChipBytesPerSecond: positive,
  energyPerMacPicojoules: positive,
  energyPerOnChipBytePicojoules: positive,
  energyPerOffChipBytePicojoules: positive,
  coreBufferBytes: z.exactOptional(positive),
  channelGranularity: z.exactOptional(positive),
  groupLaunchSeconds: z.exactOptional(z.number().nonnegative()),
  coreSyncSeconds: z.exactOptional(z.number().nonnegative()),
  elementType: z.string(),
});

export const settingsSchema = z.strictObject({
  networks: z
    .array(z.strictObject({ name: z.string(), sha256: z.string() }))
    .describe("the given networks, and the digests of their workloads"),
  batches: z.array(count),
  memoriesBytes: z.array(positive),
  accelerator: acceleratorSchema.describe("of the given networks; generated problems have their own"),
  draws: z
    .exactOptional(z.int().positive())
    .describe("problems drawn of each network, in place of every batch with every memory"),
  generated: count.describe("generated problems, after those of the networks"),
  objective: z
    .enum(["latency", "energy", "traffic", anyObjective])
    .describe("any: drawn for each problem that is drawn"),
  mode: z.enum(["paper", "full"]),
  teachers: z.array(z.enum(teacherNames)),
  seed: count.describe("of everything random"),
  seeds: count.describe("searches of g-teacher for a problem"),
  keep: count.describe("mappings of g-teacher that are kept of a problem"),
  corrections: count.describe("corrections of a problem"),
  learner: z.string().nullable().describe("digest of the weights whose mappings corrections begin with"),
  exactEvaluations: count,
  featureSchema: featureSchemaSchema,
});

/** Plain JSON. */
export type DatasetSettings = z.infer<typeof settingsSchema>;

/** An accelerator as settings hold it: without the texts, which decide nothing. */
export function acceleratorNumbers({ description: _, sources: __, ...numbers }: Accelerator) {
  return numbers;
}

/** What tells a workload from others of its name. */
export function workloadDigest(workload: Workload): string {
  return sha256(JSON.stringify(workload));
}

/** Problems of the data set: of every network those that are drawn, or every batch and memory; then the generated ones. */
export function problemCount(settings: DatasetSettings): number {
  return settings.networks.length * perNetwork(settings) + settings.generated;
}

function perNetwork({ draws, batches, memoriesBytes }: DatasetSettings): number {
  return draws ?? batches.length * memoriesBytes.length;
}

/**
 * The index-th problem; `workloads` are those of settings.networks. Networks vary slowest, memories fastest. O(1), for a
 * generated one O(network).
 */
export function problemAt(
  settings: DatasetSettings,
  workloads: readonly Workload[],
  index: number,
): CompleteProblem {
  const { batches, memoriesBytes, objective, mode } = settings;
  const each = perNetwork(settings);
  const workload = workloads[Math.floor(index / each)];
  if (workload === undefined) return generatedProblem(settings, index - workloads.length * each);
  const within = index % each;
  if (settings.draws !== undefined) return drawnProblem(settings, workload, within);
  assert(objective !== anyObjective, "a grid has one objective");
  return completeProblem({
    workload,
    accelerator: acceleratorOf(settings),
    batch: batches[Math.floor(within / memoriesBytes.length)] ?? 1,
    memoryBytes: memoriesBytes[within % memoriesBytes.length] ?? 1,
    objective,
    mode,
  });
}

/** The index-th problem that is drawn of a network; those from `draws` on are no part of the data set. O(1). */
export function drawnProblem(settings: DatasetSettings, workload: Workload, index: number): CompleteProblem {
  return drawProblem(index, { ...settings, workload, accelerator: acceleratorOf(settings) });
}

/** The index-th generated problem; those from `generated` on are no part of the data set. O(network). */
export function generatedProblem(settings: DatasetSettings, index: number): CompleteProblem {
  return generateProblem(index, settings);
}

function acceleratorOf({ accelerator }: DatasetSettings): Accelerator {
  return { ...accelerator, description: "", sources: {} };
}

/** The teachers' options for the index-th problem. */
export function teachOptionsAt(settings: DatasetSettings, index: number): TeachOptions {
  const { teachers, seeds, keep, corrections, exactEvaluations, seed } = settings;
  return { teachers, seeds, keep, corrections, exactEvaluations, seed: childSeed(seed, index) };
}
