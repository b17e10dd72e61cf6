/**
 * Bad input is an error that says what, where and what to do about it. An infeasible problem is not an error
 * but an answer (see mapping/cost); a broken promise of our own is an assertion (see assert.ts).
 */

/** What kind of no it is; the command line turns it into its exit code. */
export type ErrorCode =
  | "usage"
  | "bad-input"
  | "infeasible"
  | "gate-failed"
  | "not-proven"
  | "interrupted"
  | "internal";

/** The parts of an error, as printed by `--json`. */
export interface ErrorParts {
  readonly code: ErrorCode;
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string;
  /** The place: a file with line and column, a node, a tensor, an option. */
  readonly where?: string;
  /** What the user can do. */
  readonly fix?: string;
}

/** An error that a user can act on. Everything thrown on purpose is one of these. */
export class LaminateError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(parts: ErrorParts, options?: ErrorOptions) {
    super(parts.message, options);
    this.name = "LaminateError";
    this.code = parts.code;
    this.where = parts.where;
    this.fix = parts.fix;
  }

  toJSON(): ErrorParts {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.fix === undefined ? {} : { fix: this.fix }),
    };
  }
}

/** Bad input: names the place and the way out. */
export function badInput(message: string, place: { where?: string; fix?: string } = {}): LaminateError {
  return new LaminateError({ code: "bad-input", message, ...place });
}

/** A wrong option or argument. */
export function usageError(message: string, place: { where?: string; fix?: string } = {}): LaminateError {
  return new LaminateError({ code: "usage", message, ...place });
}
