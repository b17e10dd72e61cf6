/** From whatever was thrown to the error that is printed and the exit code. */
import { CommanderError } from "commander";
import { type ErrorParts, LaminateError } from "../base/errors.ts";
import { errorDocument } from "../report/error-document.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** Prints the error (text on stderr, a document on stdout with --json) and says how to exit. */
export function reportFailure(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  const parts = errorParts(error);
  if (json) terminal.print(JSON.stringify(errorDocument(parts), null, 2));
  else terminal.note(errorText(parts, terminal));
  if (process.env.LAMINATE_DEBUG === "1" && error instanceof Error) terminal.note(error.stack ?? "");
  return exitCodes[parts.code];
}

/** `error: WHERE: MESSAGE`, and below it what to do. */
export function errorText({ code, message, where, fix }: ErrorParts, { noteColor }: Terminal): string {
  const label = code === "internal" ? "internal" : "error";
  const place = where === undefined ? "" : `${where}: `;
  const head = `${noteColor.red(`${label}:`)} ${place}${message}`;
  return fix === undefined ? head : `${head}\n  ${noteColor.cyan("fix:")} ${fix}`;
}

/** Whatever was thrown, as an error for people. */
export function errorParts(error: unknown): ErrorParts {
  if (error instanceof LaminateError) return error.toJSON();
  if (error instanceof CommanderError) return usageParts(error);
  return {
    code: "internal",
    message: internalMessage(error),
    fix: "this is a bug in laminate: please report it with the command and the input; LAMINATE_DEBUG=1 adds the stack",
  };
}

function internalMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine = ""] = message.split("\n");
  return firstLine.replace(/^internal: /, "");
}

/** commander's texts are "error: what" and, on a second line, "(Did you mean ...?)". */
function usageParts(error: CommanderError): ErrorParts {
  const [what = "", suggestion] = error.message.split("\n");
  const meant = suggestion?.replace(/^\(Did/, "did").replace(/\)$/, "");
  return {
    code: "usage",
    message: what.replace(/^error: /, "").replace(/\.$/, ""),
    fix: meant ?? "see laminate --help, or laminate VERB --help",
  };
}
