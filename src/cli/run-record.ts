/** What a run leaves behind so that it can be made again: its command, seed and versions. */
import { packageVersion } from "../host/package-root.ts";
import { writeFileAtomically } from "../host/write-file.ts";
import type { RunRecord } from "../report/html-report.ts";
import type { Cli } from "./cli.ts";

/** The record that reports show. */
export function runRecord(cli: Cli): RunRecord {
  return {
    command: ["laminate", ...cli.args.map(quoted)].join(" "),
    versions: { laminate: packageVersion(), node: process.versions.node },
  };
}

/** run.json of a run folder. */
export function runDocument(cli: Cli, seed: number): object {
  const { command, versions } = runRecord(cli);
  return { schema: "laminate.run-record/1", command, arguments: cli.args, seed, versions };
}

/** Writes a file whole and says so on stderr. */
export function writeOutput(cli: Cli, path: string, content: string | Uint8Array): void {
  const isText = typeof content === "string";
  writeFileAtomically(path, isText && !content.endsWith("\n") ? `${content}\n` : content);
  cli.terminal.note(`wrote ${path}`);
}

/** As a POSIX shell reads it back. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
