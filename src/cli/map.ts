/** `laminate map`: the best fusion mapping of a network on an accelerator. */
import type { Command } from "commander";
import { known } from "../base/assert.ts";
import type { Mapper } from "../mapping/mappers/mapper.ts";
import { encodeMapping } from "../mapping/space/encoding.ts";
import { mapDocument } from "../report/map-document.ts";
import { type Answer, answerExitCode, deliver, type OutputOptions } from "./answer.ts";
import { type Cli, examples } from "./cli.ts";
import { addLearnedOptions, type LearnedOptions } from "./learned-mapper.ts";
import { noteMergeHint } from "./merge-hint-note.ts";
import { namedMappers } from "./named-mappers.ts";
import {
  addJsonOption,
  addProblemOptions,
  addSearchOptions,
  type ProblemOptions,
  type SearchOptions,
} from "./options.ts";
import { addProfileOption } from "./profiled-mapper.ts";
import { checkMapperName, defaultMapper, defaultSeed, searchWatched } from "./search.ts";
import { noteUnsupported, type Settings, settle } from "./settings.ts";

interface MapOptions extends ProblemOptions, SearchOptions, LearnedOptions, OutputOptions {
  readonly profile?: string;
  readonly requireProof?: boolean;
}

export function addMap(program: Command, cli: Cli): void {
  const command = program
    .command("map <model>")
    .description(
      "find the best way to fuse a network's layers; MODEL is an ONNX file or a name of the gallery",
    )
    .option("--mapper <name>", `how to search (default: ${defaultMapper})`);
  addJsonOption(addProfileOption(addLearnedOptions(addSearchOptions(addProblemOptions(command)))))
    .option("--require-proof", "exit with 6 unless the mapping is proven optimal")
    .option("-o, --out <folder>", "write result.json, report.html, trace.json and run.json there")
    .option("--report <file>", "write the HTML report")
    .option("--trace <file>", "write the schedule as a Chrome trace")
    .addHelpText(
      "after",
      examples(
        "map resnet18 --memory 20MB --batch 64",
        "map net.onnx -a edge-npu --objective energy --json > result.json",
        "map resnet50 -a mlu100-like --mapper dlfusion",
        "map resnet50 -a mlu100-like --mapper dlfusion --profile out/mlu100/profile.json",
        "map vgg16 -b 64 -m 20MB --paper-mode --mapper g-teacher --seed 7 --budget 2000evals",
        "map vgg16 -b 64 -m 20MB --paper-mode --mapper dnnfuser --weights paper.safetensors --samples 8",
      ),
    )
    .action((model: string, options: MapOptions) => map(cli, model, options));
}

async function map(cli: Cli, modelName: string, options: MapOptions): Promise<void> {
  const mapper = mapperOf(options);
  const settings = settle(modelName, options);
  noteUnsupported(cli, settings);
  const answer = await findAnswer(cli, mapper, settings, options);
  deliver(cli, answer, options);
  if (answer.found.mapping !== undefined) noteMergeHint(cli, settings.problem, answer.found.mapping);
  cli.exitWith(answerExitCode(cli, answer, options.requireProof));
}

function mapperOf(options: MapOptions): Mapper {
  const name = checkMapperName(options.mapper ?? defaultMapper);
  return known(
    namedMappers([name], options, (other) => `add --mapper ${other}`)[0],
    "the mapper of the name",
  );
}

/** Searches and makes the document. */
export async function findAnswer(
  cli: Cli,
  mapper: Mapper,
  { problem, modelName, acceleratorName }: Settings,
  options: SearchOptions,
): Promise<Answer> {
  const found = await searchWatched(mapper, problem, options, cli.terminal);
  const document = mapDocument({
    modelName,
    problem,
    accelerator: acceleratorName,
    mapperName: mapper.name,
    seed: options.seed ?? defaultSeed,
    found,
    vector:
      found.mapping &&
      encodeMapping(found.mapping, { batch: problem.batch, cores: problem.accelerator.cores }),
  });
  return { problem, found, document };
}
