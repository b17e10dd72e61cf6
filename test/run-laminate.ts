/** Runs the built command line as a user's shell does. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "./build-dist.ts";

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Called with the process once it runs. */
  readonly started?: (child: ChildProcess) => void;
}

/** Exit code and both streams of `laminate ARGS`. */
export function laminate(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { FORCE_COLOR: _, LAMINATE_DEBUG: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(repositoryRoot, "bin", "laminate.js"), ...args], {
    cwd: options.cwd ?? repositoryRoot,
    env: { ...inherited, ...options.env },
  });
  const chunks: { stdout: string[]; stderr: string[] } = { stdout: [], stderr: [] };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => chunks.stdout.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => chunks.stderr.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  options.started?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => {
      resolve({ exitCode, stdout: chunks.stdout.join(""), stderr: chunks.stderr.join("") });
    });
  });
}
