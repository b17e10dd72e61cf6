import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { mappers } from "../src/index.ts";
import { type CompareDocument, compareSchema } from "../src/report/compare-schema.ts";
import { laminate, type Run } from "./run-laminate.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-compare-verb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = ["resnet18", "--batch", "4", "--memory", "20MB", "--paper-mode"];
const documentOf = ({ stdout }: Run): CompareDocument => compareSchema.parse(JSON.parse(stdout));

/** Without what a clock says. */
function withoutTimes({ mappers: rows, ...rest }: CompareDocument): object {
  return {
    ...rest,
    mappers: rows.map(({ elapsedSeconds: _, runs, ...row }) => ({
      ...row,
      runs: runs.map(({ elapsedSeconds: __, ...run }) => run),
    })),
  };
}

describe.concurrent("laminate compare", () => {
  test("--json prints one document that meets the schema; the same command gives the same figures", async () => {
    const args = [
      "compare",
      ...small,
      "--mappers",
      "g-teacher,exact",
      "--seeds",
      "3",
      "--budget",
      "400evals",
    ];
    const [run, again] = await Promise.all([laminate([...args, "--json"]), laminate([...args, "--json"])]);
    expect(run.exitCode, run.stderr).toBe(0);
    const document = documentOf(run);
    expect(document).toMatchObject({
      ...{ model: "resnet18", batch: 4, memoryBytes: 20_000_000, paperMode: true, stopped: "finished" },
      ...{ seeds: [1, 2, 3], budget: { seconds: null, evaluations: 400 }, target: { kind: "optimum" } },
    });
    expect(document.mappers.map(({ mapper, runs }) => [mapper, runs.length])).toEqual([
      ["g-teacher", 3],
      ["exact", 1],
    ]);
    for (const { runs } of document.mappers) {
      for (const { improvements, cost, gap } of runs) {
        expect(improvements.at(-1)?.cost).toBe(cost);
        expect(gap).toBeGreaterThanOrEqual(0);
      }
    }
    expect(withoutTimes(documentOf(again))).toEqual(withoutTimes(document));
  });

  test("agrees with map: the same mapper, seed and budget find the same cost", async () => {
    const search = ["--budget", "400evals", "--json"];
    const compared = await laminate([
      "compare",
      ...small,
      "--mappers",
      "g-teacher",
      "--seeds",
      "2",
      ...search,
    ]);
    const mapped = await laminate(["map", ...small, "--mapper", "g-teacher", "--seed", "2", ...search]);
    const { latencySeconds, speedup, evaluations } = JSON.parse(mapped.stdout);
    expect(documentOf(compared).mappers[0]?.runs[1]).toMatchObject({
      ...{ seed: 2, cost: latencySeconds, speedup, evaluations },
    });
  });

  test("text is a table on stdout with every mapper there is, progress is on stderr", async () => {
    const run = await laminate(["compare", ...small, "--seeds", "2"]);
    expect(run.exitCode, run.stderr).toBe(0);
    const lines = run.stdout.split("\n");
    expect(lines[0]).toBe(
      "resnet18 on dnnfuser-2022-calibrated: batch 4, 20 MB on chip, for latency, paper mode",
    );
    expect(lines[2]).toMatch(/^mapper +speed-up +gap +evaluations to 90 % +to 95 % +to 99 % +evaluations/);
    for (const create of mappers) {
      const { name } = create();
      expect(
        lines.filter((line) => line.startsWith(`${name} `)),
        name,
      ).toHaveLength(1);
      expect(run.stderr).toContain(`searching: ${name}`);
    }
    expect(run.stdout).toContain("proven by exact");
    expect(run.stdout).not.toContain("searching");
  });

  test("--out writes result, page and record", async () => {
    const out = join(folder, "out");
    const run = await laminate(["compare", ...small, "--mappers", "g-teacher", "--seeds", "2", "--out", out]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(readdirSync(out).toSorted()).toEqual(["report.html", "result.json", "run.json"]);
    const read = (name: string): string => readFileSync(join(out, name), "utf8");
    expect(compareSchema.parse(JSON.parse(read("result.json"))).mappers[0]?.runs).toHaveLength(2);
    expect(read("report.html")).toContain('class="curve ');
    expect(JSON.parse(read("run.json"))).toMatchObject({ schema: "laminate.run-record/1" });
  });

  test("where nothing fits it says what would do, and exits with 4", async () => {
    const run = await laminate(["compare", "resnet18", "--memory", "1kB", "--seeds", "1"]);
    expect(run.exitCode, run.stderr).toBe(4);
    expect(run.stdout).toMatch(/g-teacher: no feasible mapping in [\d,]+ evaluations; the nearest needs/);
    const needed = /give --memory (\S+) or more/.exec(run.stderr)?.[1] ?? "";
    const enough = await laminate(["compare", "resnet18", "--memory", needed, "--seeds", "1"]);
    expect(enough.exitCode, enough.stderr).toBe(0);
  });

  test("Ctrl-C keeps what is done: the document, then exit code 130", async () => {
    const args = ["compare", ...small, "--mappers", "layer-by-layer,g-teacher", "--budget", "60s", "--json"];
    const run = await laminate(args, {
      started: (child) => {
        child.stderr?.on("data", (text: string) => {
          if (text.includes("g-teacher")) setTimeout(() => child.kill("SIGINT"), 300);
        });
      },
    });
    expect(run.exitCode, run.stderr).toBe(130);
    const document = documentOf(run);
    expect(document).toMatchObject({ stopped: "interrupted", target: { kind: "optimum" } });
    expect(document.mappers.map(({ mapper, runs }) => [mapper, runs.map(({ stopped }) => stopped)])).toEqual([
      ["layer-by-layer", ["finished"]],
      ["g-teacher", ["interrupted"]],
    ]);
    expect(run.stderr).toContain("interrupted: keeping what is done so far");
  });

  test("--help has an example, and completion knows verb, option and names", async () => {
    const help = await laminate(["compare", "--help"]);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toContain("$ laminate compare resnet18");
    for (const shell of ["bash", "fish"]) {
      const { stdout } = await laminate(["completion", shell]);
      expect(stdout, shell).toMatch(/mappers.*g-teacher/);
      expect(stdout, shell).toContain("compare");
    }
  });

  test.each([
    [["--mappers", "exakt"], '--mappers: there is no mapper "exakt"', 'did you mean "exact"?'],
    [["--mappers", "oracle"], '--mappers: there is no mapper "oracle"', "mappers: layer-by-layer, "],
    [["--mappers", "exact,"], '--mappers: "exact," has an empty entry', "--mappers layer-by-layer,random"],
    [["--seeds", "0"], '--seeds: "0" is not a whole number from 1 to 1000', "--seeds 1"],
    [["--seeds", "1.5"], '--seeds: "1.5" is not a whole number', "--seeds 1"],
    [["--budget", "2000"], '--budget: "2000" has no unit', "did you mean 2000s or 2000evals?"],
    [["--seed", "1"], "unknown option '--seed'", "did you mean --seeds?"],
  ])("%j is a usage error", async (args, message, fix) => {
    const run = await laminate(["compare", ...small, ...args]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain(fix);
    expect(run.stderr).not.toMatch(/^\s+at /m);
  });
});
