/** The command line. bin/laminate.js calls main; everything that a verb needs is passed in from here. */
import { CommanderError } from "commander";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { reportFailure } from "./failure.ts";
import { createProgram } from "./program.ts";
import { endQuietlyOnClosedPipe, processTerminal, type Terminal } from "./terminal.ts";

/** Runs the arguments (without node and script) and sets the exit code; the process ends when its streams are empty. */
export async function main(args: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe();
  process.exitCode = await runCommandLine(args, processTerminal());
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
