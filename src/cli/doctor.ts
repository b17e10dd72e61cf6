/** `laminate doctor`: whether this machine and this installation can do what the other verbs promise. */
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { LaminateError } from "../base/errors.ts";
import { formatBytes, formatSeconds, formatSpeedup } from "../base/format.ts";
import { packageRoot, packageVersion } from "../host/package-root.ts";
import { findMapping } from "../mapping/mappers/find-mapping.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { exitCodes } from "./exit-codes.ts";
import { galleryNames } from "./load-model.ts";
import { addJsonOption, type JsonOption } from "./options.ts";
import { defaultMapper, findMapper } from "./search.ts";
import { settle } from "./settings.ts";

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do when it is not ok. */
  readonly fix: string | null;
}

export function addDoctor(program: Command, cli: Cli): void {
  addJsonOption(program.command("doctor").description("check this machine and this installation"))
    .addHelpText("after", examples("doctor"))
    .action((options: JsonOption) => doctor(cli, options));
}

async function doctor(cli: Cli, { json }: JsonOption): Promise<void> {
  const findings = [
    { name: "laminate", ok: true, detail: packageVersion(), fix: null },
    nodeVersion(),
    {
      name: "processors",
      ok: true,
      detail: `${availableParallelism()} (${cpus()[0]?.model ?? "unknown"})`,
      fix: null,
    },
    memory(),
    wasmSimd(),
    writableFolder(),
    freshBuild(),
    gallery(),
    await selfTest(),
  ];
  const ok = findings.every((finding) => finding.ok);
  if (json) printDocument(cli, { schema: "laminate.doctor/1", ok, findings });
  else for (const finding of findings) cli.terminal.print(findingText(cli, finding));
  cli.exitWith(ok ? exitCodes.ok : exitCodes["gate-failed"]);
}

function findingText({ terminal }: Cli, { name, ok, detail, fix }: Finding): string {
  const mark = ok ? terminal.color.green("ok  ") : terminal.color.red("FAIL");
  return `${mark} ${name.padEnd(12)} ${detail}${fix === null ? "" : `; fix: ${fix}`}`;
}

function found(name: string, ok: boolean, detail: string, fix: string): Finding {
  return { name, ok, detail, fix: ok ? null : fix };
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return found("node", ok, process.versions.node, "install Node 20.19 or newer");
}

function memory(): Finding {
  const detail = `${formatBytes(freemem())} free of ${formatBytes(totalmem())}`;
  return found("memory", totalmem() >= 1e9, detail, "large models need 1.3 times their file in memory");
}

/** A module with one function that returns a vector of 16 bytes: valid only where wasm SIMD is known. */
const simdModule = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic and version
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // type 0: () -> v128
  ...[3, 2, 1, 0], // function 0 has type 0
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x0f, 0x0b], // i32.const 0; i8x16.splat; end
]);

function wasmSimd(): Finding {
  const ok = WebAssembly.validate(simdModule);
  return found("wasm simd", ok, ok ? "yes" : "no", "install a newer Node");
}

function writableFolder(): Finding {
  const folder = process.cwd();
  try {
    accessSync(folder, constants.W_OK);
    return found("output", true, `${folder} is writable`, "");
  } catch {
    return found(
      "output",
      false,
      `${folder} is not writable`,
      "run in another folder, or write with --out elsewhere",
    );
  }
}

/** In a checkout, whether dist/ is older than what it is built from. */
function freshBuild(): Finding {
  const [source, built] = ["src", "dist/cli.js"].map((path) => join(packageRoot(), path));
  if (source === undefined || built === undefined || !existsSync(source))
    return found("build", true, "as published", "");
  if (!existsSync(built)) return found("build", false, "dist is missing", "npm run build");
  const changed = newestChange(source);
  const ok = changed <= statSync(built).mtimeMs;
  return found("build", ok, ok ? "dist is up to date" : "dist is older than src", "npm run build");
}

function newestChange(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const sources = files.filter((file) => file.isFile() && !file.name.endsWith(".test.ts"));
  return Math.max(0, ...sources.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}

function gallery(): Finding {
  const names = galleryNames();
  return found(
    "gallery",
    names.length > 0,
    `${names.length} networks`,
    "install laminate again: models/ is missing",
  );
}

/** Maps a small problem from file to answer. */
async function selfTest(): Promise<Finding> {
  const start = performance.now();
  try {
    const name = galleryNames().includes("resnet18") ? "resnet18" : (galleryNames()[0] ?? "resnet18");
    const { problem } = settle(name, { batch: 8, paperMode: true, memory: 20e6 });
    const { evaluation, baseline } = await findMapping(findMapper(defaultMapper), problem, {
      budget: { seconds: 5 },
    });
    const ok =
      evaluation.feasible && baseline.feasible && evaluation.latencySeconds <= baseline.latencySeconds;
    const speedup =
      evaluation.feasible && baseline.feasible
        ? formatSpeedup(baseline.latencySeconds / evaluation.latencySeconds)
        : "does not fit";
    const seconds = formatSeconds((performance.now() - start) / 1_000);
    return found("self-test", ok, `${name} at batch 8: ${speedup} in ${seconds}`, "report this as a bug");
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const fix = error instanceof LaminateError ? error.fix : undefined;
    return found("self-test", false, detail, fix ?? "report this as a bug");
  }
}
