/** The verb `train`: what it writes, how it goes on after an interruption, and what it refuses. */
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
import { afterAll, beforeAll, expect, test } from "vitest";
import { folderReader } from "../src/host/folder-reader.ts";
import { readDataset } from "../src/learning/dataset/read-dataset.ts";
import { paperSchema } from "../src/learning/environment/paper-schema.ts";
import { readMapperWeights, writeMapperWeights } from "../src/learning/network/mapper-weights.ts";
import { firstParameters } from "../src/learning/network/network-sizes.ts";
import { readCheckpoint } from "../src/learning/training/checkpoint.ts";
import { laminate, type Run } from "./run-laminate.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-train-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = join(folder, "data");
const quick = ["--seeds", "1", "--keep", "2", "--exact-evaluations", "200000"];
const makePaper = (path: string, memories: string): Promise<Run> =>
  laminate(["dataset", "--models", "resnet18", "--memories", memories, "--paper-mode", ...quick, "-o", path]);

beforeAll(async () => {
  expect(await makePaper(data, "16MB,20MB,24MB")).toMatchObject({ exitCode: 0 });
});

const tiny = ["--blocks", "1", "--width", "8", "--batch-size", "2", "--threads", "1"];
const train = (out: string, ...more: readonly string[]): Promise<Run> =>
  laminate(["train", "--data", data, "-o", join(folder, out), "--steps", "30", ...tiny, ...more]);

const bytesOf = (out: string, name = "weights.safetensors"): Buffer => readFileSync(join(folder, out, name));

test("a training writes weights, a card, a page and a record, and is not made twice", async () => {
  const first = await train("whole", "--validation", "0.4", "--json");
  expect(first).toMatchObject({ exitCode: 0, stderr: "" });
  const document = JSON.parse(first.stdout);
  expect(document).toMatchObject({
    schema: "laminate.train/1",
    complete: true,
    data: { features: "paper/1", networks: ["resnet18"], problems: 3, heldOut: 1, longest: 22 },
    // A head of 9, embeddings 57 x 8 + (1 + 8 + 1) x 8 + 3 x 8, normalisations 2 x 16, a block of
    // 4 (64 + 8) + 2 x 4 x 64 + 5 x 8 + 2 x 16.
    network: { blocks: 1, heads: 2, width: 8, steps: 57, parameters: 9 + 560 + 32 + 872 },
    settings: { loss: "mse", batchSize: 2, warmUp: 3, from: null },
    steps: { planned: 30, done: 30, made: 30 },
  });
  expect(document.losses.last).toBeLessThan(document.losses.first);
  expect(document.losses.validation).toBeGreaterThan(0);
  const names = ["checkpoint.safetensors", "model-card.md", "report.html", "run.json", "weights.safetensors"];
  expect(readdirSync(join(folder, "whole")).toSorted()).toEqual(names);

  const weights = readMapperWeights(bytesOf("whole"), "w");
  expect(weights.schema).toEqual(paperSchema);
  expect(weights.record).toMatchObject({ steps: 30, settings: { seed: 1 }, losses: document.losses });
  const { state } = readCheckpoint(bytesOf("whole", "checkpoint.safetensors"), "c");
  expect(state.step).toBe(30);
  expect(weights.parameters).toEqual(state.parameters);
  const card = bytesOf("whole", "model-card.md").toString();
  expect(card).toContain("by name: resnet18, each at batch 64 with 16 MB, 20 MB, 24 MB");
  expect(card).toContain("1 of them, drawn by the seed, were held out");
  const page = bytesOf("whole", "report.html").toString();
  expect(page).toContain('<path class="curve g0"');
  expect(page).not.toMatch(/https?:\/\/|<script(?! type="application\/json")/);

  const again = await train("whole", "--validation", "0.4");
  expect(again).toMatchObject({ exitCode: 0, stderr: "" });
  expect(again.stdout).toContain("30 of 30 steps; 0 made now");
});

test("two threads give the same weights as one", async () => {
  const [one, two] = [await train("one"), await train("two", "--threads", "2")];
  expect(one).toMatchObject({ exitCode: 0 });
  expect(two).toMatchObject({ exitCode: 0 });
  expect(bytesOf("two").equals(bytesOf("one"))).toBe(true);
});

test("Ctrl-C keeps the steps that are done, and going on ends with the same weights", async () => {
  const long = ["--steps", "1500", "--checkpoint-every", "20"];
  expect(await train("long", ...long)).toMatchObject({ exitCode: 0 });
  const out = join(folder, "parts");
  const run = await laminate(["train", "--data", data, "-o", out, ...tiny, ...long], {
    started: (child) => {
      // The first line says that a checkpoint behind the first step is there.
      child.stderr?.once("data", () => child.kill("SIGINT"));
    },
  });
  expect(run).toMatchObject({ exitCode: 130 });
  expect(run.stderr).toMatch(/^step 20 of 1,500: loss 0\.\d+\n/);
  expect(run.stderr).toContain("interrupted: keeping the steps that are done; the same command goes on");
  expect(run.stdout).toMatch(/steps are missing: the same command goes on/);
  expect(readdirSync(out)).toEqual(["checkpoint.safetensors"]);
  const { step } = readCheckpoint(bytesOf("parts", "checkpoint.safetensors"), "c").state;
  expect(step).toBeGreaterThanOrEqual(20);
  expect(step).toBeLessThan(1_500);
  const rest = await train("parts", ...long, "--json");
  expect(rest).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(rest.stdout).steps).toEqual({ planned: 1_500, done: 1_500, made: 1_500 - step });
  for (const name of ["weights.safetensors", "checkpoint.safetensors"])
    expect(bytesOf("parts", name).equals(bytesOf("long", name))).toBe(true);
});

