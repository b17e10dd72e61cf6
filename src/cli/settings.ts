/**
 * The problem that options describe. An option that is given wins; else a map result speaks, where the verb was given
 * one; else the defaults.
 */
import type { CompleteProblem } from "../mapping/cost/problem.ts";
import { completeProblem } from "../mapping/cost/problem.ts";
import type { MapDocument } from "../report/map-schema.ts";
import type { Cli } from "./cli.ts";
import { defaultAccelerator, loadAccelerator } from "./load-accelerator.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";
import { elementTypeOf, type ProblemOptions } from "./options.ts";

/** What a verb works on. */
export interface Settings {
  readonly problem: CompleteProblem;
  readonly model: LoadedModel;
  /** As the user named it. */
  readonly modelName: string;
  /** As the user named it. */
  readonly acceleratorName: string;
}

/** Reads model and accelerator and puts the problem together. */
export function settle(modelName: string, options: ProblemOptions, result?: MapDocument): Settings {
  const acceleratorName = options.accelerator ?? result?.accelerator ?? defaultAccelerator;
  const accelerator = loadAccelerator(acceleratorName);
  const elementType = options.elementType ?? elementTypeOf(result?.elementType ?? accelerator.elementType);
  const model = loadModel(modelName, options, elementType);
  const paperMode = options.paperMode ?? result?.paperMode ?? false;
  const problem = completeProblem({
    workload: model.workload,
    accelerator,
    batch: options.batch ?? result?.batch ?? 1,
    memoryBytes: options.memory ?? memoryOf(options, result) ?? accelerator.onChipBytes,
    objective: options.objective ?? result?.objective ?? "latency",
    mode: paperMode ? "paper" : "full",
  });
  return { problem, model, modelName, acceleratorName };
}

/** Says on stderr which operators are barriers to fusion because they are not understood. */
export function noteUnsupported(cli: Cli, { model }: Settings): void {
  const operators = new Set(model.typed.unsupported.map(({ operator }) => operator));
  if (operators.size === 0) return;
  const count = model.typed.unsupported.length;
  const nodes = count === 1 ? "1 node is a barrier" : `${count} nodes are barriers`;
  const names = [...operators].slice(0, 5).join(", ");
  cli.terminal.note(`note: ${nodes} to fusion, not supported: ${names}; laminate inspect lists them`);
}

/** A result's memory is the one of its accelerator; with another accelerator it says nothing. */
function memoryOf(options: ProblemOptions, result: MapDocument | undefined): number | undefined {
  return options.accelerator === undefined ? result?.memoryBytes : undefined;
}
