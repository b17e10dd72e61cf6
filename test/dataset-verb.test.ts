/** The verb `dataset`: what it writes, how it goes on after an interruption, and what it refuses. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { galleryNames, readModel } from "../src/cli/load-model.ts";
import { folderReader } from "../src/host/folder-reader.ts";
import { readDataset } from "../src/learning/dataset/read-dataset.ts";
import { createStateEncoder } from "../src/learning/environment/encode.ts";
import { createEnvironment } from "../src/learning/environment/environment.ts";
import { generalSchema } from "../src/learning/environment/general-schema.ts";
import { isOfGallerySize } from "../src/learning/generate/generate-network.ts";
import { oneCorePresets } from "../src/mapping/accelerator/presets/presets.ts";
import { laminate, type Run } from "./run-laminate.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-dataset-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quick = ["--seeds", "1", "--exact-evaluations", "200000"];
const paper = ["dataset", "--models", "resnet18", "--memories", "16MB,20MB", "--paper-mode", ...quick];

const contentOf = (path: string): readonly (readonly [string, string])[] =>
  readdirSync(path)
    .toSorted()
    .map((name) => [name, readFileSync(join(path, name)).toString("base64")] as const);

test("a data set of the paper's kind is written once, and can be read", async () => {
  const path = join(folder, "deep", "paper");
  const first = await laminate([...paper, "-o", path, "--json"]);
  expect(first).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(first.stdout)).toMatchObject({
    schema: "laminate.dataset/1",
    folder: path,
    features: "paper/1",
    complete: true,
    problems: { planned: 2, done: 2, made: 2, infeasible: 0 },
    shards: 1,
  });
  expect(first.stderr).toContain("2 of 2 problems");
  expect(readdirSync(path).toSorted()).toEqual(["manifest.json", "shard-00000.safetensors"]);
  const records = [...readDataset(folderReader(path), path).records()];
  expect(records.map(({ facts }) => facts.memoryBytes)).toEqual([16e6, 20e6]);
  // 21 layers and the input, 8 features each.
  expect(records[0]?.trajectories[0]).toMatchObject({ stepCount: 22 });
  expect(records[0]?.trajectories[0]?.states.length).toBe(22 * 8);
  expect(records[0]?.facts.lessons[0]).toMatchObject({ teacher: "exact", optimal: true });

  const before = contentOf(path);
  const again = await laminate([...paper, "-o", path]);
  expect(again).toMatchObject({ exitCode: 0, stderr: "" });
  expect(again.stdout).toContain("2 problems; 0 made now");
  expect(contentOf(path)).toEqual(before);
});

const generated = ["dataset", "--generated", "70", "--seed", "3", "--keep", "2", ...quick];

/** Sends a signal once problems are being made. */
function signalled(
  args: readonly string[],
  path: string,
  signal: NodeJS.Signals,
  after: number,
): Promise<Run> {
  return laminate(args, {
    started: (child) => {
      const timer = setInterval(() => {
        if (!existsSync(join(path, "manifest.json")) && child.exitCode === null) return;
        clearInterval(timer);
        setTimeout(() => child.kill(signal), after);
      }, 20);
    },
  });
}

test("Ctrl-C keeps what is done, and going on ends with the bytes of an uninterrupted run", async () => {
  const whole = join(folder, "whole");
  const parts = join(folder, "parts");
  expect(await laminate([...generated, "-o", whole])).toMatchObject({ exitCode: 0 });
  const run = await signalled([...generated, "-o", parts], parts, "SIGINT", 1_000);
  expect(run).toMatchObject({ exitCode: 130 });
  expect(run.stderr).toContain("interrupted: keeping what is done; the same command goes on");
  expect(run.stdout).toMatch(/\d+ problems are missing/);
  const done = readDataset(folderReader(parts), parts).manifest;
  expect(done.complete).toBe(false);
  expect(done.shards.length).toBeGreaterThan(0);
  // A process that is killed leaves the manifest and its files as they were, and at worst others beside them.
  await signalled([...generated, "-o", parts], parts, "SIGKILL", 600);
  writeFileSync(join(parts, "partial-00099.safetensors"), "left over");
  writeFileSync(join(parts, ".manifest.json.123.tmp"), "left over");
  const last = await laminate([...generated, "-o", parts, "--json"]);
  expect(last).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(last.stdout)).toMatchObject({ complete: true, shards: 2, problems: { done: 70 } });
  expect(JSON.parse(last.stdout).problems.made).toBeLessThan(70);
  expect(contentOf(parts)).toEqual(contentOf(whole));
});

