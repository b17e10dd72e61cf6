/** Long work in steps under the user's eyes. */

/** How long it may hold the thread before Ctrl-C gets its turn. */
const turnSeconds = 0.05;

/** What the work comes to; undefined when Ctrl-C came first. */
export async function watched<T>(
  work: Generator<void, T> | AsyncGenerator<void, T>,
  signal: AbortSignal,
): Promise<{ readonly value: T } | undefined> {
  let turnEnd = 0;
  for (;;) {
    if (performance.now() >= turnEnd) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      if (signal.aborted) return undefined;
      turnEnd = performance.now() + 1_000 * turnSeconds;
    }
    const step = await work.next();
    if (step.done) return { value: step.value };
  }
}
