/** Ctrl-C while something long runs: the first one asks it to end with what it has, a second one ends the process. */
import type { Terminal } from "./terminal.ts";

export interface Interrupt {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** `kept` says what an interrupted run keeps. */
export function listenForInterrupt({ note }: Terminal, kept: string): Interrupt {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    note(`interrupted: keeping ${kept}`);
  };
  process.on("SIGINT", listener);
  return { signal: controller.signal, release: () => void process.off("SIGINT", listener) };
}
