/** `laminate arch`: the accelerators that are shipped, one of them in full, and files in either notation. */

import Table from "cli-table3";
import type { Command } from "commander";
import { usageError } from "../base/errors.ts";
import { formatBandwidth, formatBytes, formatCount } from "../base/format.ts";
import { type Accelerator, peakMacsPerCycle } from "../mapping/accelerator/accelerator.ts";
import { presets } from "../mapping/accelerator/presets/presets.ts";
import { acceleratorFile, printAccelerator } from "../mapping/accelerator/print-accelerator.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { loadAccelerator } from "./load-accelerator.ts";
import { addJsonOption, type JsonOption } from "./options.ts";
import { writeOutput } from "./run-record.ts";

export function addArch(program: Command, cli: Cli): void {
  const command = program
    .command("arch")
    .description("list, show and convert accelerator descriptions")
    .addHelpText(
      "after",
      examples("arch list", "arch show edge-npu > mine.yaml", "arch convert mine.yaml --to json"),
    );
  addJsonOption(command.command("list").description("list the accelerators that come with laminate"))
    .addHelpText("after", examples("arch list"))
    .action((options: JsonOption) => list(cli, options));
  addJsonOption(
    command.command("show <accelerator>").description("print a preset or a file, with its sources"),
  )
    .addHelpText("after", examples("arch show dnnfuser-2022"))
    .action((name: string, options: JsonOption) => show(cli, name, options));
  command
    .command("convert <accelerator>")
    .description("check an accelerator and write it as YAML or JSON; either can be read again")
    .option("--to <format>", "yaml or json (default: yaml, or what the name of --out ends with)")
    .option("-o, --out <file>", "where to write (default: the standard output)")
    .option("--json", "the same as --to json")
    .addHelpText("after", examples("arch convert mine.yaml --to json -o mine.json"))
    .action((name: string, options: ConvertOptions) => convert(cli, name, options));
}

interface ConvertOptions extends JsonOption {
  readonly to?: string;
  readonly out?: string;
}

function list(cli: Cli, { json }: JsonOption): void {
  const all = Object.values(presets);
  if (json) {
    printDocument(cli, { schema: "laminate.accelerators/1", accelerators: all.map(acceleratorFile) });
    return;
  }
  const chars = {
    mid: "",
    "left-mid": "",
    "mid-mid": "",
    "right-mid": "",
    top: "",
    "top-mid": "",
    "top-left": "",
  };
  const rest = { "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" };
  const table = new Table({
    colAligns: ["left", "right", "right", "right", "right", "left"],
    chars: { ...chars, ...rest, left: "", right: "", middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(["name", "peak", "on chip", "on-chip rate", "off-chip rate", "type"], ...all.map(row));
  cli.terminal.print(table.toString().replace(/ +$/gm, ""));
}

function row(accelerator: Accelerator): string[] {
  const macsPerSecond = peakMacsPerCycle(accelerator) * accelerator.frequencyHertz;
  return [
    accelerator.name,
    `${formatCount(macsPerSecond)}MAC/s`,
    formatBytes(accelerator.onChipBytes),
    formatBandwidth(accelerator.onChipBytesPerSecond),
    formatBandwidth(accelerator.offChipBytesPerSecond),
    accelerator.elementType,
  ];
}

function show(cli: Cli, name: string, { json }: JsonOption): void {
  const accelerator = loadAccelerator(name, "ACCELERATOR");
  if (json) printDocument(cli, acceleratorFile(accelerator));
  else cli.terminal.print(printAccelerator(accelerator).trimEnd());
}

function convert(cli: Cli, name: string, options: ConvertOptions): void {
  const format = options.to ?? (options.json || options.out?.endsWith(".json") ? "json" : "yaml");
  if (format !== "yaml" && format !== "json")
    throw usageError(`"${format}" is not a format`, { where: "--to", fix: "write --to yaml or --to json" });
  const accelerator = loadAccelerator(name, "ACCELERATOR");
  const text =
    format === "json"
      ? JSON.stringify(acceleratorFile(accelerator), null, 2)
      : printAccelerator(accelerator).trimEnd();
  if (options.out === undefined) cli.terminal.print(text);
  else writeOutput(cli, options.out, text);
}
