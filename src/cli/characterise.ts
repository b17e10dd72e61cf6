/** `laminate characterise`: how many operations and channels a core of a target needs, found with synthesized layers. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { usageError } from "../base/errors.ts";
import { formatCount, formatSeconds, threeDigits } from "../base/format.ts";
import { packageVersion } from "../host/package-root.ts";
import { readTextFile } from "../host/read-file.ts";
import { writeFileAtomically } from "../host/write-file.ts";
import { analyticTarget } from "../mapping/targets/analytic-target.ts";
import type { Estimate } from "../mapping/targets/characteristics.ts";
import {
  defaultGrid,
  type GridSettings,
  gridOf,
  type MeasureOptions,
} from "../mapping/targets/measure-grid.ts";
import { parseMeasurements, printMeasurements } from "../mapping/targets/measurements-file.ts";
import type { Target } from "../mapping/targets/target.ts";
import { originName } from "../mapping/targets/target-origin.ts";
import {
  characteriseTarget,
  printTargetProfile,
  type TargetProfile,
} from "../mapping/targets/target-profile.ts";
import { renderTargetReport } from "../report/target-report.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { exitCodes } from "./exit-codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { loadAccelerator } from "./load-accelerator.ts";
import { machineHere } from "./machine-here.ts";
import { addJsonOption, type JsonOption, wholeNumber } from "./options.ts";
import { runDocument, runRecord, writeOutput } from "./run-record.ts";

interface CharacteriseOptions extends JsonOption, Partial<GridSettings> {
  readonly accelerator?: string;
  readonly here?: boolean;
  readonly threads?: number;
  readonly out?: string;
  readonly report?: string;
}

const whole = (where: string, least: number, most: number) => (text: string) =>
  wholeNumber(text, where, least, most);

export function addCharacterise(program: Command, cli: Cli): void {
  const command = program
    .command("characterise")
    .description(
      "find the operations and channels that a core of an accelerator, or of this machine, needs to be busy",
    )
    .option("-a, --accelerator <name|file>", "ask the cost model of a preset or a YAML file")
    .option("--here", "measure this machine with compiled code")
    .option(
      "--threads <number>",
      "threads on this machine at most (default: its processors)",
      whole("--threads", 1, 64),
    )
    .option(
      "--repeats <number>",
      `times that each layer is measured on this machine (default: ${defaultGrid.repeats})`,
      whole("--repeats", 1, 1_000),
    )
    .option(
      "--least-macs <number>",
      `MACs of a core in the smallest layers (default: ${defaultGrid.leastMacs})`,
      whole("--least-macs", 16, mostMacs),
    )
    .option(
      "--most-macs <number>",
      `MACs of a core in the largest layers (default: ${defaultGrid.mostMacs})`,
      whole("--most-macs", 16, mostMacs),
    );
  addJsonOption(command)
    .option(
      "-o, --out <folder>",
      "write profile.json, report.html and run.json there; a run that was ended or refused is gone on with",
    )
    .option("--report <file>", "write the HTML page with the plots")
    .addHelpText(
      "after",
      examples(
        "characterise --accelerator mlu100-like -o out/mlu100",
        "characterise --here --threads 2 --repeats 11 -o out/here",
      ),
    )
    .action((options: CharacteriseOptions) => characterise(cli, options));
}

const mostMacs = 2 ** 36;

async function characterise(cli: Cli, options: CharacteriseOptions): Promise<void> {
  const settings = settingsOf(options);
  const { target, dispose } = targetOf(options);
  const kept = keptMeasurements(cli, options, target, settings);
  const before = kept.earlier?.repeats ?? 0;
  const interrupt = listenForInterrupt(cli.terminal, "the repeats that are done");
  const start = performance.now();
  let noted = -1;
  try {
    const profile = await characteriseTarget(target, {
      settings,
      seed: fitSeed,
      signal: interrupt.signal,
      earlier: kept.earlier,
      onPass: kept.keep,
      onProgress: (done) => {
        if (target.isExact || done === noted) return;
        noted = done;
        const left =
          done === before
            ? ""
            : `, about ${formatSeconds(secondsLeft(start, done - before, settings.repeats - done))} left`;
        cli.terminal.note(`repeat ${done + 1} of ${settings.repeats}${left}`);
      },
    });
    if (options.json) printDocument(cli, profile);
    else cli.terminal.print(characteristicsText(profile));
    write(cli, options, profile);
    if (interrupt.signal.aborted) cli.exitWith(exitCodes.interrupted);
    else kept.drop();
  } catch (error) {
    if (kept.path !== undefined && existsSync(kept.path))
      cli.terminal.note(`the measurements are kept in ${kept.path}, and more --repeats go on from them`);
    throw error;
  } finally {
    interrupt.release();
    dispose();
  }
}

function secondsLeft(start: number, done: number, left: number): number {
  return ((performance.now() - start) / 1_000 / done) * left;
}

interface Kept extends Pick<MeasureOptions, "earlier"> {
  readonly path?: string;
  readonly keep: NonNullable<MeasureOptions["onPass"]>;
  /** Removes the file: the profile has what was in it. */
  readonly drop: () => void;
}

