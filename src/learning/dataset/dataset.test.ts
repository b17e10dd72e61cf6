/** Data sets in memory: the same bytes however they came about, and nothing that is damaged is believed. */
import { expect, test } from "vitest";
import { LaminateError } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import { sha256OfBytes } from "../../base/sha256.ts";
import { randomWorkload, roundAccelerator } from "../../mapping/testing/small-workloads.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { makeManifest, parseManifest, printManifest, type ShardEntry, shardEntry } from "./manifest.ts";
import { readDataset } from "./read-dataset.ts";
import { makeRecord, type ProblemRecord } from "./record.ts";
import {
  acceleratorNumbers,
  type DatasetSettings,
  drawnProblem,
  generatedProblem,
  problemAt,
  problemCount,
  settingsSchema,
  teachOptionsAt,
  workloadDigest,
} from "./settings.ts";
import { readShard, writeShard } from "./shard.ts";

const workloads = [1, 2, 3].map((seed) => ({
  ...randomWorkload(seededRandom(seed), 3 + seed, 0.3),
  name: `net${seed}`,
}));

const settings: DatasetSettings = settingsSchema.parse({
  networks: workloads.map((workload) => ({ name: workload.name, sha256: workloadDigest(workload) })),
  batches: [2, 6],
  memoriesBytes: [1, 30, 50],
  accelerator: acceleratorNumbers(roundAccelerator()),
  generated: 0,
  objective: "latency",
  mode: "full",
  teachers: ["g-teacher", "exact"],
  seed: 4,
  seeds: 1,
  keep: 2,
  corrections: 0,
  learner: null,
  exactEvaluations: 1e6,
  featureSchema: generalSchema,
} satisfies DatasetSettings);