test("fine-tuning begins at the weights that are given, on other data", async () => {
  const other = join(folder, "other");
  expect(await makePaper(other, "40MB")).toMatchObject({ exitCode: 0 });
  expect(await train("base")).toMatchObject({ exitCode: 0 });
  const from = ["--from", join(folder, "base", "weights.safetensors"), "--data", other];
  const out = join(folder, "tuned");
  // The sizes are those of the weights; a rate of almost nothing changes almost nothing.
  const args = ["--steps", "1", "--batch-size", "2", "--learning-rate", "1e-12", "--json"];
  const run = await laminate(["train", ...from, "-o", out, ...args]);
  expect(run).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ network: { blocks: 1, width: 8 } });
  const [before, after] = [readMapperWeights(bytesOf("base"), "b"), readMapperWeights(bytesOf("tuned"), "t")];
  const head = (weights: typeof before) => weights.parameters.get("head.weight") ?? [];
  const first = firstParameters(before.sizes, before.schema, 1).get("head.weight");
  expect(first).not.toEqual(head(before));
  head(after).forEach((weight, at) => {
    expect(weight).toBeCloseTo(head(before)[at] ?? Number.NaN, 9);
  });
  const wider = await laminate(["train", ...from, "-o", join(folder, "never"), "--width", "16"]);
  expect(wider).toMatchObject({ exitCode: 3, stdout: "" });
  expect(wider.stderr).toContain("these weights have width 8, and 16 is asked for");
});

test("a learner's own mappings are corrected, and it goes on from what that shows, by parts", async () => {
  const drawn = ["--generated", "3", "--seed", "3", ...quick];
  const [first, second] = [join(folder, "shown"), join(folder, "corrected")];
  expect(await laminate(["dataset", ...drawn, "--teachers", "exact", "-o", first])).toMatchObject({
    exitCode: 0,
  });
  // A window shorter than the networks.
  const args = ["--steps", "3", "--batch-size", "4", "--time-steps", "6", ...tiny, "--loss", "decision"];
  const learned = join(folder, "learned");
  expect(await laminate(["train", "--data", first, "-o", learned, ...args])).toMatchObject({ exitCode: 0 });
  const weights = join(learned, "weights.safetensors");
  const by = ["--teachers", "exact,correction", "--corrections", "2", "--learner", weights];
  expect(await laminate(["dataset", ...drawn, ...by, "-o", second])).toMatchObject({ exitCode: 0 });
  const lessons = [...readDataset(folderReader(second), second).records()].flatMap(
    ({ facts }) => facts.lessons,
  );
  const corrections = lessons.filter(({ teacher }) => teacher === "correction");
  expect(corrections.length).toBeGreaterThan(1);
  expect(corrections.every(({ taughtFrom }) => taughtFrom > 1)).toBe(true);
  const run = await laminate([
    ...["train", "--data", second, "--from", weights, "-o", join(folder, "better")],
    ...["--steps", "2", "--batch-size", "4", "--loss", "decision", "--json"],
  ]);
  expect(run).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ network: { steps: 6 }, settings: { loss: "decision" } });
  // Of networks that are given it makes the data itself, goes on with them, and keeps the better weights.
  const own = ["--models", "resnet18", "--draws", "4", "--batches", "2,8", "--generated", "2"];
  const tuning = (out: string, rate: string): readonly string[] => [
    ...["train", "--from", weights, ...own, "--memories", "4MB,8MB", "-o", join(folder, out)],
    ...["--steps", "2", "--learning-rate", rate, "--json"],
  ];
  const tuned = await laminate(tuning("own", "3e-4"));
  expect(tuned).toMatchObject({ exitCode: 0 });
  const document = JSON.parse(tuned.stdout);
  expect(document).toMatchObject({
    data: {
      ...{ folder: join(folder, "own", "data"), networks: ["resnet18"], draws: 4, generated: 2 },
      ...{ problems: 6, teachers: ["guide"], memoriesBytes: [4e6, 8e6], objective: "latency" },
    },
    settings: { loss: "decision", learningRate: 3e-4 },
    steps: { made: 2 },
  });
  const { choice } = document;
  expect(choice.tried.map(({ way }: { readonly way: number }) => way)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(choice.own.problems).toBeGreaterThan(20);
  expect(choice.others.problems).toBeGreaterThan(20);
  expect(choice.own.after).toBeGreaterThanOrEqual(choice.own.before);
  const card = bytesOf("own", "model-card.md").toString();
  expect(card).toContain(
    "by name: resnet18; 4 problems drawn of each with seed 1, batch 2 to 8, memory 4 MB to 8 MB",
  );
  expect(card).toContain("kept");
  expect(JSON.parse((await laminate(tuning("own", "3e-4"))).stdout)).toMatchObject({
    steps: { done: 2, made: 0 },
    choice,
  });
  // Steps that change nothing gain nothing: then the weights are those that it began at.
  const idle = await laminate(tuning("idle", "1e-12"));
  expect(JSON.parse(idle.stdout)).toMatchObject({ choice: { way: 0 } });
  const [kept, began] = [bytesOf("idle"), readFileSync(weights)].map((bytes) =>
    readMapperWeights(bytes, "w"),
  );
  expect(kept?.parameters).toEqual(began?.parameters);
  const other = await laminate(["dataset", ...drawn, "--teachers", "exact,correction", "-o", second]);
  expect(other).toMatchObject({ exitCode: 3, stdout: "" });
  expect(other.stderr).toContain("other settings: ");
});

