/** The verb `tune`, and plans made with its profiles, on a network of two matrix products. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseProfile, printProfile } from "../src/compiler/fusion/latency-profile.ts";
import { attributeTypes } from "../src/graph/onnx/import-attribute.ts";
import { packVarints } from "../src/graph/onnx/wire-encode.ts";
import { laminate } from "./run-laminate.ts";
import { modelFile, node, tensor, value } from "./tiny-models.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-tune-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const perm = { name: "perm", type: attributeTypes.ints, ints: packVarints([1n, 0n]) };
const rawData = new Uint8Array(new Float32Array(64 * 64).fill(0.01).buffer);
const model = join(folder, "net.onnx");
writeFileSync(
  model,
  modelFile({
    name: "g",
    input: [value("x", [64, 64])],
    output: [value("y", [64, 64])],
    initializer: [tensor("w", "float32", [64, 64], { rawData })],
    node: [
      node("Transpose", ["x"], ["turned"], { attribute: [perm] }),
      node("MatMul", ["turned", "w"], ["product"]),
      node("Softmax", ["product"], ["y"]),
    ],
  }),
);

const profileOf = (path: string) => parseProfile(readFileSync(path, "utf8"), path);

test("tune fills a profile, once", async () => {
  const path = join(folder, "deep", "profile.json");
  const first = await laminate(["tune", model, "--profile", path, "--budget", "30s", "--json"]);
  expect(first).toMatchObject({ exitCode: 0 });
  const document = JSON.parse(first.stdout);
  expect(document).toMatchObject({ schema: "laminate.tune/1", model: "net", complete: true, notCompiled: 0 });
  expect(document.entries).toBe(document.newEntries);
  expect(profileOf(path).entries.size).toBe(document.entries);
  const again = await laminate(["tune", model, "--profile", path, "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ measured: 0, newEntries: 0, entries: document.entries });
  const text = await laminate(["tune", model, "--profile", path]);
  expect(text.stdout).toContain(`${document.entries} entries (0 new)`);
  const threads = await laminate(["tune", model, "--profile", path, "--threads", "2"]);
  expect(threads).toMatchObject({ exitCode: 3 });
  expect(threads.stderr).toContain("another number of threads: 1, and here it is 2");
});

test("a plan follows the profile, and gives its latencies as reasons", async () => {
  const path = join(folder, "chosen.json");
  await laminate(["tune", model, "--profile", path, "--budget", "30s"]);
  const measured = profileOf(path);
  const write = (secondsOf: (operators: number) => number): void => {
    const entries = [...measured.entries].map(([key, { operators }]) => {
      return [key, { operators, seconds: secondsOf(operators.split(" ").length) }] as const;
    });
    writeFileSync(path, printProfile({ ...measured, entries: new Map(entries) }));
  };
  const plan = ["fusion", model, "--exceptions", "none", "--profile", path];
  write((operators) => operators ** 2 * 0.001);
  expect((await laminate([...plan, "--emit", "plan"])).stdout).toContain(
    "| not with turned: yellow, shuffle then many-to-many: measured 4 ms fused, 2 ms apart",
  );
  const compile = ["compile", model, "--exceptions", "none", "--profile", path, "--emit", "plan"];
  expect((await laminate(compile)).stdout).toContain("measured 4 ms fused, 2 ms apart");
  write(() => 0.001);
  const fused = await laminate([...plan, "--json"]);
  const [edge] = JSON.parse(fused.stdout).edges;
  expect(edge).toMatchObject({ fused: true, kind: "latency" });
  expect(edge.reason).toContain("measured 1 ms fused, 2 ms apart");
});

test("profiles that are none, damaged or from elsewhere are refused, whatever wants them", async () => {
  const path = join(folder, "good.json");
  await laminate(["tune", model, "--profile", path, "--budget", "30s"]);
  const good = readFileSync(path, "utf8");
  const cases = [
    ["missing", undefined, "there is no such file"],
    ["truncated", good.slice(0, good.length / 2), "no profile, or only a part of one"],
    ["foreign", good.replace('"engine":"Node', '"engine":"Other'), "measured with another engine: Other"],
    ["model", "hello", "no profile"],
  ] as const;
  for (const [name, text, message] of cases) {
    const bad = join(folder, `${name}.json`);
    if (text !== undefined) writeFileSync(bad, text);
    const run = await laminate(["fusion", model, "--profile", bad]);
    expect(run).toMatchObject({ exitCode: 3, stdout: "" });
    expect(run.stderr).toContain(`${name}.json: `);
    expect(run.stderr).toContain(message);
    if (text === undefined) continue;
    expect(await laminate(["tune", model, "--profile", bad])).toMatchObject({ exitCode: 3, stdout: "" });
    expect(readFileSync(bad, "utf8")).toBe(text);
  }
  const wrong = await laminate(["fusion", model, "--plan", "none", "--profile", path]);
  expect(wrong).toMatchObject({ exitCode: 2 });
  expect(wrong.stderr).toContain('the plan "none" asks no profile');
});

test("Ctrl-C keeps what was measured", async () => {
  const path = join(folder, "interrupted.json");
  const run = await laminate(["tune", "efficientnet_b0", "--profile", path, "--budget", "10min"], {
    started: (child) => {
      const timer = setInterval(() => {
        if (existsSync(path)) child.kill("SIGINT");
        if (existsSync(path) || child.exitCode !== null) clearInterval(timer);
      }, 50);
    },
  });
  expect(run).toMatchObject({ exitCode: 130 });
  expect(run.stderr).toContain("interrupted: keeping what was measured");
  expect(run.stdout).toContain("not all: tune again to go on");
  expect(profileOf(path).entries.size).toBeGreaterThan(0);
});
