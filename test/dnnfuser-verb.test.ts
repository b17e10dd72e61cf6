/** The learned mapper on the command line: with weights that have learned nothing, without weights, and with broken ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { shippedWeights } from "../src/host/shipped-weights.ts";
import {
  type FeatureSchema,
  firstParameters,
  generalSchema,
  type NetworkSizes,
  paperSchema,
  writeMapperWeights,
} from "../src/index.ts";
import { compareSchema } from "../src/report/compare-schema.ts";
import { laminate } from "./run-laminate.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-dnnfuser-verb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sizes: NetworkSizes = { steps: 32, blocks: 2, heads: 2, width: 16 };

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function weightsOf(schema: FeatureSchema, of: NetworkSizes = sizes): Uint8Array {
  const parameters = new Map(
    [...firstParameters(of, schema, 3)].map(([name, elements]) => [
      name,
      name.endsWith(".scale") ? elements : elements.map((value) => 30 * value),
    ]),
  );
  return writeMapperWeights({ sizes: of, schema, parameters, record: { test: true } });
}

const general = written("general.safetensors", weightsOf(generalSchema));
const paper = written("paper.safetensors", weightsOf(paperSchema));
const problem = ["resnet18", "--memory", "20MB", "--batch", "64"];

describe.concurrent("laminate map --mapper dnnfuser", () => {
  test.each([
    ["paper", paper, ["--paper-mode"]],
    ["general", general, []],
    ["general in paper mode", general, ["--paper-mode"]],
  ])("weights %s give a mapping that fits, the same each time", async (_, weights, mode) => {
    const args = ["map", ...problem, ...mode, "--mapper", "dnnfuser", "--weights", weights, "--samples", "6"];
    const [run, again] = await Promise.all([laminate([...args, "--json"]), laminate([...args, "--json"])]);
    expect(run.exitCode, run.stderr).toBe(0);
    const document = JSON.parse(run.stdout);
    expect(document).toMatchObject({ mapper: "dnnfuser", feasible: true, seed: 1 });
    // The unfused mapping, and for each sample 20 layers, the input, and the answer.
    const layers = document.mapping.length;
    expect(document.evaluations).toBe(1 + 6 * (layers + 2));
    expect(document.peakFootprintBytes).toBeLessThanOrEqual(20e6);
    expect(JSON.parse(again.stdout).mapping).toEqual(document.mapping);
  });

  test("compare runs it beside the others where weights are given", async () => {
    const args = ["compare", ...problem, "--paper-mode", "--seeds", "2", "--budget", "200evals", "--json"];
    const given = ["--weights", paper, "--samples", "4"];
    const run = await laminate([...args, ...given, "--mappers", "g-teacher,dnnfuser,exact"]);
    expect(run.exitCode, run.stderr).toBe(0);
    const { mappers } = compareSchema.parse(JSON.parse(run.stdout));
    expect(mappers.map(({ mapper, runs }) => [mapper, runs.length])).toEqual([
      ["g-teacher", 2],
      ["dnnfuser", 2],
      ["exact", 1],
    ]);
    const all = await laminate([...args, ...given]);
    expect(compareSchema.parse(JSON.parse(all.stdout)).mappers.map(({ mapper }) => mapper)).toContain(
      "dnnfuser",
    );
  });

  test("a network of more layers than the weights remember is mapped by parts", async () => {
    const short = written("short.safetensors", weightsOf(generalSchema, { ...sizes, steps: 8 }));
    const run = await laminate(["map", ...problem, "--mapper", "dnnfuser", "--weights", short]);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stdout).toContain("24 evaluations");
  });
});

describe.concurrent("without weights, or with wrong ones, it says what to do", () => {
  const map = ["map", ...problem, "--paper-mode", "--mapper", "dnnfuser"];
  const damaged = weightsOf(paperSchema).slice(0, -40);
  const cases: readonly (readonly [what: string, args: readonly string[], exitCode: number, text: RegExp])[] =
    [
      ["none", map, 2, /--weights: dnnfuser needs weights.*fix: leave out --paper-mode, or make them with/s],
      [
        "none to compare",
        ["compare", ...problem, "--paper-mode", "--mappers", "dnnfuser"],
        2,
        /dnnfuser needs weights: those that come with laminate are for the full model/,
      ],
      [
        "another mapper",
        ["map", ...problem, "--weights", paper],
        2,
        /only the mapper dnnfuser takes --weights/,
      ],
      [
        "no mapper of it",
        ["compare", ...problem, "--mappers", "exact", "--samples", "2"],
        2,
        /takes --samples/,
      ],
      ["no samples", [...map, "--weights", paper, "--samples", "0"], 2, /whole number from 1 to/],
      ["cold", [...map, "--weights", paper, "--temperature", "-1"], 2, /"-1" is no temperature/],
      ["a missing file", [...map, "--weights", join(folder, "no")], 3, /there is no such file/],
      ["a folder", [...map, "--weights", folder], 3, /this is a folder/],
      ["damaged", [...map, "--weights", written("damaged", damaged)], 3, /damaged: .*\n.*fix:/],
      ["no weights", [...map, "--weights", written("text", new TextEncoder().encode("hello"))], 3, /fix:/],
      [
        "another schema",
        [...map, "--weights", written("mood", weightsOf(withMood()))],
        3,
        /does not know the feature "mood"/,
      ],
    ];
  test.each(cases)("%s", async (_, args, exitCode, text) => {
    const run = await laminate(args);
    expect(run).toMatchObject({ exitCode, stdout: "" });
    expect(run.stderr).toMatch(text);
    expect(run.stderr).not.toMatch(/^\s+at /m);
  });

  test("--help and completion know it", async () => {
    for (const verb of ["map", "compare"]) {
      const { stdout } = await laminate([verb, "--help"]);
      for (const option of ["--weights <file>", "--samples <number>", "--temperature <number>"])
        expect(stdout).toContain(option);
    }
    for (const shell of ["bash", "zsh", "fish"]) {
      const { stdout } = await laminate(["completion", shell]);
      expect(stdout).toMatch(/g-teacher dnnfuser exact/);
      expect(stdout).toMatch(/weights/);
    }
  });
});

function withMood(): FeatureSchema {
  const [first, ...others] = paperSchema.state;
  return { ...paperSchema, state: first === undefined ? others : [{ ...first, name: "mood" }, ...others] };
}

test("weights that come with the package are found where they are there", () => {
  const root = mkdtempSync(join(folder, "root-"));
  expect(shippedWeights(root)).toBeUndefined();
  mkdirSync(join(root, "weights"));
  const path = join(root, "weights", "general.safetensors");
  writeFileSync(path, "");
  expect(shippedWeights(root)).toBe(path);
});
