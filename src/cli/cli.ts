/** What every verb is given. */
import type { Command } from "commander";
import type { ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export interface Cli {
  readonly terminal: Terminal;
  /** The arguments as given, for records of the run. */
  readonly args: readonly string[];
  /** Sets the exit code of a run that ends without an error. */
  readonly exitWith: (code: ExitCode) => void;
}

/** A verb adds itself to the program. */
export type Verb = (program: Command, cli: Cli) => void;

/** Examples at the end of a verb's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ laminate ${line}`).join("\n")}`;
}

/** A document as it is printed: two spaces, so that people can read it too. */
export function printDocument(cli: Cli, document: object): void {
  cli.terminal.print(JSON.stringify(document, null, 2));
}