/** With a folder, measurements are in a file of it until they are fitted; what an earlier run has left there is gone on with. */
function keptMeasurements(
  { terminal }: Cli,
  { out }: CharacteriseOptions,
  target: Target,
  settings: GridSettings,
): Kept {
  if (out === undefined || target.isExact) return { keep: () => {}, drop: () => {} };
  const path = join(out, "measurements.json");
  const earlier = existsSync(path)
    ? parseMeasurements(readTextFile(path), path, {
        origin: target.origin,
        grid: gridOf(target, settings),
      })
    : undefined;
  if (earlier !== undefined)
    terminal.note(
      earlier.repeats < settings.repeats
        ? `going on after the ${earlier.repeats} repeats in ${path}; remove it to measure anew`
        : `${path} has ${earlier.repeats} repeats already: none is measured; give more --repeats, or remove it to measure anew`,
    );
  return {
    path,
    earlier,
    keep: (measured) => writeFileAtomically(path, printMeasurements(measured, target.origin)),
    drop: () => rmSync(path, { force: true }),
  };
}

function settingsOf({ repeats, leastMacs, mostMacs: most }: CharacteriseOptions): GridSettings {
  const settings = {
    repeats: repeats ?? defaultGrid.repeats,
    leastMacs: leastMacs ?? defaultGrid.leastMacs,
    mostMacs: most ?? defaultGrid.mostMacs,
  };
  if (settings.mostMacs >= 64 * settings.leastMacs) return settings;
  throw usageError(`layers of ${settings.leastMacs} to ${settings.mostMacs} MACs show no rise`, {
    where: "--most-macs",
    fix: `let the largest have at least 64 times the MACs of the smallest: --most-macs ${64 * settings.leastMacs}`,
  });
}

function targetOf({ accelerator, here, threads, repeats }: CharacteriseOptions): {
  readonly target: Target;
  readonly dispose: () => void;
} {
  if ((accelerator === undefined) === (here === undefined))
    throw usageError(here ? "two targets at once" : "no target to look at", {
      where: "characterise",
      fix: "give --accelerator NAME, or --here for this machine",
    });
  if (accelerator !== undefined) {
    for (const [name, value] of [
      ["--threads", threads],
      ["--repeats", repeats],
    ] as const)
      if (value !== undefined)
        throw usageError("the cost model answers at once and always the same", {
          where: name,
          fix: `leave ${name} out, or give --here`,
        });
    const target = analyticTarget(loadAccelerator(accelerator), { laminate: packageVersion() });
    return { target, dispose: () => {} };
  }
  const target = machineHere(threads);
  return { target, dispose: target.dispose };
}

function write(cli: Cli, { out, report }: CharacteriseOptions, profile: TargetProfile): void {
  const page = (): string => renderTargetReport({ profile, run: runRecord(cli) });
  if (report !== undefined) writeOutput(cli, report, page());
  if (out === undefined) return;
  writeOutput(cli, join(out, "profile.json"), printTargetProfile(profile));
  writeOutput(cli, join(out, "report.html"), page());
  writeOutput(cli, join(out, "run.json"), JSON.stringify(runDocument(cli, fitSeed), null, 2));
}

/** Of the bootstrap's draws. */
const fitSeed = 1;

function characteristicsText({
  origin,
  characteristics,
  fit,
  settings,
  measurements,
}: TargetProfile): string {
  const { criticalMacs, channelGranularity, confidence } = characteristics;
  const ends = ({ low, high }: Estimate, format: (value: number) => string): string =>
    format(low) === format(high)
      ? "the same in all draws"
      : `${100 * confidence} %: ${format(low)} .. ${format(high)}`;
  const percent = (share: number): string => `${threeDigits(100 * share)} %`;
  const repeats =
    settings.repeats === 1
      ? ""
      : `, ${settings.repeats} times each, repeats differ by ${percent(fit.scatter)}`;
  return [
    `${originName(origin)}: ${measurements.length} layers and core numbers${repeats}`,
    `critical operation count: ${formatCount(criticalMacs.value)} MACs of a core (${ends(criticalMacs, formatCount)})`,
    ...fit.cores.map(
      ({ cores, criticalMacs: own }) =>
        `  on ${cores} ${cores === 1 ? "core" : "cores"}: ${formatCount(own.value)} (${ends(own, formatCount)})`,
    ),
    `channel granularity: ${channelGranularity.value} output channels of a core (${ends(channelGranularity, String)})`,
    `unexplained: ${percent(fit.residual)} of a time`,
  ].join("\n");
}
