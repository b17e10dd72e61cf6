import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseMapDocument } from "../src/report/map-document.ts";
import { repositoryRoot } from "./build-dist.ts";
import { laminate, type Run } from "./run-laminate.ts";
import { modelFile, node, reluGraph, value } from "./tiny-models.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file in the test's folder. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const small = ["resnet18", "--batch", "4", "--memory", "20MB", "--paper-mode"];
const json = (run: Run): Record<string, unknown> => JSON.parse(run.stdout);

describe.concurrent("answers", () => {
  test("branches that run side by side are in the text, and in what is read back", async () => {
    const path = join(folder, "lanes");
    const on = ["s3d", "-a", "mesh-256"];
    const mapped = await laminate(["map", ...on, "--mapper", "dlfusion", "-o", path]);
    expect(mapped.exitCode, mapped.stderr).toBe(0);
    expect(mapped.stdout).toMatch(/group +layers +cores +lane +start /);
    const result = join(path, "result.json");
    const document = parseMapDocument(readFileSync(result, "utf8"), result);
    expect(document.groups.some(({ lane }) => lane === 1)).toBe(true);
    const given = await laminate(["evaluate", ...on, "--mapping", result, "--json"]);
    const { latencySeconds, groups, mapping } = json(given);
    expect({ latencySeconds, groups, mapping }).toEqual({
      latencySeconds: document.latencySeconds,
      groups: document.groups,
      mapping: document.mapping,
    });
    const { vector } = document;
    expect(vector).toBeNull();
    const trace = readFileSync(join(path, "trace.json"), "utf8");
    expect(trace).toContain('"compute array, lane 1"');
    expect(trace).toContain('"core 255"');
  });

  test("map --json prints one document on stdout that meets the published schema", async () => {
    const run = await laminate([
      "map",
      ...small,
      "--mapper",
      "exact",
      "--objective",
      "latency",
      "--seed",
      "1",
      "--json",
    ]);
    expect(run).toMatchObject({ exitCode: 0 });
    const document = parseMapDocument(run.stdout, "stdout");
    expect(document).toMatchObject({
      schema: "laminate.map/1",
      model: "resnet18",
      batch: 4,
      accelerator: "dnnfuser-2022-calibrated",
      memoryBytes: 20_000_000,
      mapper: "exact",
      paperMode: true,
      elementType: "int8",
      feasible: true,
      infeasible: null,
      proof: { optimal: true, gap: 0 },
    });
    expect(document.speedup).toBeGreaterThan(1);
  });

  test("a map result is a valid input: evaluate agrees with it to the byte", async () => {
    const mapped = await laminate(["map", ...small, "--json"]);
    const path = file("result.json", mapped.stdout);
    for (const form of [path, mapped.stdout, JSON.stringify(json(mapped).vector)]) {
      const args = form === path ? [] : ["--batch", "4", "--memory", "20MB", "--paper-mode"];
      const evaluated = await laminate(["evaluate", "resnet18", "--mapping", form, ...args, "--json"]);
      expect(evaluated.exitCode, evaluated.stderr).toBe(0);
      const { offChipBytes, latencySeconds, peakFootprintBytes, groups, mapping } = json(mapped);
      expect(json(evaluated)).toMatchObject({
        offChipBytes,
        latencySeconds,
        peakFootprintBytes,
        groups,
        mapping,
      });
    }
  });

  test("a vector's mB_0 survives the way through a result", async () => {
    const vector = JSON.stringify([4, ...new Array(20).fill(2), -1]);
    const given = await laminate(["evaluate", ...small, "--mapping", vector, "--json"]);
    const path = file("staged-input.json", given.stdout);
    const again = await laminate(["evaluate", "resnet18", "--mapping", path, "--json"]);
    expect({ ...json(again), elapsedSeconds: 0 }).toEqual({ ...json(given), elapsedSeconds: 0 });
    expect(json(again).vector).toEqual(JSON.parse(vector));
  });

  test("the same seed gives the same document, apart from the time it took", async () => {
    const args = ["map", ...small, "--mapper", "g-teacher", "--seed", "7", "--budget", "200evals", "--json"];
    const [first, second] = await Promise.all([laminate(args), laminate(args)]);
    expect({ ...json(first), elapsedSeconds: 0 }).toEqual({ ...json(second), elapsedSeconds: 0 });
  });

  test("map --out writes a run folder, and says so on stderr", async () => {
    const out = join(folder, "run");
    const run = await laminate(["map", ...small, "--out", out]);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(readdirSync(out).toSorted()).toEqual(["report.html", "result.json", "run.json", "trace.json"]);
    expect(run.stderr).toContain(`wrote ${join(out, "result.json")}`);
    expect(JSON.parse(readFileSync(join(out, "run.json"), "utf8"))).toMatchObject({
      schema: "laminate.run-record/1",
      arguments: ["map", ...small, "--out", out],
      seed: 1,
      versions: { node: process.versions.node },
    });
    const result = join(out, "result.json");
    const trace = await laminate(["trace", result]);
    expect(JSON.parse(trace.stdout)).toEqual(JSON.parse(readFileSync(join(out, "trace.json"), "utf8")));
    const report = await laminate(["report", result, "--out", join(folder, "again.html")]);
    expect(report).toMatchObject({ exitCode: 0, stdout: "" });
    expect(readFileSync(join(folder, "again.html"), "utf8")).toContain("<!doctype html>");
  });

  test("a result can be piped from verb to verb", async () => {
    const mapped = await laminate(["map", ...small, "--json"]);
    const trace = await laminate(["trace", "-"], { stdin: mapped.stdout });
    expect(json(trace)).toHaveProperty("traceEvents");
  });

  test("fusion counts operators and blocks, and says of a node why it is where it is", async () => {
    const run = await laminate(["fusion", "resnet18", "--json"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    const totals = { operators: 69, heavyOperators: 21, blocks: 21 };
    expect(json(run)).toMatchObject({ schema: "laminate.fusion/1", plan: "table", totals });
    const fixed = await laminate(["fusion", "resnet18", "--plan", "fixed", "--json"]);
    expect(json(fixed)).toMatchObject({ plan: "fixed", totals: { blocks: 40 } });
    const plan = await laminate(["fusion", "resnet18", "--exceptions", "none", "--emit", "plan"]);
    expect(plan.stdout).toContain("69 operators (21 heavy) in 23 blocks");
    const why = await laminate(["fusion", "resnet18", "--exceptions", "none", "--why", "/maxpool/MaxPool"]);
    expect(why.stdout).toContain("not with: reads /relu/Relu: red, many-to-many then many-to-many");
  });

  test("fusion --rewrite plans the rewritten network, --print-after shows it on the way", async () => {
    const run = await laminate(["fusion", "resnet18", "--rewrite", "--json"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    // 69 nodes less the 20 batch normalisations that convolutions take up.
    expect(json(run)).toMatchObject({ schema: "laminate.fusion/1", totals: { operators: 49 } });
    const before = await laminate(["fusion", "resnet18", "--print-after", "remove-dead-code"]);
    expect(before.stdout).toContain("BatchNormalization(");
    const after = await laminate(["fusion", "resnet18", "--print-after", "fold-batch-normalization"]);
    expect(after.stdout).toMatch(/^graph /);
    expect(after.stdout).not.toContain("BatchNormalization(");
  });

  test("inspect --json lists layers, totals and what is not supported", async () => {
    const run = await laminate(["inspect", "resnet18", "--json"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(json(run)).toMatchObject({
      schema: "laminate.inspect/1",
      totals: { macs: 1_814_073_344 },
      unsupported: [],
    });
    // Of the 21 layers the first is the 7 x 7 convolution.
    const layers = json(run).layers;
    expect(layers).toHaveLength(21);
    expect(layers).toHaveProperty(
      "0",
      expect.objectContaining({ K: 64, C: 3, R: 7, S: 7, stride: 2, Y: 112, X: 112 }),
    );
  });

  test("text is for people: no colours in a pipe, colours when forced, none with NO_COLOR", async () => {
    const plain = await laminate(["map", ...small]);
    expect(plain.stdout).toContain("speed-up");
    expect(plain.stdout).not.toContain("\u001b[");
    const colored = await laminate(["map", ...small], { env: { FORCE_COLOR: "1" } });
    expect(colored.stdout).toContain("\u001b[");
    const refused = await laminate(["map", ...small], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
    expect(refused.stdout).not.toContain("\u001b[");
  });

  test("an operator that nobody knows is a barrier, and said to be one", async () => {
    const run = await laminate(["map", file("frob.onnx", unknownOperator)]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toContain("note: 1 node is a barrier to fusion, not supported: Frobnicate");
  });

  test("accelerators are listed, shown and converted, and read again", async () => {
    expect((await laminate(["arch", "list"])).stdout).toContain("dnnfuser-2022-calibrated");
    const shown = await laminate(["arch", "show", "edge-npu"]);
    const yaml = file("edge.yaml", shown.stdout);
    const converted = await laminate(["arch", "convert", yaml, "--to", "json"]);
    const asJson = file("edge.json", converted.stdout);
    expect((await laminate(["arch", "convert", asJson])).stdout).toBe(shown.stdout);
    const mapped = await laminate([
      "map",
      "resnet18",
      "--accelerator",
      asJson,
      "--mapper",
      "layer-by-layer",
      "--json",
    ]);
    expect(json(mapped)).toMatchObject({ accelerator: asJson, memoryBytes: 4 * 2 ** 20 });
  });

  test("doctor finds nothing wrong", async () => {
    const run = await laminate(["doctor", "--json"]);
    expect(json(run)).toMatchObject({ schema: "laminate.doctor/1", ok: true });
    expect(run.exitCode).toBe(0);
  });

  test.each(["bash", "zsh", "fish"])("completion for %s", async (shell) => {
    const run = await laminate(["completion", shell]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    for (const word of ["evaluate", "dnnfuser-2022-calibrated", "g-teacher"])
      expect(run.stdout).toContain(word);
  });

  test.each([
    "inspect",
    "fusion",
    "tune",
    "run",
    "arch",
    "characterise",
    "map",
    "evaluate",
    "trace",
    "report",
    "dataset",
    "train",
    "demo",
    "completion",
    "doctor",
  ])("%s --help has an example", async (verb) => {
    const run = await laminate([verb, "--help"]);
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toContain(`$ laminate ${verb}`);
  });
});

describe.concurrent("wrong usage exits with 2", () => {
  const cases: readonly (readonly [args: readonly string[], message: string, fix: string])[] = [
    [["fusion", "resnet18", "--why", "/conv1/Con"], 'no node "/conv1/Con"', 'did you mean "/conv1/Conv"?'],
    [["fusion", "resnet18", "--exceptions", "poling"], '"poling"', 'did you mean "pooling"?'],
    [
      ["fusion", "resnet18", "--print-after", "fold-constant"],
      '"fold-constant"',
      'did you mean "fold-constants"?',
    ],
    [["mapp"], "unknown command 'mapp'", "did you mean map?"],
    [["map", "resnet18", "--memry", "1MB"], "unknown option '--memry'", "did you mean --memory?"],
    [["map"], "missing required argument 'model'", "see laminate"],
    [["map", "resnet18", "--memory", "64"], '--memory: "64" has no unit', "did you mean 64MB or 64MiB?"],
    [["map", "resnet18", "--memory", "0MB"], '--memory: "0MB" is no memory', "--memory 20MB"],
    [["map", "resnet18", "--batch", "0"], '--batch: "0" is not a whole number from 1', "--batch 1"],
    [["map", "resnet18", "--batch", "many"], '--batch: "many" is not a whole number', "--batch 1"],
    [["map", "resnet18", "--budget", "10"], '--budget: "10" has no unit', "did you mean 10s or 10evals?"],
    [["map", "resnet18", "--objective", "beauty"], "latency, energy, traffic", ""],
    [["map", "resnet18", "--mapper", "exakt"], 'there is no mapper "exakt"', 'did you mean "exact"?'],
    [["map", "resnet18", "--element-type", "int9"], '"int9" is not an element type', 'did you mean "int'],
    [["map", "resnet18", "--element-type", "undefined"], '"undefined" is not an element type', "int8"],
    [["map", "resnet18", "--shape", "input"], '--shape: "input" does not say', "--shape input:1,3,224,224"],
    [["evaluate", "resnet18"], "'--mapping <file|json>' not specified", "see laminate"],
    [["arch", "convert", "edge-npu", "--to", "xml"], '--to: "xml" is not a format', "--to yaml or --to json"],
    [["completion", "tcsh"], 'there is no completion for "tcsh"', "bash, zsh, fish"],
  ];
  test.each(cases)("%j", async (args, message, fix) => {
    const run = await laminate(args);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain(fix);
    expectNoStack(run);
  });

  test("no verb at all prints the help on stderr", async () => {
    const run = await laminate([]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain("Exit codes:");
  });
});

describe.concurrent("bad input exits with 3 and names the place and the way out", () => {
  const cases: readonly (readonly [what: string, args: () => readonly string[], text: string])[] = [
    [
      "no such model",
      () => ["map", "resnet19"],
      'there is no model "resnet19", neither as a file nor in the gallery',
    ],
    ["near a gallery name", () => ["map", "resnet-18x"], 'did you mean "resnet18"?'],
    ["a folder", () => ["map", folder], `${folder}: this is a folder, not a file`],
    ["an empty model", () => ["map", file("empty.onnx", "")], "empty.onnx"],
    ["a model of noise", () => ["map", file("noise.onnx", noise(4096))], "noise.onnx"],
    ["a text for a model", () => ["inspect", file("text.onnx", "hello, I am a network\n")], "text.onnx"],
    ["a truncated model", () => ["inspect", file("cut.onnx", truncated())], "cut.onnx"],
    [
      "a graph in a circle",
      () => ["map", file("circle.onnx", circle)],
      'circle.onnx: node "b": the graph has a cycle',
    ],
    [
      "an opset of the future",
      () => ["map", file("opset.onnx", opset99)],
      "opset.onnx: opset 99 is not supported",
    ],
    ["huge dimensions", () => ["map", file("huge.onnx", hugeInput)], 'huge.onnx: input "x"'],
    ["a negative dimension", () => ["map", file("minus.onnx", negativeInput)], "dimension -7 is negative"],
    [
      "an input that nobody gives",
      () => ["map", file("lost.onnx", lostInput)],
      'lost.onnx: node "y" (Add): reads "z"',
    ],
    ["an unknown preset", () => ["map", "resnet18", "-a", "tpuv1"], 'did you mean "tpu-v1"?'],
    ["wrong YAML", () => ["map", "resnet18", "-a", file("bad.yaml", "name: x\ncores: [")], "bad.yaml:2:"],
    [
      "YAML without units",
      () => ["map", "resnet18", "-a", file("bare.yaml", bareYaml)],
      'bare.yaml:5:13: onChip.capacity: "64" has no unit',
    ],
    ["a mapping of another length", () => ["evaluate", "resnet18", "--mapping", "[-1,-1]"], "needs 22"],
    ["a mapping that is no JSON", () => ["evaluate", "resnet18", "--mapping", "[1,"], "--mapping: not JSON"],
    ["an empty mapping", () => ["evaluate", "resnet18", "--mapping", "[]"], "the mapping is empty"],
    [
      "lanes of which one reads what the other makes",
      () => [
        ...["evaluate", "resnet18", "-a", "quad-npu", "--mapping"],
        JSON.stringify(
          Array.from({ length: 21 }, (_, at) => ({
            ...{ pass: 1, output: "sync", cores: 2 },
            ...(at === 5 || at === 6 ? { lane: at - 5 } : {}),
          })),
        ),
      ],
      "lane 1 reads what /layer2/layer2.0/conv1/Conv makes",
    ],
    ["a mapping of other things", () => ["evaluate", "resnet18", "--mapping", '["x"]'], "not a mapping"],
    [
      "a mapping file that is not there",
      () => ["evaluate", "resnet18", "--mapping", "none.json"],
      "none.json",
    ],
    [
      "another document",
      () => ["trace", file("other.json", '{"schema":"x"}')],
      "other.json: not a laminate.map/1",
    ],
    ["a symbol that is not there", () => ["inspect", "resnet18", "--symbol", "seq=8"], 'dimension "seq"'],
    ["a folder that nobody can make", () => ["map", ...small, "--out", "/proc/none/out"], "/proc/none/out"],
    ["an input that is not there", () => ["inspect", "resnet18", "--shape", "image:1,3,224,224"], '"image"'],
    [
      "a path that cannot be written",
      () => ["map", ...small, "--report", join(folder, "plain-file", "x")],
      "plain-file",
    ],
  ];
  test.each(cases)("%s", async (_, args, text) => {
    file("plain-file", "{}");
    const run = await laminate(args());
    expect(run.exitCode, run.stderr).toBe(3);
    expect(run.stderr).toContain(text);
    expect(run.stderr).toContain("fix: ");
    expectNoStack(run);
  });

  test("with --json the error is a document on stdout", async () => {
    const run = await laminate(["map", "resnet18", "-a", "abacus", "--json"]);
    expect(run).toMatchObject({ exitCode: 3, stderr: "" });
    expect(json(run)).toMatchObject({
      schema: "laminate.error/1",
      code: "bad-input",
      where: "--accelerator",
      message: expect.stringContaining("abacus"),
      fix: expect.stringContaining("dnnfuser-2022"),
    });
  });

  test("a result of another model is not drawn as this one's", async () => {
    const mapped = await laminate(["map", ...small, "--json"]);
    const foreign = { ...json(mapped), offChipBytes: 1 };
    const run = await laminate(["trace", file("foreign.json", JSON.stringify(foreign))]);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain("does not cost what this result says");
  });
});

describe.concurrent("infeasible is an answer: exit code 4, with the smallest memory that works", () => {
  test("memory too small for any mapping", async () => {
    const run = await laminate(["map", "resnet18", "--memory", "1kB", "--json"]);
    expect(run.exitCode, run.stderr).toBe(4);
    const document = json(run);
    expect(document).toMatchObject({
      feasible: false,
      speedup: null,
      groups: [],
      infeasible: { availableBytes: 1_000 },
    });
    const needed = (document.infeasible as { requiredBytes: number }).requiredBytes;
    expect(run.stderr).toContain(`${needed}B or more`);
    expect((await laminate(["map", "resnet18", "--memory", `${needed}B`])).exitCode).toBe(0);
    expect((await laminate(["map", "resnet18", "--memory", `${needed - 1}B`])).exitCode).toBe(4);
  });

  test("a search that finds none, where layer by layer fits", async () => {
    const args = ["map", "vgg16", "--batch", "64", "--memory", "20MB", "--paper-mode", "--mapper", "pso"];
    const out = join(folder, "none-found");
    const run = await laminate([...args, "--out", out]);
    expect(run.exitCode, run.stderr).toBe(4);
    expect(run.stdout).toContain("No mapping was found.");
    expect(run.stderr).toContain(
      "pso found no mapping that fits in 2,000 evaluations, though layer by layer",
    );
    expect(readdirSync(out).toSorted()).toEqual(["report.html", "result.json", "run.json"]);
    const document = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
    expect(document).toMatchObject({ feasible: false, infeasible: null, speedup: null, mapping: [] });
  });

  test("a given mapping that does not fit", async () => {
    const vector = JSON.stringify([-1, 64, 64, 64, 64, -1, ...Array(16).fill(-1)]);
    const args = [
      "evaluate",
      "resnet18",
      "--mapping",
      vector,
      "--batch",
      "64",
      "--memory",
      "1MB",
      "--paper-mode",
    ];
    const run = await laminate(args);
    expect(run.exitCode, run.stderr).toBe(4);
    expect(run.stdout).toContain("The mapping does not fit.");
    expect(run.stderr).toMatch(/needs .* on chip, and there are 1 MB/);
    expect(run.stderr).toContain("or let laminate map find a mapping that fits");
  });

  test("the own buffers of cores, whatever memory the chip has", async () => {
    const lines = (capacity: string): string[] => [
      "name: several",
      "cores: 4",
      "pesPerCore: 64",
      "frequency: 1GHz",
      "onChip: { capacity: 64KiB, bandwidth: 64GB/s, energyPerByte: 6pJ }",
      "offChip: { bandwidth: 12GB/s, energyPerByte: 160pJ }",
      "energyPerMac: 0.3pJ",
      "elementType: int8",
      `perCore: { capacity: ${capacity}, channelGranularity: 8 }`,
    ];
    const roomy = file("roomy.yaml", lines("16KiB").join("\n"));
    const rows = (cores: number): string =>
      JSON.stringify(Array.from({ length: 21 }, () => ({ pass: 1, output: "sync", cores })));
    const one = await laminate(["evaluate", "resnet18", "-a", roomy, "--mapping", rows(1)]);
    expect(one.exitCode, one.stderr).toBe(4);
    expect(one.stderr).toMatch(/needs .* on chip, and there are 16.4 kB/);
    expect(one.stderr).toContain("give the group more cores");
    const all = await laminate(["evaluate", "resnet18", "-a", roomy, "--mapping", rows(4)]);
    expect(all.exitCode, all.stderr).toBe(0);
    const tight = await laminate(["map", "resnet18", "-a", file("tight.yaml", lines("4KiB").join("\n"))]);
    expect(tight.exitCode, tight.stderr).toBe(4);
    expect(tight.stderr).toContain("give the accelerator a larger perCore.capacity");
  });
});

test("--require-proof exits with 6 where nothing is proven, and with 0 where it is", async () => {
  const unproven = await laminate([
    "map",
    ...small,
    "--mapper",
    "g-teacher",
    "--budget",
    "80evals",
    "--require-proof",
  ]);
  expect(unproven).toMatchObject({ exitCode: 6, stderr: expect.stringContaining("is not proven optimal") });
  expect(unproven.stdout).toContain("speed-up");
  expect(await laminate(["map", ...small, "--require-proof"])).toMatchObject({ exitCode: 0 });
});

test("Ctrl-C keeps the best so far: the document, then exit code 130", async () => {
  const run = await laminate(["map", ...small, "--mapper", "g-teacher", "--budget", "60s", "--json"], {
    started: (child) => {
      setTimeout(() => child.kill("SIGINT"), 3_000);
    },
  });
  expect(run.exitCode, run.stderr).toBe(130);
  expect(parseMapDocument(run.stdout, "stdout")).toMatchObject({ feasible: true, stopped: "interrupted" });
  expect(run.stderr).toContain("interrupted: keeping the best so far");
});

test("a budget in seconds ends the search with the best so far", async () => {
  const run = await laminate(["map", ...small, "--mapper", "g-teacher", "--budget", "300ms", "--json"]);
  expect(json(run)).toMatchObject({ feasible: true, stopped: "budget" });
});

test("a reader that stops early is no error", async () => {
  const run = await laminate(["inspect", "resnet18"], {
    started: (child) => child.stdout?.destroy(),
  });
  expect(run).toMatchObject({ exitCode: 0, stderr: "" });
});

test.skipIf(!existsSync("/dev/full"))(
  "a full disk behind the standard output is said, without a stack",
  async () => {
    const full = openSync("/dev/full", "w");
    const run = spawnSync(
      process.execPath,
      [join(repositoryRoot, "bin", "laminate.js"), "inspect", "resnet18"],
      {
        stdio: ["ignore", full, "pipe"],
        encoding: "utf8",
      },
    );
    closeSync(full);
    expect(run.stderr).toContain("standard output: the disk is full");
    expect(run.stderr).not.toMatch(/^\s+at /m);
    expect(run.status).toBe(3);
  },
);

const circle = modelFile(
  reluGraph({
    node: [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])],
  }),
);
const opset99 = modelFile(reluGraph(), { opsetImport: [{ domain: "", version: 99n }] });
const hugeInput = modelFile(reluGraph({ input: [value("x", [1, 2 ** 40, 2 ** 40])] }));
const negativeInput = modelFile(reluGraph({ input: [value("x", [1, -7])] }));
const lostInput = modelFile(reluGraph({ node: [node("Add", ["x", "z"], ["y"])] }));
const unknownOperator = modelFile(reluGraph({ node: [node("Frobnicate", ["x"], ["y"])] }));

const bareYaml = [
  "name: bare",
  "pesPerCore: 256",
  "frequency: 1GHz",
  "onChip:",
  "  capacity: 64",
  "  bandwidth: 512GB/s",
  "  energyPerByte: 2pJ",
  "offChip: { bandwidth: 10GB/s, energyPerByte: 100pJ }",
  "energyPerMac: 1pJ",
  "elementType: int8",
].join("\n");

function noise(length: number): Uint8Array {
  // A linear congruential generator is noise enough for a file that is nothing.
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

function truncated(): Uint8Array {
  const whole = readFileSync(new URL("../models/tv_resnet18.onnx", import.meta.url));
  return whole.subarray(0, Math.floor(whole.length / 2));
}

/** A stack trace is for us; users get the place and the way out. */
function expectNoStack(run: Run): void {
  expect(run.stderr + run.stdout).not.toMatch(/^\s+at .*[/\\].*:\d+/m);
  expect(run.stderr + run.stdout).not.toContain("internal");
}
