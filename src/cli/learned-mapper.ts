/** The mapper dnnfuser for the command line: its options, and its weights from a file. */
import type { Command } from "commander";
import { usageError } from "../base/errors.ts";
import { readWholeFile } from "../host/read-file.ts";
import { shippedWeights } from "../host/shipped-weights.ts";
import {
  defaultTemperatures,
  dnnfuserMapper,
  dnnfuserName,
  mostSamples,
} from "../learning/mappers/dnnfuser.ts";
import { readMapperWeights } from "../learning/network/mapper-weights.ts";
import type { Mapper } from "../mapping/mappers/mapper.ts";
import { wholeNumber } from "./options.ts";

/** Options that only dnnfuser takes. */
export interface LearnedOptions {
  readonly weights?: string;
  readonly samples?: number;
  readonly temperature?: number;
}

export function addLearnedOptions(command: Command): Command {
  return command
    .option(
      "--weights <file>",
      `of ${dnnfuserName}: a file that laminate train wrote (default: those that come with laminate)`,
    )
    .option(
      "--samples <number>",
      `of ${dnnfuserName}: mappings to decode, the best is taken (default: 1)`,
      (text) => wholeNumber(text, "--samples", 1, mostSamples),
    )
    .option(
      "--temperature <number>",
      `of ${dnnfuserName}: noise of all samples but the first (default: ${defaultTemperatures.choice}, of the paper's features ${defaultTemperatures.share})`,
      temperatureOf,
    );
}

/** Whether dnnfuser can be made without further words: weights are given, or come with the package. */
export function hasWeights({ weights }: LearnedOptions, paperMode: boolean): boolean {
  return pathOf(weights, paperMode) !== undefined;
}

/**
 * dnnfuser with the weights that are given, else those that come with laminate.
 *
 * @throws LaminateError usage where there are none, bad-input for a file that holds none
 */
export function learnedMapper(options: LearnedOptions, paperMode: boolean): Mapper {
  const path = pathOf(options.weights, paperMode);
  if (path === undefined) {
    const why = paperMode
      ? "those that come with laminate are for the full model"
      : "none came with this copy";
    const make = "make them with laminate dataset and laminate train, then give the file: --weights FILE";
    throw usageError(`${dnnfuserName} needs weights: ${why}`, {
      where: "--weights",
      fix: paperMode ? `leave out --paper-mode, or ${make}` : make,
    });
  }
  const { samples, temperature } = options;
  return dnnfuserMapper({
    weights: readMapperWeights(readWholeFile(path), path),
    ...(samples === undefined ? {} : { samples }),
    ...(temperature === undefined ? {} : { temperature }),
  });
}

/** Throws usage for options of dnnfuser where it is not asked for. */
export function refuseLearnedOptions({ weights, samples, temperature }: LearnedOptions, fix: string): void {
  const given = Object.entries({ weights, samples, temperature }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  const option = `--${given[0]}`;
  throw usageError(`only the mapper ${dnnfuserName} takes ${option}`, { where: option, fix });
}

/** The weights that come with laminate have seen the full model alone. */
function pathOf(weights: string | undefined, paperMode: boolean): string | undefined {
  return weights ?? (paperMode ? undefined : shippedWeights());
}

function temperatureOf(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text.trim()) && Number.isFinite(value)) return value;
  throw usageError(`"${text}" is no temperature`, {
    where: "--temperature",
    fix: "write a number from 0, like --temperature 0.2",
  });
}
