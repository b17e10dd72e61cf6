/** What the process answers; scripts rely on these numbers. */
import type { ErrorCode } from "../base/errors.ts";

export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  "bad-input": 3,
  infeasible: 4,
  "gate-failed": 5,
  "not-proven": 6,
  interrupted: 130,
} as const satisfies Record<ErrorCode | "ok", number>;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The lines at the end of `laminate --help`. */
export const exitCodesHelp = `Exit codes:
  0 ok   1 internal error   2 wrong usage   3 bad input   4 infeasible
  5 a gate failed   6 not proven optimal (with --require-proof)   130 interrupted`;
