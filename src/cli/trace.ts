/** `laminate trace`: the pull schedule of a result, for Perfetto or chrome://tracing. */
import type { Command } from "commander";
import { LaminateError } from "../base/errors.ts";
import { chromeTrace } from "../report/chrome-trace.ts";
import { type Cli, examples } from "./cli.ts";
import { answerFromResult } from "./from-result.ts";
import { addModelOptions, type ModelOptions } from "./options.ts";
import { writeOutput } from "./run-record.ts";

interface TraceOptions extends ModelOptions {
  readonly out?: string;
}

export function addTrace(program: Command, cli: Cli): void {
  const command = program
    .command("trace <result> [model]")
    .description(
      "write the schedule of a map result as a Chrome trace; MODEL when the one it names has moved",
    );
  addModelOptions(command)
    .option("-o, --out <file>", "where to write (default: the standard output)")
    .option("--json", "the trace is JSON already: accepted, and changes nothing but errors")
    .addHelpText(
      "after",
      examples("trace result.json -o trace.json", "map resnet18 --json | laminate trace - > trace.json"),
    )
    .action((result: string, model: string | undefined, options: TraceOptions) => {
      trace(cli, result, model, options);
    });
}

function trace(cli: Cli, result: string, model: string | undefined, options: TraceOptions): void {
  const { problem, found } = answerFromResult(result, model, options);
  if (!found.evaluation.feasible) throw noSchedule(result);
  const text = JSON.stringify(chromeTrace(problem, found.evaluation));
  if (options.out === undefined) cli.terminal.print(text);
  else writeOutput(cli, options.out, text);
}

const noSchedule = (where: string): LaminateError =>
  new LaminateError({
    code: "infeasible",
    message: "a mapping that does not fit has no schedule",
    where,
    fix: "map again with more --memory",
  });
