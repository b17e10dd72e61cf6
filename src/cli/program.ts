/** All verbs in one program. */
import { Command } from "commander";
import { packageVersion } from "../host/package-root.ts";
import { addArch } from "./arch.ts";
import { addBench } from "./bench.ts";
import { addCharacterise } from "./characterise.ts";
import type { Cli, Verb } from "./cli.ts";
import { addCompare } from "./compare.ts";
import { addCompile } from "./compile.ts";
import { addCompletion } from "./completion.ts";
import { addDataset } from "./dataset.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { addEvaluate } from "./evaluate.ts";
import { exitCodesHelp } from "./exit-codes.ts";
import { addFusion } from "./fusion.ts";
import { addInspect } from "./inspect.ts";
import { addMap } from "./map.ts";
import { addReport } from "./report.ts";
import { addRun } from "./run.ts";
import { addTrace } from "./trace.ts";
import { addTrain } from "./train.ts";
import { addTune } from "./tune.ts";

/** In the order of the help: from looking to mapping to showing. */
const verbs: readonly Verb[] = [
  addInspect,
  addFusion,
  addCompile,
  addTune,
  addRun,
  addBench,
  addArch,
  addCharacterise,
  addMap,
  addCompare,
  addEvaluate,
  addTrace,
  addReport,
  addDataset,
  addTrain,
  addDemo,
  addCompletion,
  addDoctor,
];

/** The commander program; errors are thrown, never printed by commander itself. */
export function createProgram(cli: Cli): Command {
  const program = new Command("laminate")
    .description("Finds the best way to fuse a neural network's layers on an accelerator, with the proof.")
    .version(packageVersion(), "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true)
    .helpCommand("help [verb]", "show the help of a verb")
    .addHelpText("after", `\n${exitCodesHelp}`);
  for (const addVerb of verbs) addVerb(program, cli);
  return program;
}
