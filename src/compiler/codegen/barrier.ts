/**
 * How threads of a program wait for each other: a sense-reversing barrier (Mellor-Crummey and Scott 1991, section 3)
 * whose sense is a counter of generations. All its state lies in the first bytes of the memory. Threads spin a while,
 * then sleep; a thread that may not sleep, as a page's main thread, goes on spinning.
 */
import { barrierWords } from "./barrier-words.ts";
import { type Callee, type Code, call, get, i32, i64, label, load, op, set, store } from "./wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "./wasm/function-builder.ts";

/** Turns of a spinning loop before a thread sleeps: some tens of microseconds, what waking it would cost. */
const spins = 20_000;

export interface Barrier {
  readonly functions: readonly WasmFunction[];
  /** (threads, mayWait): returns when all threads have called it. */
  readonly wait: Callee;
  /** (): thread 0 lets the others begin a run. */
  readonly start: Callee;
}

/** The functions; `work`, which is exported, calls `run(thread, threads, 1)` each time thread 0 begins a run. */
export function barrierFunctions(run: Callee): Barrier {
  const wait = waitFunction();
  const start = startFunction();
  return { functions: [wait, start, workFunction(run)], wait, start };
}

type Word = keyof typeof barrierWords;

const read = (word: Word): Code => load("i32.atomic.load", i32(0), barrierWords[word]);
const write = (word: Word, value: Code): Code => store("i32.atomic.store", i32(0), value, barrierWords[word]);
/** Adds, and gives what was there before. */
const add = (word: Word, value: number): Code =>
  store("i32.atomic.rmw.add", i32(0), i32(value), barrierWords[word]);
const addOnly = (word: Word, value: number): Code => op("drop", add(word, value));
/**
 * A sleeper counts itself before it looks at the word a last time, and the waker changes the word before it looks at
 * the count, so one of them sees the other.
 */
const wakeAll = (sleepers: Word, word: Word): Code => ({
  kind: "if",
  condition: read(sleepers),
  yes: [op("drop", store("memory.atomic.notify", i32(0), i32(-1), barrierWords[word]))],
  no: [],
});

function waitFunction(): WasmFunction {
  const builder = new FunctionBuilder("laminate.barrier");
  const threads = builder.parameter("i32", "threads");
  const mayWait = builder.parameter("i32", "may_wait");
  builder.when(op("i32.eq", get(threads), i32(1)), () => builder.emit(op("return")));
  const generation = builder.let("i32", "generation", read("generation"));
  const last = op("i32.eq", add("arrived", 1), op("i32.sub", get(threads), i32(1)));
  builder.when(last, () => {
    builder.emit(
      write("arrived", i32(0)),
      write("generation", op("i32.add", get(generation), i32(1))),
      wakeAll("sleepers", "generation"),
      op("return"),
    );
  });
  const stays = (): Code => op("i32.eq", read("generation"), get(generation));
  spin(builder, stays);
  const again = label("asleep");
  builder.emit({
    kind: "loop",
    label: again,
    body: builder.collect(() => {
      builder.when(stays(), () => {
        builder.when(read("ended"), () => builder.emit(op("unreachable")));
        builder.when(get(mayWait), () => builder.emit(...sleep("sleepers", "generation", get(generation))));
        builder.emit({ kind: "branch", label: again, condition: undefined });
      });
    }),
  });
  return builder.build();
}

function startFunction(): WasmFunction {
  const builder = new FunctionBuilder("laminate.start");
  builder.emit(addOnly("begun", 1), wakeAll("idle", "begun"));
  return builder.build();
}

/** Threads but the first stay in here until the program is over. */
function workFunction(run: Callee): WasmFunction {
  const builder = new FunctionBuilder("work");
  const thread = builder.parameter("i32", "thread");
  const threads = builder.parameter("i32", "threads");
  // Zero and not the current count: a run may have begun before this thread came.
  const seen = builder.let("i32", "seen", i32(0));
  const stays = (): Code => op("i32.eq", read("begun"), get(seen));
  const next = label("next_run");
  const again = label("asleep");
  builder.emit({
    kind: "loop",
    label: next,
    body: builder.collect(() => {
      spin(builder, stays);
      builder.emit({
        kind: "loop",
        label: again,
        body: builder.collect(() => {
          builder.when(read("ended"), () => builder.emit(op("return")));
          builder.when(stays(), () => {
            builder.emit(...sleep("idle", "begun", get(seen)));
            builder.emit({ kind: "branch", label: again, condition: undefined });
          });
        }),
      });
      // No two runs are begun while this thread is between them: it takes part in every barrier.
      builder.emit(set(seen, op("i32.add", get(seen), i32(1))));
      builder.emit(call(run, get(thread), get(threads), i32(1)));
      builder.emit({ kind: "branch", label: next, condition: undefined });
    }),
  });
  return builder.build(true);
}

/** Looks at the condition for a while. */
function spin(builder: FunctionBuilder, stays: () => Code): void {
  const left = builder.let("i32", "left", i32(spins));
  const again = label("spin");
  const turn = op("i32.and", stays(), op("i32.ne", get(left), i32(0)));
  builder.emit({
    kind: "loop",
    label: again,
    body: [set(left, op("i32.sub", get(left), i32(1))), { kind: "branch", label: again, condition: turn }],
  });
}

/** Sleeps unless the word has changed already; without end, as whoever changes it wakes all. */
function sleep(sleepers: Word, word: Word, expected: Code): readonly Code[] {
  const wait: Code = {
    kind: "op",
    name: "memory.atomic.wait32",
    operands: [i32(0), expected, i64(-1n)],
    offset: barrierWords[word],
  };
  return [addOnly(sleepers, 1), op("drop", wait), addOnly(sleepers, -1)];
}
