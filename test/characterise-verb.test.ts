/** The verb `characterise`, and `map` with what it writes. Only what does not hang on the machine's load is looked at. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { laminate } from "./run-laminate.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-characterise-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, "mlu");
const profile = join(out, "profile.json");

test("an accelerator's characteristics are printed and written, with the plots", async () => {
  const run = await laminate(["characterise", "-a", "mlu100-like", "-o", out]);
  expect(run).toMatchObject({ exitCode: 0 });
  expect(run.stdout).toContain("critical operation count: 8.2 M MACs of a core (the same in all draws)");
  expect(run.stdout).toContain("  on 1 core: 5 M");
  expect(run.stdout).toContain("channel granularity: 16 output channels of a core (the same in all draws)");
  const document = JSON.parse(readFileSync(profile, "utf8"));
  expect(document).toMatchObject({ schema: "laminate.target/1", origin: { name: "mlu100-like" } });
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("Characteristics");
  const json = await laminate(["characterise", "-a", "mlu100-like", "--json"]);
  expect(JSON.parse(json.stdout)).toEqual(document);
});

describe("map with a profile", () => {
  const map = (...args: string[]) => laminate(["map", "resnet18", "-a", "mlu100-like", "--json", ...args]);

  test("starts from its characteristics", async () => {
    const run = await map("--mapper", "dlfusion", "--profile", profile);
    expect(run).toMatchObject({ exitCode: 0 });
    const found = JSON.parse(run.stdout);
    expect(found).toMatchObject({ mapper: "dlfusion", feasible: true });
    const own = JSON.parse((await map("--mapper", "dlfusion")).stdout);
    // 8.20 M and 8.39 M are the same to the strategy, or nearly so.
    expect(found.latencySeconds / own.latencySeconds).toBeCloseTo(1, 1);
  });

  test("refuses it for another accelerator, and for another mapper", async () => {
    const args = ["map", "resnet18", "--profile", profile];
    const other = await laminate([...args, "-a", "quad-npu", "--mapper", "dlfusion"]);
    expect(other).toMatchObject({ exitCode: 3, stdout: "" });
    expect(other.stderr).toContain("and in quad-npu it is");
    expect(other.stderr).toContain("laminate characterise --accelerator quad-npu -o FOLDER");
    const learned = await laminate([...args, "-a", "mlu100-like", "--mapper", "dnnfuser"]);
    expect(learned).toMatchObject({ exitCode: 2, stdout: "" });
    expect(learned.stderr).toContain("only the mapper dlfusion takes --profile");
    const exact = await laminate([...args, "-a", "mlu100-like"]);
    expect(exact).toMatchObject({ exitCode: 2 });
    expect(exact.stderr).toContain("only the mapper dlfusion takes --profile");
  });
});

test("compare starts dlfusion from a profile, and refuses one that no mapper takes", async () => {
  const compare = (...args: string[]) =>
    laminate(["compare", "alexnet", "-a", "mlu100-like", "--profile", profile, ...args]);
  const run = await compare("--mappers", "one-core,dlfusion", "--json");
  expect(run).toMatchObject({ exitCode: 0 });
  const names = JSON.parse(run.stdout).mappers.map(({ mapper }: { mapper: string }) => mapper);
  expect(names).toEqual(["one-core", "dlfusion"]);
  const none = await compare("--mappers", "one-core");
  expect(none).toMatchObject({ exitCode: 2, stdout: "" });
  expect(none.stderr).toContain("only the mapper dlfusion takes --profile");
  expect(none.stderr).toContain("add dlfusion to --mappers");
});

test("this machine is measured, or refused as too noisy", async () => {
  const here = join(folder, "here");
  const run = await laminate([
    ...["characterise", "--here", "--threads", "1", "--repeats", "2"],
    ...["--least-macs", "1024", "--most-macs", "1048576", "-o", here],
  ]);
  if (run.exitCode === 0) {
    const document = JSON.parse(readFileSync(join(here, "profile.json"), "utf8"));
    expect(document).toMatchObject({ origin: { kind: "machine" }, settings: { repeats: 2 } });
    expect(document.measurements.length).toBeGreaterThan(30);
    expect(existsSync(join(here, "measurements.json"))).toBe(false);
  } else {
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain("fix: ");
    expect(run.stderr).toContain("the measurements are kept in");
  }
});

test("a run that was ended or refused is gone on with, and other layers are refused", async () => {
  const grid = ["--least-macs", "1024", "--most-macs", "65536"];
  const args = (...more: string[]) => ["characterise", "--here", "--threads", "1", ...more, "-o", kept];
  const kept = join(folder, "kept");
  const file = join(kept, "measurements.json");
  const run = await laminate(args(...grid, "--repeats", "1"));
  const { origin, measurements } = JSON.parse(
    readFileSync(run.exitCode === 0 ? join(kept, "profile.json") : file, "utf8"),
  );
  writeFileSync(
    file,
    JSON.stringify({ schema: "laminate.measurements/1", origin, repeats: 1, measurements }),
  );
  const more = await laminate(args(...grid, "--repeats", "2"));
  expect(more.stderr).toContain(`going on after the 1 repeats in ${file}`);
  expect(more.stderr).toContain("repeat 2 of 2");
  expect(more.stderr).not.toContain("repeat 1 of 2");
  writeFileSync(
    file,
    JSON.stringify({ schema: "laminate.measurements/1", origin, repeats: 1, measurements }),
  );
  const other = await laminate(args("--repeats", "2"));
  expect(other).toMatchObject({ exitCode: 3, stdout: "" });
  expect(other.stderr).toContain("these are measurements of other layers");
  expect(other.stderr).toContain("remove the file to measure anew");
});

describe("wrong usage exits with 2", () => {
  test.each([
    [[], "no target to look at"],
    [["--here", "-a", "mlu100-like"], "two targets at once"],
    [["-a", "mlu100-like", "--repeats", "3"], "the cost model answers at once and always the same"],
    [["--here", "--threads", "0"], "is not a whole number"],
    [["-a", "mlu100-like", "--most-macs", "8192"], "show no rise"],
  ])("%j", async (args, message) => {
    const run = await laminate(["characterise", ...args]);
    expect(run).toMatchObject({ exitCode: 2, stdout: "" });
    expect(run.stderr).toContain(message);
  });

  test("an accelerator without what several cores cost has nothing to find", async () => {
    const run = await laminate(["characterise", "-a", "eyeriss"]);
    expect(run).toMatchObject({ exitCode: 3, stdout: "" });
    expect(run.stderr).toContain("perGroup.launch");
  });
});
