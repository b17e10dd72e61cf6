/** `laminate inspect`: what is in a network, as layers. */
import type { Command } from "commander";
import { formatBytes, formatCount } from "../base/format.ts";
import type { TypedGraph } from "../graph/ir/graph.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import { type InspectDocument, inspectDocument, operatorCounts } from "../report/inspect-document.ts";
import { inspectTable } from "../report/tables.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { readModel } from "./load-model.ts";
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
  const { name, typed, extract } = readModel(modelName, options);
  const known = operatorLines(name, typed);
  let workload: Workload;
  try {
    workload = extract(options.elementType ?? "int8");
  } catch (error) {
    // What is known of the network helps to mend it, where its layers cannot be told.
    if (!options.json) cli.terminal.print(known);
    throw error;
  }
  const document = inspectDocument(workload, typed);
  if (options.json) printDocument(cli, document);
  else cli.terminal.print(`${known}\n\n${layerLines(document)}`);
}

function operatorLines(name: string, typed: TypedGraph): string {
  const operators = Object.entries(operatorCounts(typed)).map(([operator, count]) => `${operator} ${count}`);
  const { unsupported } = typed;
  return [
    `${name}: ${typed.graph.nodes.length} operators`,
    operators.join(", "),
    ...(unsupported.length === 0 ? [] : ["", "not supported (each is a barrier to fusion):"]),
    ...unsupported.map(({ node, operator, reason }) => `  ${node} (${operator}): ${reason}`),
  ].join("\n");
}

function layerLines(document: InspectDocument): string {
  const { totals, elementType } = document;
  const sums = `${formatCount(totals.macs)} MACs, ${formatBytes(totals.weightBytes)} of weights in ${elementType}`;
  return `${totals.layers} layers; for one image ${sums}\n\n${inspectTable(document)}`;
}
