/**
 * What is measured in a process of its own: a race (interleaved rounds, one number of threads) or a cold start (time and
 * memory of one runtime from the file to its first outputs). Jobs and their results are plain JSON.
 */
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { LaminateError } from "../../base/errors.ts";
import { sum } from "../../base/integers.ts";
import { runRounds } from "../../base/rounds.ts";
import { randomInputs } from "../../graph/interpreter/random-inputs.ts";
import { importOnnx } from "../../graph/onnx/import-onnx.ts";
import type { ShapeOptions } from "../../graph/ops/bindings.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { readWholeFile } from "../../host/read-file.ts";
import type { BenchNetwork, BoundRun, Contender, LoadedNetwork, Values } from "./contender.ts";
import { contenderByName } from "./contenders.ts";
import { rangeError } from "./output-error.ts";
import { peakBytes } from "./peak-memory.ts";

/** A network in a file, with its open sizes as lists. */
export interface JobNetwork {
  readonly name: string;
  readonly file: string;
  readonly shapes: JobShapes;
}

export interface JobShapes {
  readonly batch?: number;
  readonly bindings?: readonly (readonly [string, readonly (number | string)[]])[];
  readonly symbols?: readonly (readonly [string, number])[];
}

export interface RaceSettings {
  readonly rounds: number;
  /** Seconds after which no new round begins. */
  readonly mostSeconds: number;
  /** Of the inputs. */
  readonly seed: number;
}

export type Job =
  | {
      readonly kind: "race";
      readonly network: JobNetwork;
      readonly contenders: readonly string[];
      readonly threads: number;
      readonly settings: RaceSettings;
    }
  | {
      readonly kind: "cold-start";
      readonly network: JobNetwork;
      readonly contender: string;
      readonly threads: number;
      readonly seed: number;
    };

