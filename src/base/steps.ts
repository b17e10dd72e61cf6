/** Work in steps, as generators that yield between pieces of it. */

/** Takes all steps at once; what they come to. */
export function finish<T>(steps: Generator<unknown, T, unknown>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The same steps without what they tell on the way. */
export function* quietly<T>(steps: Generator<unknown, T, unknown>): Generator<void, T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    yield;
  }
}
