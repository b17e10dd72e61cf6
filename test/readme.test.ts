/**
 * Holds what the README shows: its commands run, its snippets print what stands below them, and its figures are the ones
 * that come out. Times are left alone: they are another machine's.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dnnFusionResults } from "../bench/papers/dnnfusion-results.ts";
import {
  exactMapper,
  exceptionNames,
  extractWorkload,
  type FoundMapping,
  findMapping,
  fuse,
  gTeacherMapper,
  importOnnx,
  inferShapes,
  type Objective,
  planFixed,
  planFusion,
  presets,
  summarizePlan,
  type Workload,
} from "../src/index.ts";
import { repositoryRoot } from "./build-dist.ts";
import { laminate, type Run } from "./run-laminate.ts";
import { hasShared, sharedPath } from "./shared.ts";

const page = readFileSync(join(repositoryRoot, "README.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "laminate-readme-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Fence {
  readonly language: string;
  readonly text: string;
}

const fences: readonly Fence[] = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", text = ""]) => ({ language, text }),
);

/** The block of output right after a block that satisfies the condition. */
function outputAfter(isIt: (fence: Fence) => boolean): string {
  const next = fences[fences.findIndex(isIt) + 1];
  return next?.language === "text" ? next.text : "no output follows";
}

/** The words of a command as the README writes it: single quotes hold a word together, `> FILE` takes the output. */
function wordsOf(command: string): {
  readonly words: readonly string[];
  readonly target: string | undefined;
} {
  const [line = "", target] = command.split(" > ");
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return { words: words.slice(2), target: target?.trim() };
}

async function run(command: string): Promise<Run> {
  const { words, target } = wordsOf(command);
  const done = await laminate(words, { cwd: folder });
  if (target !== undefined) writeFileSync(join(folder, target), done.stdout);
  return done;
}

/** What a terminal shows, without what differs from run to run: search times, and how columns align around them. */
function withoutTimes(text: string): string {
  return text
    .split("\n")
    .map((line) =>
      line
        .replace(/^search .*/, "search")
        .replace(/\s+[\d.]+ (?:us|ms|s)\s+[\d,]+\s+(?=(?:none|optimal)$)/, " ")
        .replace(/[\d.]+ (?:us|ms|s)(?: \([^)]*\))?\s+(?=\d+ of \d+$)/, "")
        .replace(/-{4,}/, "----")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .join("\n")
    .trim();
}

