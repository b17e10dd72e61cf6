/** The bytes at the start of the memory, which the threads of a program and whoever runs it share. */

/** Bytes at the start of the memory that belong to the barrier. */
export const runtimeBytes = 64;

/** Where the words of the barrier are, in bytes. The host writes `ended`, and must then notify at `wakeUp`. */
export const barrierWords = {
  /** Threads that have come to the current barrier. */
  arrived: 0,
  /** Barriers passed so far. */
  generation: 4,
  /** Threads that sleep at the barrier: without any, nobody pays for waking. */
  sleepers: 8,
  /** Runs begun so far. */
  begun: 12,
  /** Threads that sleep until the next run. */
  idle: 16,
  /** Not 0 once the program is over: disposed of, or a thread failed. Who works then traps, who is idle returns. */
  ended: 20,
} as const;

/** The words that threads sleep on. */
export const wakeUpWords = [barrierWords.generation, barrierWords.begun] as const;
