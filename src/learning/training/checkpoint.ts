/**
 * A training that was stopped, as one safetensors file: parameters by name, `NAME.moment1` and `NAME.moment2`, the losses so far,
 * and in the metadata the settings and the steps made. Numbers are kept as they are, so going on gives the same bits. The
 * same state gives the same bytes. O(parameters + steps).
 */
import { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import {
  float32Tensor,
  readSafetensors,
  type SafeTensor,
  tensorElements,
  writeSafetensors,
} from "../../base/safetensors.ts";
import { schemaTitle } from "../environment/schema.ts";
import { parameterShapes } from "../network/network-sizes.ts";
import type { History } from "./history.ts";
import { differentSetting, type TrainingSettings, trainingSettingsSchema } from "./settings.ts";
import type { TrainerState } from "./state.ts";

export interface Checkpoint {
  readonly settings: TrainingSettings;
  readonly state: TrainerState;
  /** Of all steps that were made. */
  readonly history: History;
}

/** Rises when the meaning of a file changes. */
export const checkpointFormat = "laminate.checkpoint/1";

export function writeCheckpoint({ settings, state, history }: Checkpoint): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, SafeTensor>();
  for (const [name, shape] of parameterShapes(settings.sizes, settings.schema)) {
    const [first, second] = state.moments.get(name) ?? [];
    for (const [key, elements] of [
      [name, state.parameters.get(name)],
      [`${name}.moment1`, first],
      [`${name}.moment2`, second],
    ] as const) {
      if (elements === undefined) throw new Error(`internal: no ${key}`);
      tensors.set(key, float32Tensor(shape, elements));
    }
  }
  for (const name of historyNames) {
    const values = Float32Array.from(history[name]);
    tensors.set(`history.${name}`, float32Tensor([values.length], values));
  }
  const metadata = new Map([
    ["format", checkpointFormat],
    ["settings", JSON.stringify(settings)],
    ["step", String(state.step)],
  ]);
  return writeSafetensors({ tensors, metadata });
}

const historyNames = ["losses", "validationSteps", "validationLosses"] as const;

/**
 * The training of a file; `where` is what errors call it.
 *
 * @throws LaminateError (bad-input) for a file that is damaged or no checkpoint
 */
export function readCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const file = readSafetensors(bytes, where);
  const format = file.metadata.get("format");
  if (format !== checkpointFormat) {
    const found = format === undefined ? "it does not say what it is" : `its format is ${quote(format)}`;
    throw broken(`this is no checkpoint of a training: ${found}`, where);
  }
  const settings = parseSettings(file.metadata.get("settings") ?? "", where);
  const step = Number(file.metadata.get("step"));
  if (!Number.isSafeInteger(step) || step < 0 || step > settings.steps)
    throw broken(`it says that ${quote(file.metadata.get("step") ?? "nothing")} steps were made`, where);
  const parameters = new Map<string, Float32Array>();
  const moments = new Map<string, readonly [Float32Array, Float32Array]>();
  const read = (name: string, shape: readonly number[]): Float32Array => {
    const elements = tensorElements(file, { name, type: "F32", shape }, where);
    if (!elements.every(Number.isFinite))
      throw broken(`the tensor ${quote(name)} holds a number that is not finite`, where);
    return elements;
  };
  for (const [name, shape] of parameterShapes(settings.sizes, settings.schema)) {
    parameters.set(name, read(name, shape));
    moments.set(name, [read(`${name}.moment1`, shape), read(`${name}.moment2`, shape)]);
  }
  const series = (name: keyof History): readonly number[] => [...read(`history.${name}`, [-1])];
  const losses = series("losses");
  const validationSteps = series("validationSteps");
  const validationLosses = series("validationLosses");
  if (losses.length !== step || validationSteps.length !== validationLosses.length)
    throw broken("its losses are not those of its steps", where);
  return {
    settings,
    state: { step, parameters, moments },
    history: { losses, validationSteps, validationLosses },
  };
}

/**
 * That the training of the checkpoint is the one that is asked for.
 *
 * @throws LaminateError (bad-input) that names the first setting which is another
 */
export function checkSettings(before: TrainingSettings, now: TrainingSettings, where: string): void {
  const key = differentSetting(before, now);
  if (key === undefined) return;
  const text = (settings: TrainingSettings): string =>
    key === "schema" ? schemaTitle(settings.schema) : shown(settings[key]);
  const [was, is] = [text(before), text(now)];
  throw badInput(`this training was begun with other settings: ${key} ${was}, and now ${is}`, {
    where,
    fix: "give the options that it was begun with, or another folder",
  });
}

function parseSettings(text: string, where: string): TrainingSettings {
  try {
    return trainingSettingsSchema.parse(JSON.parse(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const what = issue === undefined ? "no JSON" : `${issue.path.join(".")}: ${issue.message}`;
    throw broken(`its settings are broken: ${what}`, where);
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

function broken(message: string, where: string): LaminateError {
  return badInput(message, { where, fix: "delete the folder and train again, or give another one" });
}
