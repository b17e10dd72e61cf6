/**
 * A program as one WebAssembly module: its kernels, and `run`, which calls them in order. All threads run all steps (SPMD):
 * each takes its share of a step's units, and waits at a barrier before a step that needs what others do. Linear in the code.
 */
import { assert } from "../../base/assert.ts";
import { badInput } from "../../base/errors.ts";
import { sum } from "../../base/integers.ts";
import { type Barrier, barrierFunctions } from "./barrier.ts";
import type { Program, Step } from "./program.ts";
import { type Stage, stagesOf } from "./stages.ts";
import { type Callee, type Code, call, get, i32, type Local, op, set } from "./wasm/code.ts";
import { encodeModule } from "./wasm/encode.ts";
import { FunctionBuilder, type WasmFunction } from "./wasm/function-builder.ts";

export interface EncodeOptions {
  /** Shared memory and barriers; without it the module runs on one thread and has no atomic instruction. */
  readonly threads: boolean;
  /** Steps of less work run on thread 0 alone, as waiting for the others would cost more. */
  readonly leastSharedWork?: number;
}

/** Bytes of one page of memory. */
export const pageBytes = 65_536;
/** What 32-bit addresses reach. */
export const mostMemoryBytes = 4 * 1024 ** 3;

/**
 * Some ten microseconds of work. That is what sharing a step costs where processors are virtual ones: the barrier, and fetching
 * from another processor's cache what its half of the step before has made.
 */
const defaultLeastSharedWork = 262_144;
/** V8 optimises functions of a few thousand instructions well, and very long ones badly. */
const stepsPerFunction = 64;

/**
 * The module. It imports env.memory and exports `run(thread, threads, mayWait)`, and with threads `work(thread, threads)`,
 * in which the threads but the first stay: see barrier.ts. Programs with a preparation export `prepare()` too.
 *
 * @throws LaminateError bad-input when the memory is beyond 4 GiB
 */
export function encodeProgram(program: Program, options: EncodeOptions): Uint8Array {
  const memory = { pages: memoryPages(program), shared: options.threads };
  const names = new Set(program.functions.map(({ name }) => name));
  const { preparation, steps } = program;
  const missing = [...preparation, ...steps].find(({ kernel }) => !names.has(kernel));
  assert(missing === undefined, `the program has no kernel ${missing?.kernel ?? ""}`);
  const kernels = program.functions.map((kernel) => ({ ...kernel, exported: false }));
  const prepare = preparation.length === 0 ? [] : [prepareFunction(preparation)];
  const around = [warmFunction(program), ...prepare, ...drivers(program, options)];
  return encodeModule({ memory, functions: [...kernels, ...around] });
}

/** Pages of the program's memory. Throws bad-input beyond 4 GiB. */
export function memoryPages({ name, memoryBytes }: Program): number {
  if (memoryBytes > mostMemoryBytes) {
    throw badInput(
      `the network needs ${memoryBytes} bytes of memory, and WebAssembly has ${mostMemoryBytes} at most`,
      { where: name, fix: "compile it for smaller shapes or a smaller batch" },
    );
  }
  return Math.max(1, Math.ceil(memoryBytes / pageBytes));
}

/** The functions around the kernels; their names begin with "laminate.", which no kernel's does. */
function drivers({ steps, places }: Program, options: EncodeOptions): readonly WasmFunction[] {
  const { threads, leastSharedWork = defaultLeastSharedWork } = options;
  const run = new FunctionBuilder("run");
  const thread = run.parameter("i32", "thread");
  const all = run.parameter("i32", "threads");
  const mayWait = run.parameter("i32", "may_wait");
  const inside = [get(thread), get(all), get(mayWait)];
  const stages = stagesOf(steps, places, leastSharedWork);
  if (!threads || !isWorthSharing(stages, leastSharedWork)) {
    const parts = chunks(steps, stepsPerFunction).map((part, index) =>
      buildPart(index, (builder) => {
        for (const step of part) builder.emit(callAlone(step));
      }),
    );
    for (const part of parts) run.emit(call(part, ...inside));
    // The others sleep: waking them costs as much as many a small network.
    const idle = threads ? barrierFunctions({ name: "run", result: undefined }).functions : [];
    return [...idle, ...parts, run.build(true)];
  }
  const barrier = barrierFunctions({ name: "run", result: undefined });
  const share = shareFunction();
  const parts = chunks(stages, stepsPerFunction).map((part, index) =>
    buildPart(index, (builder, locals) => {
      for (const stage of part) emitStage(builder, stage, { ...locals, barrier, share });
    }),
  );
  run.emit({ kind: "if", condition: op("i32.eqz", get(thread)), yes: [call(barrier.start)], no: [] });
  for (const part of parts) run.emit(call(part, ...inside));
  // Thread 0 returns when all have done their share.
  run.emit(call(barrier.wait, get(all), get(mayWait)));
  return [share, ...barrier.functions, ...parts, run.build(true)];
}