test("folders that are none of these data sets are refused and stay as they are", async () => {
  const path = join(folder, "refused");
  expect(await laminate([...paper, "-o", path])).toMatchObject({ exitCode: 0 });
  const good = contentOf(path);
  const refuse = async (args: readonly string[], ...texts: readonly string[]): Promise<void> => {
    const run = await laminate(args);
    expect(run).toMatchObject({ exitCode: 3, stdout: "" });
    for (const text of [...texts, "fix: "]) expect(run.stderr).toContain(text);
  };
  await refuse([...paper, "--seed", "2", "-o", path], "other settings: seed 1, and now 2");
  await refuse([...paper, "--features", "general", "-o", path], "other settings: featureSchema");
  expect(contentOf(path)).toEqual(good);

  const foreign = join(folder, "foreign");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "letter.txt"), "hello");
  await refuse([...paper, "-o", foreign], `${foreign}: this folder holds other files (letter.txt)`);
  expect(readdirSync(foreign)).toEqual(["letter.txt"]);
  await refuse([...paper, "-o", join(foreign, "letter.txt")], "this is a file, not a folder");
  await refuse([...paper, "-o", "/proc/none"], "/proc/none");

  const shard = join(path, "shard-00000.safetensors");
  const bytes = readFileSync(shard);
  writeFileSync(shard, bytes.subarray(0, 100));
  await refuse([...paper, "-o", path], `${shard}: it has 100 bytes`);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(shard, bytes);
  await refuse([...paper, "-o", path], `${shard}: its checksum`);
  rmSync(shard);
  await refuse([...paper, "-o", path], "it is missing");
  writeFileSync(join(path, "manifest.json"), "{");
  await refuse([...paper, "-o", path], "manifest.json: this is no JSON");
});

test("options that say nothing, or what there is not, are told with the way out", async () => {
  const path = join(folder, "never");
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [[], 2, "--models: there is nothing to make a data set of"],
    [["--models", "resnet19"], 3, '--models: there is no model "resnet19"'],
    [["--models", "resnet18,,vgg16"], 2, "has an empty entry"],
    [["--models", "resnet18,resnet18"], 2, 'names "resnet18" twice'],
    [["--models", "resnet18", "--memories", "16"], 2, '--memories: "16" has no unit'],
    [["--models", "resnet18", "--batches", "0"], 2, '--batches: "0" is not a whole number'],
    [["--models", "resnet18", "--teachers", "exact,nobody"], 2, 'there is no teacher "nobody"'],
    [
      ["--models", "resnet18", "--teachers", "correction", "--paper-mode"],
      2,
      "--teachers: correction is a teacher of the full model",
    ],
    [["--models", "resnet18", "--teachers", "guide"], 2, "--teachers: there is nobody to guide"],
    [
      ["--generated", "2", "--draws", "3"],
      2,
      "--draws: problems are to be drawn of networks, and none is given",
    ],
    [["--models", "resnet18", "--objective", "any"], 2, "every batch with every memory has one objective"],
    [["--models", "resnet18", "--features", "papr"], 2, 'did you mean "paper"?'],
    [["--models", "resnet18", "-a", "tpu-v9"], 3, 'there is no accelerator "tpu-v9"'],
  ];
  for (const [args, exitCode, text] of cases) {
    const run = await laminate(["dataset", ...args, "-o", path]);
    expect(run).toMatchObject({ exitCode, stdout: "" });
    expect(run.stderr).toContain(text);
  }
  expect(existsSync(path)).toBe(false);
  const missing = await laminate(["dataset", "--models", "resnet18"]);
  expect(missing).toMatchObject({ exitCode: 2 });
  expect(missing.stderr).toContain("--out <folder>");
});

test("the gallery is within the sizes that generated networks keep, and its states near -1 to 1", () => {
  for (const name of galleryNames()) {
    const workload = readModel(name, {}).extract("int8");
    expect([name, isOfGallerySize(workload)]).toEqual([name, true]);
    for (const accelerator of oneCorePresets) {
      const environment = createEnvironment({ workload, accelerator, batch: 64, memoryBytes: 20e6 });
      const encoder = createStateEncoder(generalSchema, environment);
      const state = new Float32Array(encoder.width);
      for (let step = 0; step < environment.stepCount; step++) {
        encoder.write(state, 0);
        const far = generalSchema.state.filter((_, index) => Math.abs(state[index] ?? 0) > 2.1);
        expect([name, accelerator.name, step, far.map((feature) => feature.name)]).toEqual([
          name,
          accelerator.name,
          step,
          [],
        ]);
        environment.push({ pass: 64, output: "sync" });
      }
    }
  }
});
