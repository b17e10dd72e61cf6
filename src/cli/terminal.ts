/** The two streams that a verb writes to: answers go to stdout, everything else to stderr. */
import pc from "picocolors";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

type Colors = ReturnType<typeof pc.createColors>;

export interface Terminal {
  /** The answer: stdout. A line break is added. */
  readonly print: (text: string) => void;
  /** Everything else: stderr. A line break is added. */
  readonly note: (text: string) => void;
  /** Colours of stdout; plain when it is no terminal, or NO_COLOR is set. */
  readonly color: Colors;
  /** Colours of stderr. */
  readonly noteColor: Colors;
  /** Columns of stdout. */
  /** Where a progress bar may be drawn; undefined when nobody is watching. */
  readonly progressStream: NodeJS.WriteStream | undefined;
}

/** The streams of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  return {
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    color: pc.createColors(wantsColor(stdout)),
    noteColor: pc.createColors(wantsColor(stderr)),
    progressStream: stderr.isTTY && process.env.CI === undefined ? stderr : undefined,
  };
}

/** https://no-color.org: any value that is not empty switches colours off; FORCE_COLOR switches them on. */
function wantsColor(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return true;
  return stream.isTTY === true && TERM !== "dumb";
}

/**
 * A reader that stops early (`| head`) is no error: end quietly. Any other failure of stdout (a full disk behind `>`) goes
 * to `report`, which says it on stderr and chooses the exit code; of one of stderr nobody can be told.
 */
export function watchStreams(report: (error: Error) => ExitCode): void {
  const { stdout, stderr } = process;
  const end = (error: NodeJS.ErrnoException, exitCode: () => ExitCode): void => {
    process.exit(error.code === "EPIPE" ? (process.exitCode ?? exitCodes.ok) : exitCode());
  };
  stdout.on("error", (error) => end(error, () => report(error)));
  stderr.on("error", (error) => end(error, () => exitCodes.internal));
}