/**
 * Calls every kernel for no units, over and over: an engine that counts calls then makes fast code of them, on a thread of its
 * own and while the weights are still being packed, and not in the middle of the first run.
 */
function warmFunction({ functions, preparation, steps }: Program): WasmFunction {
  const builder = new FunctionBuilder("warm");
  const rounds = builder.parameter("i32", "rounds");
  const round = builder.let("i32", "round", i32(0));
  const called = new Set([...preparation, ...steps].map(({ kernel }) => kernel));
  builder.forSteps(round, get(rounds), 1, () => {
    for (const { name, parameters } of functions) {
      if (called.has(name)) builder.emit(call({ name, result: undefined }, ...parameters.map(() => i32(0))));
    }
  });
  return builder.build(true);
}

/** Whether a second thread saves more than the waiting costs: at every barrier, and when it is woken and thread 0 ends. */
function isWorthSharing(stages: readonly Stage[], barrierWork: number): boolean {
  const saved = sum(stages.map(({ step, isShared }) => (isShared ? step.work / 2 : 0)));
  return saved > barrierWork * (2 + stages.filter(({ waits }) => waits).length);
}

/** Units by ones: engines replace quick code by fast code from one call of a function to the next. */
function prepareFunction(steps: readonly Step[]): WasmFunction {
  const builder = new FunctionBuilder("prepare");
  const unit = builder.local("i32", "unit");
  for (const step of steps) {
    builder.emit(set(unit, i32(0)));
    builder.forSteps(unit, i32(step.units), 1, () =>
      builder.emit(callKernel(step, get(unit), op("i32.add", get(unit), i32(1)))),
    );
  }
  return builder.build(true);
}

interface ThreadLocals {
  readonly thread: Local;
  readonly threads: Local;
  readonly mayWait: Local;
}

interface StageTools extends ThreadLocals {
  readonly barrier: Barrier;
  readonly share: Callee;
}

function emitStage(builder: FunctionBuilder, { step, isShared, waits }: Stage, tools: StageTools): void {
  const { thread, threads, mayWait, barrier, share } = tools;
  if (waits) builder.emit(call(barrier.wait, get(threads), get(mayWait)));
  if (isShared) {
    const bound = (index: Code): Code => call(share, i32(step.units), index, get(threads));
    builder.emit(callKernel(step, bound(get(thread)), bound(op("i32.add", get(thread), i32(1)))));
  } else builder.when(op("i32.eqz", get(thread)), () => builder.emit(callAlone(step)));
}

function callAlone(step: Step): Code {
  return callKernel(step, i32(0), i32(step.units));
}

function callKernel({ kernel, addresses, firstUnit = 0 }: Step, from: Code, to: Code): Code {
  const moved = (unit: Code): Code => (firstUnit === 0 ? unit : op("i32.add", unit, i32(firstUnit)));
  return call({ name: kernel, result: undefined }, ...addresses.map(i32), moved(from), moved(to));
}

function buildPart(
  index: number,
  fill: (builder: FunctionBuilder, locals: ThreadLocals) => void,
): WasmFunction {
  const builder = new FunctionBuilder(`laminate.steps_${index}`);
  const thread = builder.parameter("i32", "thread");
  const threads = builder.parameter("i32", "threads");
  const mayWait = builder.parameter("i32", "may_wait");
  fill(builder, { thread, threads, mayWait });
  return builder.build();
}

/** units * index / threads, in 64 bits so that the product fits: shares differ by one unit at most. */
function shareFunction(): WasmFunction {
  const builder = new FunctionBuilder("laminate.share", "i32");
  const units = builder.parameter("i32", "units");
  const index = builder.parameter("i32", "index");
  const threads = builder.parameter("i32", "threads");
  const wide = (local: Local): Code => op("i64.extend_i32_u", get(local));
  builder.emit(op("i32.wrap_i64", op("i64.div_u", op("i64.mul", wide(units), wide(index)), wide(threads))));
  return builder.build();
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