function recordAt(index: number, given = settings): ProblemRecord {
  const problem = problemAt(given, workloads, index);
  const work = makeRecord(given.featureSchema, problem, index, teachOptionsAt(given, index));
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

const records = Array.from({ length: problemCount(settings) }, (_, index) => recordAt(index));

/** The files of the data set with its shards cut at these problems. */
function filesOf(cuts: readonly number[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const entries: ShardEntry[] = [];
  cuts.forEach((end, index) => {
    const first = cuts[index - 1] ?? 0;
    const part = records.slice(first, end);
    const bytes = writeShard(generalSchema, part);
    const entry = {
      ...shardEntry(part, first, bytes, records.length),
      file: `shard-0000${index}.safetensors`,
    };
    entries.push(entry);
    files.set(entry.file, bytes);
  });
  const text = printManifest(makeManifest("0.0.0", settings, entries));
  return files.set("manifest.json", new TextEncoder().encode(text));
}

const reader = (files: ReadonlyMap<string, Uint8Array>) => ({ read: (name: string) => files.get(name) });

test("problems are every network with every batch and memory, memories fastest", () => {
  expect(records.length).toBe(3 * 2 * 3);
  const facts = records.map(({ facts: { network, batch, memoryBytes } }) => [network, batch, memoryBytes]);
  expect(facts.slice(0, 7)).toEqual([
    ["net1", 2, 1],
    ["net1", 2, 30],
    ["net1", 2, 50],
    ["net1", 6, 1],
    ["net1", 6, 30],
    ["net1", 6, 50],
    ["net2", 2, 1],
  ]);
  const misfits = records.filter(({ facts }) => !facts.feasible);
  expect(misfits.every(({ trajectories, facts }) => trajectories.length + facts.lessons.length === 0)).toBe(
    true,
  );
  expect(misfits.length).toBeGreaterThan(0);
  expect(records.filter(({ trajectories }) => trajectories.length >= 2).length).toBeGreaterThan(9);
});

test("generated problems come after the given ones, whatever those are", () => {
  const mixed = { ...settings, generated: 2 };
  const alone = { ...mixed, networks: [], batches: [], memoriesBytes: [] };
  expect(problemCount(mixed)).toBe(20);
  expect(problemAt(mixed, workloads, 19)).toEqual(problemAt(alone, [], 1));
});

test("problems that are drawn lie between the least and the most, differ, and do not hang on how many there are", () => {
  const drawn = { ...settings, draws: 40, batches: [2, 64], memoriesBytes: [20, 2_000, 80], generated: 1 };
  expect(problemCount(drawn)).toBe(3 * 40 + 1);
  const problems = Array.from({ length: 40 }, (_, index) => problemAt(drawn, workloads, 40 + index));
  const spans = (values: readonly number[], least: number, most: number): void => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    expect(low).toBeGreaterThanOrEqual(least);
    expect(high).toBeLessThanOrEqual(most);
    expect(high / low).toBeGreaterThan(8);
    expect(new Set(values).size).toBeGreaterThan(15);
  };
  expect(new Set(problems.map(({ workload }) => workload.name))).toEqual(new Set(["net2"]));
  spans(
    problems.map(({ batch }) => batch),
    2,
    64,
  );
  spans(
    problems.map(({ memoryBytes }) => memoryBytes),
    20,
    2_000,
  );
  // Half of them are for the machine itself, give or take.
  const itself = problems.filter(({ accelerator }) => accelerator.name === settings.accelerator.name).length;
  expect(itself).toBeGreaterThan(10);
  expect(itself).toBeLessThan(30);
  for (const { accelerator } of problems) {
    const times = accelerator.offChipBytesPerSecond / settings.accelerator.offChipBytesPerSecond;
    expect(times).toBeGreaterThan(0.49);
    expect(times).toBeLessThan(2.01);
  }
  const [net = workloads[1]] = workloads.slice(1);
  if (net === undefined) throw new Error("there are three");
  expect(drawnProblem({ ...drawn, draws: 7 }, net, 12)).toEqual(problems[12]);
  expect(problemAt(drawn, workloads, 120)).toEqual(generatedProblem(settings, 0));
});

test("what is read of a shard is what was written, and writes the same bytes again", () => {
  const bytes = writeShard(generalSchema, records);
  const read = readShard(generalSchema, bytes, "x");
  expect(read).toEqual(records);
  expect(sha256OfBytes(writeShard(generalSchema, read))).toBe(sha256OfBytes(bytes));
  // Gone on with from the middle, as after an interruption.
  const half = readShard(generalSchema, writeShard(generalSchema, records.slice(0, 7)), "x");
  const rest = records.slice(7).map(({ facts }) => recordAt(facts.index));
  expect(sha256OfBytes(writeShard(generalSchema, [...half, ...rest]))).toBe(sha256OfBytes(bytes));
});

test("a data set is read shard by shard, whatever its cuts", () => {
  for (const cuts of [[18], [5, 18], [1, 2, 18]]) {
    const dataset = readDataset(reader(filesOf(cuts)), "set");
    expect(dataset.manifest).toMatchObject({ complete: true, plannedProblems: 18 });
    expect([...dataset.records()]).toEqual(records);
  }
  expect(readDataset(reader(filesOf([5])), "set").manifest.complete).toBe(false);
});

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input" && error.fix !== undefined)
      return `${error.where}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

test("damage is named with its file", () => {
  const file = "shard-00001.safetensors";
  const damaged = (change: (files: Map<string, Uint8Array>) => void): string => {
    const files = filesOf([5, 18]);
    change(files);
    return refusal(() => [...readDataset(reader(files), "set").records()]);
  };
  const edited = (from: string | RegExp, to: string) =>
    damaged((files) => {
      const text = new TextDecoder().decode(files.get("manifest.json"));
      expect(text).toMatch(from);
      files.set("manifest.json", new TextEncoder().encode(text.replace(from, to)));
    });
  expect(damaged(() => {})).toBe("accepted");
  expect(damaged((files) => files.delete("manifest.json"))).toContain("set: this folder holds no data set");
  expect(damaged((files) => files.delete(file))).toContain(`set/${file}: the manifest names this file`);
  expect(damaged((files) => files.set(file, new Uint8Array(9)))).toContain("it has 9 bytes instead of");
  expect(damaged((files) => files.get(file)?.fill(7, 2_000, 2_001))).toContain("its checksum is not");
  expect(edited(/\}\s*$/, "")).toContain("set/manifest.json: this is no JSON");
  expect(edited('"complete": true', '"complete": false')).toContain("18 of 18 problems");
  expect(edited(/"firstProblem": 5/, '"firstProblem": 6')).toContain("does not begin at problem 5");
  expect(edited(file, "../shard-00001.safetensors")).toContain("no manifest of a data set: shards.1.file");
  expect(edited("laminate.dataset-manifest/1", "laminate.map/1")).toContain("schema");
});

test("a shard of another schema, and bytes changed at random, are refused and never believed", () => {
  const bytes = writeShard(generalSchema, records);
  expect(refusal(() => readShard(paperSchema, bytes, "x"))).toContain('x: tensor "states": it is F32');
  const seed = 23;
  let refused = 0;
  // The header and its text are where changes can lead a reader astray.
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  for (let trial = 0; trial < 1_500; trial++) {
    const random = seededRandom(seed * 10_000 + trial);
    const copy = Uint8Array.from(bytes);
    const at = random.below(trial % 3 === 0 ? copy.length : headerBytes);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
    try {
      if (refusal(() => readShard(generalSchema, copy, "x")) !== "accepted") refused++;
    } catch (error) {
      throw new Error(`seed ${seed} trial ${trial}`, { cause: error });
    }
  }
  expect(refused).toBeGreaterThan(400);
});

test("a manifest is text and back", () => {
  const manifest = readDataset(reader(filesOf([18])), "set").manifest;
  expect(parseManifest(printManifest(manifest), "x")).toEqual(manifest);
});
