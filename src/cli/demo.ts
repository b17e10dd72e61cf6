/** `laminate demo`: the shipped ResNet18 by three mappers, one table, and a folder to look at. */
import { join } from "node:path";
import type { Command } from "commander";
import { known } from "../base/assert.ts";
import { formatBytes, formatSeconds, formatSpeedup } from "../base/format.ts";
import { comparisonTable } from "../report/tables.ts";
import { type Answer, writeRunFolder } from "./answer.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { findAnswer } from "./map.ts";
import { addJsonOption, type JsonOption, type ProblemOptions } from "./options.ts";
import { defaultMapper, findMapper } from "./search.ts";
import { settle } from "./settings.ts";

/** DNNFuser's case: ResNet18 at batch 64 with 20 MB (Table 2, Fig. 3), under the full model. */
const demoModel = "resnet18";
const demoProblem: ProblemOptions = { batch: 64, memory: 20e6 };
/** No fusion, the paper's search, the optimum. */
const demoMappers = ["layer-by-layer", "g-teacher", "exact"];

interface DemoOptions extends JsonOption {
  readonly out: string;
}

export function addDemo(program: Command, cli: Cli): void {
  addJsonOption(
    program.command("demo").description("map the shipped ResNet18 by three mappers and write a report"),
  )
    .option("-o, --out <folder>", "where to write", join("out", "demo"))
    .addHelpText("after", examples("demo"))
    .action((options: DemoOptions) => demo(cli, options));
}

async function demo(cli: Cli, options: DemoOptions): Promise<void> {
  const settings = settle(demoModel, demoProblem);
  const answers: Answer[] = [];
  for (const name of demoMappers) answers.push(await findAnswer(cli, findMapper(name), settings, {}));
  const documents = answers.map(({ document }) => document);
  const shown = known(
    answers.find(({ document }) => document.mapper === defaultMapper) ?? answers[0],
    "an answer of the demo",
  );
  const literal = await literalLine(cli);
  if (options.json) printDocument(cli, { schema: "laminate.demo/1", results: documents });
  else {
    const { batch, accelerator, memoryBytes } = shown.document;
    cli.terminal.print(`${demoModel}, batch ${batch}, ${accelerator}, ${formatBytes(memoryBytes)} on chip\n`);
    cli.terminal.print(comparisonTable(documents));
    cli.terminal.print(`\n${literal}`);
  }
  writeRunFolder(cli, options.out, shown, documents);
}

/** What the machine gives as the paper prints it: nothing, and why. */
async function literalLine(cli: Cli): Promise<string> {
  const settings = settle(demoModel, { ...demoProblem, accelerator: "dnnfuser-2022" });
  const { document } = await findAnswer(cli, findMapper(defaultMapper), settings, {});
  const speedup = document.speedup === null ? "no answer" : formatSpeedup(document.speedup);
  const latency = document.latencySeconds === null ? "-" : formatSeconds(document.latencySeconds);
  const bounds = new Set(document.groups.map(({ bound }) => bound));
  const why = bounds.size === 1 && bounds.has("compute") ? ": every group is bound by compute" : "";
  return `On the literal preset dnnfuser-2022 the best is ${speedup} (${latency})${why}.`;
}
