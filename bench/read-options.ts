/** A benchmark's options, and what a benchmark prints when it cannot go on: the error and the way out, as the command line does. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { LaminateError, usageError } from "../src/base/errors.ts";
import { reportFailure } from "../src/cli/failure.ts";
import { processTerminal } from "../src/cli/terminal.ts";

/** Reads them from the command line. From here on errors for people end the benchmark with their text and exit code. */
export function readOptions<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  process.on("uncaughtException", endWith);
  try {
    return parseArgs(config);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!code.startsWith("ERR_PARSE_ARGS")) throw error;
    const names = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    const [said = ""] = error instanceof Error ? error.message.split(". ") : [];
    throw usageError(`${said.charAt(0).toLowerCase()}${said.slice(1)}`, {
      where: "options",
      fix: `give some of ${names.join(", ")}`,
    });
  }
}

function endWith(error: unknown): void {
  if (!(error instanceof LaminateError)) {
    console.error(error);
    process.exit(1);
  }
  process.exit(reportFailure(error, processTerminal(), false));
}
