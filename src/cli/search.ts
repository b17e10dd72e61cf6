/** A search that people watch: a progress bar on a terminal, and Ctrl-C keeps the best so far. */
import { SingleBar } from "cli-progress";
import { known } from "../base/assert.ts";
import { usageError } from "../base/errors.ts";
import { formatCount } from "../base/format.ts";
import { suggestName } from "../base/nearest.ts";
import { coreMappers, mapperByName, mappers } from "../index.ts";
import { dnnfuserName } from "../learning/mappers/dnnfuser.ts";
import type { Objective, Problem } from "../mapping/cost/problem.ts";
import { type Budget, type FoundMapping, findMapping } from "../mapping/mappers/find-mapping.ts";
import type { Mapper, SearchState } from "../mapping/mappers/mapper.ts";
import { formatCost } from "./format-cost.ts";
import { listenForInterrupt } from "./interrupt.ts";
import type { SearchOptions } from "./options.ts";
import type { Terminal } from "./terminal.ts";

export const defaultMapper = "exact";
export const defaultSeed = 1;

/** Names of all mappers, the learned one before the reference, in the order in which tables show them. */
export function mapperNames(): readonly string[] {
  return mappers
    .map((create) => create().name)
    .toSpliced(-1, 0, dnnfuserName)
    .toSpliced(-3, 0, ...coreMapperNames());
}

/** Names of DLFusion's strategy and those it is compared with. */
export function coreMapperNames(): readonly string[] {
  return coreMappers.map((create) => create().name);
}

/** The name, if a mapper has it; the option `where` gave it. */
export function checkMapperName(name: string, where = "--mapper"): string {
  if (mapperNames().includes(name)) return name;
  throw usageError(`there is no mapper "${name}"`, {
    where,
    fix: suggestName(name, mapperNames(), "mappers"),
  });
}

/** The mapper of a name: any but the learned one, which needs weights (learned-mapper.ts). */
export function findMapper(name: string): Mapper {
  return known(mapperByName(name), `mapper ${name}`);
}

/** Runs a mapper under the user's eyes. */
export async function searchWatched(
  mapper: Mapper,
  problem: Problem,
  options: SearchOptions,
  terminal: Terminal,
): Promise<FoundMapping> {
  const interrupt = listenForInterrupt(terminal, "the best so far");
  const bar = progressBar(mapper.name, problem.objective ?? "latency", options.budget ?? {}, terminal);
  try {
    return await findMapping(mapper, problem, {
      seed: options.seed ?? defaultSeed,
      signal: interrupt.signal,
      onProgress: bar.update,
      ...(options.budget === undefined ? {} : { budget: options.budget }),
    });
  } finally {
    bar.stop();
    interrupt.release();
  }
}

/** Bars for shorter waits only flicker. */
const quietMilliseconds = 1_000;

/** What shows how far a search is. */
export interface Bar {
  readonly update: (state: SearchState) => void;
  readonly stop: () => void;
}

/** A bar of one search, or nothing where nobody is watching. */
export function progressBar(name: string, objective: Objective, budget: Budget, terminal: Terminal): Bar {
  const stream = terminal.progressStream;
  if (stream === undefined) return { update: () => {}, stop: () => {} };
  const start = performance.now();
  let bar: SingleBar | undefined;
  const update = (state: SearchState): void => {
    const milliseconds = performance.now() - start;
    if (bar === undefined && milliseconds < quietMilliseconds) return;
    const share = shareDone(state, milliseconds / 1_000, budget);
    const payload = {
      done: formatCount(state.evaluations),
      best: state.bestCost === undefined ? "none" : formatCost(state.bestCost, objective),
    };
    if (bar === undefined) {
      const format = `${name} {bar} {percentage}% | {done} evaluations | best {best}`;
      bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, fps: 5 });
      bar.start(1, share, payload);
    } else bar.update(share, payload);
  };
  return { update, stop: () => bar?.stop() };
}

/** The search ends when the mapper is done or the first limit is reached, whichever is nearest. */
function shareDone(state: SearchState, seconds: number, budget: Budget): number {
  const ofTime = seconds / (budget.seconds ?? Number.POSITIVE_INFINITY);
  const ofCount = state.evaluations / (budget.evaluations ?? Number.POSITIVE_INFINITY);
  return Math.min(1, Math.max(state.progress ?? 0, ofTime, ofCount));
}
