/**
 * Interleaved rounds in one process: A B C, A B C, ... What drifts (the clock of the processor, other load) then meets all
 * alike. A turn has several runs where one is short, so that a sample is well above the clock's grain, and an untimed run
 * first, which brings back the caches that the others have used. Cost: rounds x racers x turn.
 */
import type { Clock } from "./host.ts";

export interface Racer {
  readonly name: string;
  run(): Promise<void> | void;
}

export interface RoundOptions {
  readonly rounds: number;
  /** Seconds that a turn lasts at least. */
  readonly turnSeconds: number;
  /** Seconds that each racer runs before the first round, unless that is a single run. */
  readonly warmUpSeconds: number;
  /** Pause before each turn: worker threads of the racer before spin for a while once their work is done. */
  readonly pauseSeconds: number;
  /** After this time no new round begins, once there are `fewestRounds`. */
  readonly mostSeconds: number;
  readonly clock: Clock;
  sleep(seconds: number): Promise<void>;
}

export interface RacerSamples {
  readonly name: string;
  readonly runsPerTurn: number;
  /** Seconds of one run, one entry for each round. */
  readonly seconds: readonly number[];
}

/** Fewer samples have no interval worth printing. */
export const fewestRounds = 5;

/** The samples of each racer, all of the same rounds. */
export async function runRounds(
  racers: readonly Racer[],
  options: RoundOptions,
): Promise<readonly RacerSamples[]> {
  const turns = [];
  for (const racer of racers) {
    turns.push({ racer, runsPerTurn: await warmUp(racer, options), seconds: [] as number[] });
  }
  const start = options.clock();
  for (let round = 0; round < options.rounds; round++) {
    if (round >= fewestRounds && options.clock() - start > options.mostSeconds) break;
    for (const { racer, runsPerTurn, seconds } of turns) {
      await options.sleep(options.pauseSeconds);
      if (runsPerTurn > 1) await racer.run();
      seconds.push((await timeRuns(racer, runsPerTurn, options.clock)) / runsPerTurn);
    }
  }
  return turns.map(({ racer, runsPerTurn, seconds }) => ({ name: racer.name, runsPerTurn, seconds }));
}

/** Runs until it is warm; gives the runs that fill a turn. */
async function warmUp(racer: Racer, { warmUpSeconds, turnSeconds, clock }: RoundOptions): Promise<number> {
  const start = clock();
  let fastest = await timeRuns(racer, 1, clock);
  while (clock() - start < warmUpSeconds) fastest = Math.min(fastest, await timeRuns(racer, 1, clock));
  return Math.min(mostRunsPerTurn, Math.max(1, Math.ceil(turnSeconds / Math.max(fastest, 1e-9))));
}

const mostRunsPerTurn = 100_000;

async function timeRuns(racer: Racer, runs: number, clock: Clock): Promise<number> {
  const start = clock();
  for (let run = 0; run < runs; run++) {
    // A runtime that answers at once pays for no promise.
    const pending = racer.run();
    if (pending !== undefined) await pending;
  }
  return clock() - start;
}