/** Something that could not be measured, and why. */
export type NotMeasured =
  | { readonly kind: "unsupported"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

export interface RaceEntry {
  readonly kind: "measured";
  readonly flavour: string;
  readonly runsPerTurn: number;
  /** Seconds of one run, by round. */
  readonly seconds: readonly number[];
  /** Largest difference from the outputs of `reference`, as a part of their range; null for the reference itself. */
  readonly rangeError: number | null;
}

export interface RaceResult {
  readonly kind: "race";
  /** The contender whose outputs the others are held against. */
  readonly reference: string | null;
  readonly entries: readonly {
    readonly name: string;
    readonly version: string;
    readonly result: RaceEntry | NotMeasured;
  }[];
}

export interface ColdStart {
  readonly kind: "measured";
  /** Reading the runtime and making the network ready. */
  readonly loadSeconds: number;
  /** The first run after that. */
  readonly firstRunSeconds: number;
  /** The most memory that the process had, the file's bytes included. */
  readonly peakBytes: number;
  /** What a browser downloads besides the weights. */
  readonly downloadBytes: number;
  readonly downloadGzipBytes: number;
}

export type JobResult =
  | RaceResult
  | { readonly kind: "cold-start"; readonly result: ColdStart | NotMeasured };

export async function runJob(job: Job): Promise<JobResult> {
  return job.kind === "race" ? race(job) : { kind: "cold-start", result: await coldStart(job) };
}

function readNetwork({ name, file, shapes }: JobNetwork): BenchNetwork {
  return { name, bytes: readWholeFile(file), shapes: shapeOptionsOf(shapes) };
}

function shapeOptionsOf({ batch, bindings, symbols }: JobShapes): ShapeOptions {
  return {
    ...(batch === undefined ? {} : { batch }),
    ...(bindings === undefined ? {} : { bindings: new Map(bindings) }),
    ...(symbols === undefined ? {} : { symbols: new Map(symbols) }),
  };
}

function inputsOf({ name, bytes, shapes }: BenchNetwork, seed: number): Values {
  return randomInputs(inferShapes(importOnnx(bytes, { name }), shapes).graph, seed);
}

/** Someone at the start. */
interface Starter {
  readonly contender: Contender;
  readonly version: string;
  readonly network: LoadedNetwork;
  readonly bound: BoundRun;
}

async function race({
  network,
  contenders,
  threads,
  settings,
}: Extract<Job, { kind: "race" }>): Promise<RaceResult> {
  const benchNetwork = readNetwork(network);
  const inputs = inputsOf(benchNetwork, settings.seed);
  const started = new Map<string, Starter | { readonly version: string; readonly no: NotMeasured }>();
  for (const name of contenders) {
    const contender = contenderByName(name);
    const version = await contender.version();
    const loading = await attempt(() => start(contender, version, benchNetwork, inputs, threads));
    started.set(contender.name, "kind" in loading ? { version, no: loading } : loading);
  }
  const starters = [...started.values()].flatMap((one) => ("bound" in one ? [one] : []));
  const reference = starters.find(({ contender }) => contender.name === "ort-web") ?? starters[0];
  const expected = reference?.bound.outputs();
  const errors = new Map(
    starters.map((one) => [
      one.contender.name,
      one === reference || expected === undefined ? null : rangeError(one.bound.outputs(), expected),
    ]),
  );
  const samples = await runRounds(
    starters.map(({ contender, bound }) => ({ name: contender.name, run: () => bound.run() })),
    {
      ...settings,
      turnSeconds: 0.02,
      warmUpSeconds: 0.5,
      // Runtimes with threads let them spin for some milliseconds after a run, on a processor that the next one needs.
      pauseSeconds: threads > 1 ? 0.05 : 0,
      clock: () => performance.now() / 1000,
      sleep: (seconds) => wait(seconds * 1000),
    },
  );
  const entries = [...started].map(([name, one]) => {
    const found = samples.find((sample) => sample.name === name);
    if (!("bound" in one) || found === undefined) {
      return { name, version: one.version, result: "no" in one ? one.no : lost };
    }
    const { seconds, runsPerTurn } = found;
    const { flavour } = one.network;
    const result = {
      kind: "measured",
      flavour,
      runsPerTurn,
      seconds,
      rangeError: errors.get(name) ?? null,
    } as const;
    return { name, version: one.version, result };
  });
  for (const { network: loaded } of starters) await loaded.dispose();
  return { kind: "race", reference: reference?.contender.name ?? null, entries };
}

const lost: NotMeasured = { kind: "failed", reason: "it was not measured" };

/** Loads and runs once. */
async function start(
  contender: Contender,
  version: string,
  network: BenchNetwork,
  inputs: Values,
  threads: number,
): Promise<Starter | NotMeasured> {
  const loading = await contender.load(network, { threads });
  if (loading.kind === "unsupported") return loading;
  const bound = loading.bind(inputs);
  await bound.run();
  return { contender, version, network: loading, bound };
}

async function coldStart({
  network,
  contender: name,
  threads,
  seed,
}: Extract<Job, { kind: "cold-start" }>): Promise<ColdStart | NotMeasured> {
  const benchNetwork = readNetwork(network);
  const inputs = inputsOf(benchNetwork, seed);
  return attempt(async () => {
    const begin = performance.now();
    const loading = await contenderByName(name).load(benchNetwork, { threads });
    if (loading.kind === "unsupported") return loading;
    const loaded = performance.now();
    const bound = loading.bind(inputs);
    const bindEnd = performance.now();
    await bound.run();
    const end = performance.now();
    const peak = peakBytes();
    const result = {
      kind: "measured",
      loadSeconds: (loaded - begin) / 1000,
      firstRunSeconds: (end - bindEnd) / 1000,
      peakBytes: peak,
      downloadBytes: sum(loading.download.map(({ bytes }) => bytes.length)),
      downloadGzipBytes: sum(loading.download.map(({ bytes }) => gzipSync(bytes).length)),
    } as const;
    await loading.dispose();
    return result;
  });
}

/** What a runtime throws is its answer; what we throw on purpose (it is not installed) is an error. */
async function attempt<T>(action: () => Promise<T | NotMeasured>): Promise<T | NotMeasured> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof LaminateError && error.code === "usage") throw error;
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { kind: "failed", reason };
  }
}
