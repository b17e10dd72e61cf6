/**
 * Measures candidate blocks: each is compiled in a frame (frame.ts), and only its own steps are run, on random numbers, in
 * interleaved rounds with the others, so that what disturbs the machine meets all. The least of the rounds counts: a
 * busy machine only adds.
 */
import { LaminateError } from "../../base/errors.ts";
import { mulberry32 } from "../../base/mulberry32.ts";
import { type RoundOptions, runRounds } from "../../base/rounds.ts";
import { quantile } from "../../base/statistics.ts";
import { compilePlan } from "../codegen/compile.ts";
import type { Program } from "../codegen/program.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RunningModel } from "../runtime/start-model.ts";
import { type FramedBlocks, frameBlocks } from "./frame.ts";
import type { KeyMaker } from "./profiled-latency.ts";

/** Where blocks are measured, and how time is told there. */
export interface Bench extends Pick<RoundOptions, "clock" | "sleep"> {
  readonly runtime: Runtime;
  /** Whether kernels use relaxed SIMD. */
  readonly relaxedSimd: boolean;
}

/** Seconds of one run of each set of operators as a block; null for what does not compile. Sets may be equal. */
export type MeasureBlocks = (
  network: Pick<KeyMaker, "ecg" | "channelsLast">,
  sets: readonly (readonly number[])[],
) => Promise<readonly (number | null)[]>;

/** Short turns in several rounds: a decision costs about a third of a second, more where blocks run for long. */
const rounds = { rounds: 9, turnSeconds: 0.003, warmUpSeconds: 0.01, mostSeconds: 0.5, pauseSeconds: 0 };

export function blockMeasurer(bench: Bench): MeasureBlocks {
  const measure = runMeasurer(bench);
  return (network, sets) =>
    measure(
      network,
      sets.map((nodes) => [nodes]),
    );
}

/** Seconds of one run of each list of blocks that follow each other; null where one of them does not compile. */
export type MeasureRuns = (
  network: Pick<KeyMaker, "ecg" | "channelsLast">,
  runs: readonly (readonly (readonly number[])[])[],
) => Promise<readonly (number | null)[]>;

export function runMeasurer({ runtime, relaxedSimd, clock, sleep }: Bench): MeasureRuns {
  return async ({ ecg, channelsLast }, runs) => {
    const programs = runs.map((blocks) =>
      attempt(() => blockProgram(frameBlocks(ecg, blocks, channelsLast), relaxedSimd)),
    );
    const models = new Map<number, RunningModel>();
    const results: (number | null)[] = programs.map((program) => (program === undefined ? null : 0));
    try {
      for (const [index, program] of programs.entries()) {
        // A block that only renames what it reads has no steps.
        if (program === undefined || program.steps.length === 0) continue;
        models.set(index, await runtime.load(program));
      }
      const racers = [...models].map(([index, model]) => ({
        name: String(index),
        run: async () => void (await model.run({}, { views: true })),
      }));
      const samples = await runRounds(racers, { ...rounds, clock, sleep });
      for (const { name, seconds } of samples) results[Number(name)] = quantile(seconds, 0);
    } finally {
      for (const model of models.values()) model.dispose();
    }
    return results;
  };
}

/** Blocks that follow each other as one program, on a runtime with as many threads as they are to have. */
export interface Stretch {
  readonly blocks: readonly (readonly number[])[];
  readonly runtime: Runtime;
  /** Without a step that has so many parts it has no time; 1, unless given. */
  readonly leastUnits?: number;
}

/**
 * Seconds of running the stretches in turn, each a program with its own memory; null where one does not compile, or has too
 * few parts. Unlike times of
 * single blocks, which find all that they read in the caches, this has what blocks cost each other: caches that others have filled,
 * and threads that are woken. What a stretch reads are random numbers in its own memory: nothing is handed on.
 */
export async function measureInTurn(
  { ecg, channelsLast }: Pick<KeyMaker, "ecg" | "channelsLast">,
  stretches: readonly Stretch[],
  { relaxedSimd, clock, sleep }: Omit<Bench, "runtime">,
): Promise<number | null> {
  const models: RunningModel[] = [];
  try {
    for (const { blocks, runtime, leastUnits = 1 } of stretches) {
      const program = attempt(() => blockProgram(frameBlocks(ecg, blocks, channelsLast), relaxedSimd));
      if (program === undefined) return null;
      if (leastUnits > 1 && !program.steps.some(({ units }) => units >= leastUnits)) return null;
      if (program.steps.length > 0) models.push(await runtime.load(program));
    }
    if (models.length === 0) return 0;
    const run = async (): Promise<void> => {
      for (const model of models) await model.run({}, { views: true });
    };
    const [samples] = await runRounds([{ name: "in turn", run }], { ...rounds, clock, sleep });
    return quantile(samples?.seconds ?? [], 0);
  } finally {
    for (const model of models) model.dispose();
  }
}

/** What cannot be compiled is an answer here, and anything else a failure. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input") return undefined;
    throw error;
  }
}

/** The program of the blocks' own steps: nothing goes in or out, what they read is in the memory from the start. */
export function blockProgram({ plan, first, end, readsFloats }: FramedBlocks, relaxedSimd: boolean): Program {
  const own: number[] = [];
  const program = compilePlan(plan, {
    relaxedSimd,
    onBlock: (index, steps) => {
      if (index < first || index >= end) return;
      for (let step = steps.first; step < steps.end; step++) own.push(step);
    },
  });
  const steps = program.steps.filter((_, step) => own.includes(step));
  const { constants } = program;
  return {
    ...program,
    steps,
    inputs: [],
    outputs: [],
    // Integers stay 0, which is a valid index everywhere.
    constants: readsFloats && steps.length > 0 ? withRandomValues(program) : constants,
  };
}

const patternFloats = 16_384;

/** The constants, and behind them random numbers in [-1, 1) to the end of the memory: a pattern again and again. */
function withRandomValues({ constants, memoryBytes }: Program): Program["constants"] {
  const { byteOffset, byteLength } = constants;
  const draw = mulberry32(1);
  const pattern = Float32Array.from({ length: patternFloats }, () => 2 * draw() - 1);
  const patternBytes = new Uint8Array(pattern.buffer);
  const start = Math.ceil(byteLength / 4) * 4;
  const writeTo = (target: Uint8Array): void => {
    constants.writeTo(target.subarray(0, byteLength));
    for (let at = start; at < target.length; at += patternBytes.length) {
      target.set(patternBytes.subarray(0, Math.min(patternBytes.length, target.length - at)), at);
    }
  };
  return { byteOffset, byteLength: memoryBytes - byteOffset, writeTo };
}
