/** The command line. bin/laminate.js calls main; everything that a verb needs is passed in from here. */
import { CommanderError } from "commander";
import { fileError } from "../host/read-file.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { reportFailure } from "./failure.ts";
import { createProgram } from "./program.ts";
import { processTerminal, type Terminal, watchStreams } from "./terminal.ts";

/** Runs the arguments (without node and script) and sets the exit code; the process ends when its streams are empty. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  watchStreams((error) => reportFailure(fileError("standard output", error), terminal, false));
  process.exitCode = await runCommandLine(args, terminal);
}

async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = createProgram({ terminal, args, exitWith: (code) => (exitCode = code) });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    // commander has printed the help already: no verb was given.
    if (error instanceof CommanderError && error.code === "commander.help") return exitCodes.usage;
    return reportFailure(error, terminal, args.includes("--json"));
  }
}
