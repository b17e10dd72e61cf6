/** `laminate report`: a map result as one HTML page. */
import type { Command } from "commander";
import { reportText } from "./answer.ts";
import { type Cli, examples } from "./cli.ts";
import { answerFromResult } from "./from-result.ts";
import { addModelOptions, type ModelOptions } from "./options.ts";
import { writeOutput } from "./run-record.ts";

interface ReportOptions extends ModelOptions {
  readonly out?: string;
}

export function addReport(program: Command, cli: Cli): void {
  const command = program
    .command("report <result> [model]")
    .description(
      "show a map result as an HTML page that stands alone; MODEL when the one it names has moved",
    );
  addModelOptions(command)
    .option("-o, --out <file>", "where to write (default: the standard output)")
    .option("--json", "errors as JSON; the page itself holds the result as JSON")
    .addHelpText("after", examples("report result.json -o report.html"))
    .action((result: string, model: string | undefined, options: ReportOptions) => {
      const text = reportText(cli, answerFromResult(result, model, options));
      if (options.out === undefined) cli.terminal.print(text);
      else writeOutput(cli, options.out, text);
    });
}
