/**
 * DLFusion's strategies on this machine's threads: decided by a profile of the machine, then run
 * (dlfusion-schemes.ts). `npm run paper:dlfusion -- --here` calls it; docs/dlfusion.md, On this machine, says what is measured.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { usageError } from "../../src/base/errors.ts";
import { formatCount } from "../../src/base/format.ts";
import { seededRandom } from "../../src/base/random.ts";
import { describeMachine, machineText } from "../../src/cli/bench/machine.ts";
import { machineHere } from "../../src/cli/machine-here.ts";
import { wholeNumber } from "../../src/cli/options.ts";
import { importOnnx } from "../../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../../src/graph/ops/infer-shapes.ts";
import { packageRoot } from "../../src/host/package-root.ts";
import { readTextFile } from "../../src/host/read-file.ts";
import { writeFileAtomically } from "../../src/host/write-file.ts";
import { defaultGrid } from "../../src/mapping/targets/measure-grid.ts";
import type { Target } from "../../src/mapping/targets/target.ts";
import {
  characteriseTarget,
  parseTargetProfile,
  printTargetProfile,
  type TargetProfile,
} from "../../src/mapping/targets/target-profile.ts";
import {
  agreementsOf,
  agreementText,
  type MeasuredNetwork,
  networkText,
  threadsNote,
} from "./dlfusion-here-text.ts";
import { measureSchemes, rewrittenNetwork, schemesOf } from "./dlfusion-schemes.ts";

export interface HereOptions {
  /** As they were given; all that are left out have defaults. */
  readonly threads?: string | undefined;
  readonly repeats?: string | undefined;
  readonly networks?: string | undefined;
  readonly profile?: string | undefined;
  readonly json?: boolean | undefined;
}

/** A network by the name that tables give it, with the places that its file may be in. */
export interface NetworkFile {
  readonly name: string;
  readonly paths: readonly string[];
}

const defaultNetworks = "AlexNet,ResNet18,MobileNet-V2";
const defaultRepeats = 7;
/** Of orders and draws. */
const seed = 1;

/**
 * Measures and prints.
 *
 * @throws LaminateError (usage) for options that make no sense, (bad-input) for a profile of another machine, or where this one is too
 * busy to be characterised
 */
export async function measureHere(files: readonly NetworkFile[], options: HereOptions): Promise<void> {
  const whole = (name: "threads" | "repeats", most: number): number | undefined =>
    options[name] === undefined ? undefined : wholeNumber(options[name], `--${name}`, 1, most);
  const repeats = whole("repeats", 1_000) ?? defaultRepeats;
  const chosen = chooseNetworks(files, options.networks ?? defaultNetworks);
  const machine = machineHere(whole("threads", 64));
  try {
    const profile = await profileHere(machine, options.profile);
    const threads = threadsOf(machine, profile, options.threads !== undefined);
    if (!options.json) printHead(profile, threads);
    const random = seededRandom(seed);
    const measured: MeasuredNetwork[] = [];
    for (const { name, path } of chosen) {
      const typed = inferShapes(importOnnx(readFileSync(path), { name }), { batch: 1 });
      const network = rewrittenNetwork(name, typed);
      const note = rounds(`${name}: round`, repeats);
      const schemes = await measureSchemes(network, schemesOf(network, profile, threads), machine, {
        rounds: repeats,
        random,
        onProgress: note,
      });
      const entry = { name, layers: network.workload.layers.length, schemes };
      measured.push(entry);
      if (!options.json) console.log(`\n${networkText(entry)}`);
    }
    const agreements = agreementsOf(measured, () => seededRandom(seed));
    const document = { origin: profile.origin, threads, networks: measured, agreements };
    console.log(options.json ? JSON.stringify(document, null, 2) : `\n${agreementText(agreements)}`);
  } finally {
    machine.dispose();
  }
}

export function chooseNetworks(
  files: readonly NetworkFile[],
  names: string,
): readonly { readonly name: string; readonly path: string }[] {
  return names.split(",").map((given) => {
    const file = files.find(({ name }) => name.toLowerCase() === given.trim().toLowerCase());
    if (file === undefined)
      throw usageError(`there is no network "${given}"`, {
        where: "--networks",
        fix: `give some of ${files.map(({ name }) => name).join(",")}`,
      });
    const path = file.paths.find(existsSync);
    if (path === undefined)
      throw usageError(`${file.name} is not in the gallery`, {
        where: "--networks",
        fix: "give the folder of its file: --models DIR",
      });
    return { name: file.name, path };
  });
}

/** From the file, or measured now and written for the next time. */
async function profileHere(machine: Target, path: string | undefined): Promise<TargetProfile> {
  if (path !== undefined) return parseTargetProfile(readTextFile(path), path, machine.origin);
  const profile = await characteriseTarget(machine, {
    settings: defaultGrid,
    seed,
    onProgress: rounds("characterising this machine: repeat", defaultGrid.repeats),
  });
  const file = join(packageRoot(), "out", "dlfusion-here", "profile.json");
  writeFileAtomically(file, printTargetProfile(profile));
  console.error(`wrote ${relative(process.cwd(), file)}, which --profile takes`);
  return profile;
}

/** As many as the machine has and the profile was fitted on; more than those are refused where they were asked for. */
function threadsOf({ coreNumbers }: Target, { fit }: TargetProfile, asked: boolean): number {
  const fitted = Math.max(...fit.cores.map(({ cores }) => cores));
  const threads = coreNumbers.at(-1) ?? 1;
  if (asked && threads > fitted)
    throw usageError(`the profile says nothing of ${threads} threads, but of ${fitted} at most`, {
      where: "--threads",
      fix: `give at most --threads ${fitted}, or measure a profile with more: laminate characterise --here --threads ${threads} -o FOLDER`,
    });
  return Math.min(threads, fitted);
}

function printHead({ characteristics }: TargetProfile, threads: number): void {
  const { criticalMacs, channelGranularity } = characteristics;
  console.log(machineText(describeMachine()));
  console.log(
    `up to ${threads} ${threads === 1 ? "thread" : "threads"}; critical operation count ${formatCount(criticalMacs.value)} MACs, channel granularity ${channelGranularity.value}`,
  );
  const note = threadsNote(threads);
  if (note !== undefined) console.log(note);
}

/** Says on the error stream which round begins. */
function rounds(what: string, of: number): (done: number) => void {
  let noted = -1;
  return (done) => {
    if (done === noted) return;
    noted = done;
    console.error(`${what} ${done + 1} of ${of}`);
  };
}