describe("commands", () => {
  // In the order of the page: later ones read what earlier ones wrote.
  const inTables = [...page.matchAll(/`(npx laminate (?!help VERB)[a-z]+[^`]*)`/g)];
  const inFences = [...page.matchAll(/^(npx laminate .*)$/gm)];
  const commands = [...inTables, ...inFences]
    .sort((a, b) => a.index - b.index)
    .map(([, command = ""]) => command);

  test.each(commands)("%s", async (command) => {
    const { exitCode, stderr, stdout } = await run(command);
    expect(exitCode, stderr).toBe(0);
    if (command.includes("--json")) expect(JSON.parse(stdout)).toHaveProperty("schema");
  });

  test("there are some for every verb", () => {
    const verbs = new Set(commands.map((command) => command.split(" ")[2]));
    expect([...verbs].sort()).toEqual([
      "arch",
      "bench",
      "characterise",
      "compare",
      "compile",
      "completion",
      "dataset",
      "demo",
      "doctor",
      "evaluate",
      "fusion",
      "inspect",
      "map",
      "report",
      "run",
      "trace",
      "train",
      "tune",
    ]);
  });

  const transcripts = fences
    .flatMap(({ text }) => text.split(/^\$ /m).slice(text.startsWith("$ ") ? 1 : Number.POSITIVE_INFINITY))
    .map((transcript) => [transcript.split("\n")[0] ?? "", transcript.replace(/^.*\n/, "")] as const);

  test.each(transcripts)("$ %s", async (command, shown) => {
    const { stdout, stderr } = await run(command);
    expect(withoutTimes(stdout + stderr)).toBe(withoutTimes(shown));
  });
});

describe("output", () => {
  test("of the demo", async () => {
    const { stdout, stderr } = await run("npx laminate demo");
    const shown = outputAfter(({ text }) => text.includes("npm run demo"));
    expect(withoutTimes(stdout + stderr)).toBe(withoutTimes(shown));
  });

  test("of the first map", async () => {
    const command = "npx laminate map mobilenet_v2 --memory 20MB --batch 64\n";
    const { stdout, stderr } = await run(command.trim());
    expect(withoutTimes(stdout + stderr)).toBe(withoutTimes(outputAfter(({ text }) => text === command)));
  });
});

describe("the comparison of mappers", () => {
  test("is the one that comes out", async () => {
    const [command = ""] = fences.flatMap(({ text }) => (/laminate compare/.test(text) ? [text] : []));
    const { stdout } = await run(command.trim());
    expect(withoutTimes(stdout)).toBe(withoutTimes(outputAfter(({ text }) => text === command)));
  });
});

describe("the compiled network", () => {
  test("is written as shown", async () => {
    const command = "npx laminate compile resnet18 -o out/resnet18 --threads 2\n";
    const { stdout } = await run(command.trim());
    expect(stdout).toBe(outputAfter(({ text }) => text === command));
  });
});

describe("snippets", () => {
  // As in a project that has installed the package.
  beforeAll(() => {
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(repositoryRoot, join(folder, "node_modules", "laminate"), "junction");
  });
  const snippets = fences.filter(({ language }) => language === "js");

  test.each(snippets.map((fence, index) => [index + 1, fence] as const))("number %i", (index, fence) => {
    const path = join(folder, `snippet-${index}.mjs`);
    writeFileSync(path, fence.text);
    const stdout = execFileSync(process.execPath, [path], { cwd: repositoryRoot, encoding: "utf8" });
    expect(stdout).toBe(outputAfter((other) => other === fence));
  });

  test("are there", () => expect(snippets.length).toBe(4));
});

describe("figures", () => {
  const workloads = new Map<string, Workload>();

  function workloadOf(name: string): Workload {
    const there = workloads.get(name);
    if (there !== undefined) return there;
    const bytes = readFileSync(join(repositoryRoot, "models", `tv_${name}.onnx`));
    const made = extractWorkload(fuse(inferShapes(importOnnx(bytes))));
    workloads.set(name, made);
    return made;
  }

  /** In paper mode at batch 64: by g-teacher, and by exact, proven. */
  async function both(
    name: string,
    megabytes: number,
    objective: Objective,
  ): Promise<readonly FoundMapping[]> {
    const problem = {
      workload: workloadOf(name),
      accelerator: presets.dnnfuser2022Calibrated,
      batch: 64,
      memoryBytes: megabytes * 1e6,
      objective,
      mode: "paper",
    } as const;
    const found = [await findMapping(gTeacherMapper(), problem), await findMapping(exactMapper(), problem)];
    expect(found[1]?.proof.optimal).toBe(true);
    return found;
  }

  function tableAfter(mark: string): readonly (readonly string[])[] {
    const table = page.split(`<!-- table: ${mark} -->`)[1]?.trim().split("\n\n")[0] ?? "";
    return table
      .split("\n")
      .slice(2)
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
  }

  function speedup({ evaluation, baseline }: FoundMapping): string {
    if (!evaluation.feasible || !baseline.feasible) return "none";
    return `${(baseline.latencySeconds / evaluation.latencySeconds).toFixed(2)}x`;
  }

  function megabytes(evaluation: FoundMapping["evaluation"] | undefined): string {
    return evaluation?.feasible ? `${(evaluation.offChipBytes / 1e6).toFixed(1)} MB` : "none";
  }

  test("of the speed-ups beside the paper's", async () => {
    const rows = tableAfter("speed-ups");
    expect(rows.length).toBe(10);
    const ours: string[][] = [];
    for (const [network = "", memory = "", ...printed] of rows) {
      const found = await both(network, Number.parseInt(memory, 10), "latency");
      ours.push([network, memory, ...printed.slice(0, 2), ...found.map(speedup)]);
    }
    expect(rows).toEqual(ours);
  });

  test("of the traffic", async () => {
    const rows = tableAfter("traffic");
    expect(rows.length).toBe(5);
    const ours: string[][] = [];
    for (const [network = ""] of rows) {
      const [teacher, exact] = await both(network, 20, "traffic");
      ours.push([
        network,
        megabytes(exact?.baseline),
        megabytes(teacher?.evaluation),
        megabytes(exact?.evaluation),
      ]);
    }
    expect(rows).toEqual(ours);
  });

  test.skipIf(!hasShared)("of DNNFusion's table of fused operators (15 rows need ../shared)", () => {
    const rows = tableAfter("fusion");
    const ours = dnnFusionResults.map((paper): readonly string[] => {
      const bytes = readFileSync(sharedPath("models", "structure", paper.file));
      const typed = inferShapes(importOnnx(bytes, { name: paper.file }), { batch: 1 });
      const [fixed, table, best] = [
        planFixed(typed),
        planFusion(typed),
        planFusion(typed, { exceptions: exceptionNames }),
      ].map(summarizePlan);
      const between = [best?.intermediateBytesBefore, best?.intermediateBytesAfter];
      return [
        paper.network,
        ...[best?.operators, best?.heavyOperators, fixed?.blocks, table?.blocks, best?.blocks].map(String),
        (best?.rate ?? 0).toFixed(1),
        between.map((size) => ((size ?? 0) / 1e6).toFixed(0)).join(" → "),
        `${paper.operators} → ${paper.blocks}`,
        (paper.operators / paper.blocks).toFixed(1),
        `${paper.megabytesBefore} → ${paper.megabytesAfter}`,
      ];
    });
    expect(rows).toEqual(ours);
  });

  test("of the literal machine: 966.89 ms of compute, 1.44 ms of traffic", async () => {
    const accelerator = presets.dnnfuser2022;
    const { evaluation, baseline } = await findMapping(exactMapper(), {
      workload: workloadOf("vgg16"),
      accelerator,
      batch: 64,
      memoryBytes: 20e6,
      mode: "paper",
    });
    expect(evaluation).toMatchObject({ feasible: true, latencySeconds: 0.96689152 });
    expect(baseline).toMatchObject({
      feasible: true,
      latencySeconds: 0.96689152,
      offChipBytes: 1_295_525_160,
    });
    // 1,295,525,160 bytes / 900 GB/s
    expect(1_295_525_160 / accelerator.offChipBytesPerSecond).toBeCloseTo(1.44e-3, 5);
  });

  test("of what the paper's memory rule leaves out: 37.1 MB where there are 20", async () => {
    const [, exact] = await both("resnet18", 20, "latency");
    expect(exact?.evaluation).toMatchObject({ feasible: true, physical: false });
    const bytes = exact?.evaluation.feasible ? exact.evaluation.physicalPeakFootprintBytes : 0;
    expect((bytes / 1e6).toFixed(1)).toBe("37.1");
  });
});

test("links lead somewhere", () => {
  const pages = [
    "README.md",
    "CHANGELOG.md",
    ...readdirSync(join(repositoryRoot, "docs")).map((name) => `docs/${name}`),
  ];
  const broken = pages.flatMap((name) => {
    const text = readFileSync(join(repositoryRoot, name), "utf8").replace(/```[\s\S]*?```/g, "");
    const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
    return targets.filter(
      (target) => !target.startsWith("https:") && !existsSync(join(repositoryRoot, dirname(name), target)),
    );
  });
  expect(broken).toEqual([]);
});
