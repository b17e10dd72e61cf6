/** `laminate inspect`: what is in a network, as layers. */
import type { Command } from "commander";
import { formatBytes, formatCount } from "../base/format.ts";
import { type InspectDocument, inspectDocument } from "../report/inspect-document.ts";
import { inspectTable } from "../report/tables.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { loadModel } from "./load-model.ts";
import {
  addBatchOption,
  addJsonOption,
  addModelOptions,
  type JsonOption,
  type ModelOptions,
} from "./options.ts";

export function addInspect(program: Command, cli: Cli): void {
  const command = program
    .command("inspect <model>")
    .description("list a network's layers, MACs, bytes, and what is not supported (for one image)");
  addJsonOption(addBatchOption(addModelOptions(command)))
    .addHelpText("after", examples("inspect resnet18", "inspect bert.onnx --shape input_ids:1,128 --json"))
    .action((model: string, options: ModelOptions & JsonOption) => inspect(cli, model, options));
}

function inspect(cli: Cli, modelName: string, options: ModelOptions & JsonOption): void {
  const elementType = options.elementType ?? "int8";
  const { typed, workload } = loadModel(modelName, options, elementType);
  const document = inspectDocument(workload, typed);
  if (options.json) printDocument(cli, document);
  else cli.terminal.print(inspectText(document));
}

function inspectText(document: InspectDocument): string {
  const { totals, unsupported } = document;
  const operators = Object.entries(document.operators).map(([name, count]) => `${name} ${count}`);
  return [
    `${document.model}: ${totals.operators} operators in ${totals.layers} layers, for one image`,
    `${formatCount(totals.macs)} MACs, ${formatBytes(totals.weightBytes)} of weights in ${document.elementType}`,
    `operators: ${operators.join(", ")}`,
    "",
    inspectTable(document),
    ...(unsupported.length === 0 ? [] : ["", "not supported (each is a barrier to fusion):"]),
    ...unsupported.map(({ node, operator, reason }) => `  ${node} (${operator}): ${reason}`),
  ].join("\n");
}
