/** The threads of a loaded network besides the first: each waits inside the module's `work` until a run begins. */
import type { HostThread, StartThread } from "../../base/host.ts";
import { barrierWords, runtimeBytes, wakeUpWords } from "../codegen/barrier-words.ts";

/** Where a thread that failed leaves the engine's words, for the first thread's error: after the barrier's words. */
const reasonOffset = barrierWords.ended + 4;

/**
 * What a thread runs. It says that it is ready before it goes to sleep in `work`, as nothing reaches it there. If a
 * kernel fails, it marks the run as ended and wakes the others, which would wait for it for ever.
 */
const script = `async ({ module, memory, thread, threads }, reply) => {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  reply("ready");
  try {
    exports.work(thread, threads);
  } catch (error) {
    const words = new Int32Array(memory.buffer);
    if (Atomics.load(words, ${barrierWords.ended / 4}) !== 0) return;
    const reason = String(error.message).slice(0, ${runtimeBytes - reasonOffset});
    for (let at = 0; at < reason.length; at++)
      new Uint8Array(memory.buffer)[${reasonOffset} + at] = reason.charCodeAt(at);
    Atomics.store(words, ${barrierWords.ended / 4}, 1);
    for (const word of [${wakeUpWords.map((offset) => offset / 4).join()}]) Atomics.notify(words, word);
  }
}`;

/** Starts the threads but the first; fulfilled when all are ready. */
export async function startThreads(
  startThread: StartThread,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
): Promise<readonly HostThread[]> {
  const started: HostThread[] = [];
  try {
    for (let thread = 1; thread < threads; thread++) {
      const begun = startThread(script, { module, memory, thread, threads });
      // Heard below, unless a later thread cannot even be made.
      begun.started.catch(() => {});
      started.push(begun);
    }
    await Promise.all(started.map((thread) => thread.started));
    return started;
  } catch (error) {
    for (const thread of started) thread.stop();
    throw error;
  }
}

/** Lets all threads come out of their kernels and sleep: nothing runs in this memory afterwards. */
export function endThreads(memory: WebAssembly.Memory): void {
  const words = new Int32Array(memory.buffer);
  Atomics.store(words, barrierWords.ended / 4, 1);
  for (const offset of wakeUpWords) Atomics.notify(words, offset / 4);
}

/** Why another thread failed; "" if none did. */
export function failureReason(memory: WebAssembly.Memory): string {
  const bytes = new Uint8Array(memory.buffer).slice(reasonOffset, runtimeBytes);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}