test("what cannot be trained, or not here, is refused with the way out, and nothing is written", async () => {
  expect(await train("good")).toMatchObject({ exitCode: 0 });
  const good = join(folder, "good");
  const before = readdirSync(good).map((name) => readFileSync(join(good, name)).toString("base64"));
  const never = join(folder, "never");
  const refuse = async (args: readonly string[], exitCode: number, text: string): Promise<void> => {
    const run = await laminate(["train", "--data", data, "-o", never, "--steps", "30", ...tiny, ...args]);
    expect(run).toMatchObject({ exitCode, stdout: "" });
    expect(run.stderr).toContain(text);
    expect(run.stderr).toContain("fix: ");
    expect(existsSync(never)).toBe(false);
  };
  const general = join(folder, "general");
  const drawn = ["--generated", "2", "--seed", "3", ...quick];
  expect(await laminate(["dataset", ...drawn, "-o", general])).toMatchObject({ exitCode: 0 });
  // In full mode a layer works in some bytes at least.
  const nothing = join(folder, "nothing");
  const tight = ["dataset", "--models", "resnet18", "--memories", "1B", ...quick];
  expect(await laminate([...tight, "-o", nothing])).toMatchObject({ exitCode: 0 });
  const foreign = join(folder, "foreign");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "letter.txt"), "hello");
  const broken = join(folder, "broken");
  mkdirSync(broken);
  writeFileSync(
    join(broken, "checkpoint.safetensors"),
    readFileSync(join(good, "checkpoint.safetensors")).subarray(0, 999),
  );

  await refuse(["--models", "resnet18"], 2, "--models: a data set is given, and networks to make one of");
  await refuse(["--data", foreign], 3, "this folder holds no data set");
  await refuse(["--data", nothing], 3, "the data set has no trajectory to learn from");
  await refuse(["-o", good, "--seed", "2"], 3, "begun with other settings: seed 1, and now 2");
  await refuse(
    ["-o", good, "--data", general, "--sequence", "network"],
    3,
    "begun with other settings: schema paper/1, and now general/2",
  );
  await refuse(["-o", foreign], 3, "holds other files (letter.txt) and no checkpoint");
  await refuse(["-o", broken], 3, "the safetensors file is cut off");
  await refuse(["-o", "/proc/none"], 3, "/proc/none");
  await refuse(
    ["--data", general, "--from", join(good, "weights.safetensors")],
    3,
    "these weights have the features paper/1",
  );
  await refuse(["--from", join(good, "checkpoint.safetensors")], 3, "these are no weights of a mapper");
  await refuse(["--from", join(folder, "none")], 3, "there is no such file");
  await refuse(["--width", "9"], 3, "width 9 cannot be shared by 2 heads");
  await refuse(["--learning-rate", "0"], 2, '--learning-rate: "0" is not a number');
  await refuse(["--dropout", "1"], 2, '--dropout: "1" is not a number from 0 to 0.9');
  expect(readdirSync(good).map((name) => readFileSync(join(good, name)).toString("base64"))).toEqual(before);
  expect(readdirSync(foreign)).toEqual(["letter.txt"]);
});

test("a loss that is no number any more ends the training, and the last checkpoint stays", async () => {
  const sizes = { steps: 22, blocks: 1, heads: 2, width: 8 };
  const parameters = new Map(firstParameters(sizes, paperSchema, 1));
  parameters.set("head.bias", Float32Array.of(1e30));
  const from = join(folder, "far.safetensors");
  writeFileSync(from, writeMapperWeights({ sizes, schema: paperSchema, parameters, record: {} }));
  const run = await train("burst", "--from", from);
  // The square of 1e30 is above the largest float.
  expect(run).toMatchObject({ exitCode: 3, stdout: "" });
  expect(run.stderr).toContain("the loss is Infinity at step 1: the training has left all bounds");
  expect(run.stderr).toContain("lower learning rate");
  expect(run.stderr).toContain("checkpoint.safetensors keeps the last good state");
  expect(readCheckpoint(bytesOf("burst", "checkpoint.safetensors"), "c").state.step).toBe(0);
});
