/** `laminate evaluate`: what a given mapping costs, without a search. */
import type { Command } from "commander";
import { answerExitCode, deliver, type OutputOptions } from "./answer.ts";
import { type Cli, examples } from "./cli.ts";
import { givenAnswer } from "./given-answer.ts";
import { addJsonOption, addProblemOptions, type ProblemOptions } from "./options.ts";
import { readMapping } from "./read-mapping.ts";
import { noteUnsupported, settle } from "./settings.ts";

interface EvaluateOptions extends ProblemOptions, OutputOptions {
  readonly mapping: string;
}

export function addEvaluate(program: Command, cli: Cli): void {
  const command = program
    .command("evaluate <model>")
    .description("say what a given mapping costs, or why it does not fit")
    .requiredOption(
      "--mapping <file|json>",
      "a map result, rows of pass, output and where wanted cores and lane, or a vector [mB_0, .. mB_N] (-1 writes off chip); - reads the standard input",
    );
  addJsonOption(addProblemOptions(command))
    .option("-o, --out <folder>", "write result.json, report.html, trace.json and run.json there")
    .option("--report <file>", "write the HTML report")
    .option("--trace <file>", "write the schedule as a Chrome trace")
    .addHelpText(
      "after",
      examples(
        "evaluate resnet18 --mapping result.json",
        "evaluate net.onnx --mapping '[-1,4,4,-1]' -b 64 --json",
      ),
    )
    .action((model: string, options: EvaluateOptions) => evaluateGiven(cli, model, options));
}

function evaluateGiven(cli: Cli, modelName: string, options: EvaluateOptions): void {
  const given = readMapping(options.mapping);
  const settings = settle(modelName, options, given.kind === "result" ? given.document : undefined);
  noteUnsupported(cli, settings);
  const answer = givenAnswer(settings, given);
  deliver(cli, answer, options);
  cli.exitWith(answerExitCode(cli, answer));
}
