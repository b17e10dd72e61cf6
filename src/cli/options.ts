/** Options that several verbs share, and how their texts become values. Nothing here has a default: see settings.ts. */
import { type Command, Option } from "commander";
import { usageError } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { type Parsed, parseBudget, parseBytes } from "../base/units.ts";
import { type ElementType, elementBits } from "../graph/ir/tensor.ts";
import { maxBatch, type Objective } from "../mapping/cost/problem.ts";
import type { Budget } from "../mapping/mappers/find-mapping.ts";

/** Options that say which sizes a model's open dimensions have. */
export interface ShapesGiven {
  /** Shapes of inputs, by input name. */
  readonly shape?: ReadonlyMap<string, readonly number[]>;
  /** Sizes of symbolic dimensions, by symbol. */
  readonly symbol?: ReadonlyMap<string, number>;
}

/** Options that say how a model is read. */
export interface ModelOptions extends ShapesGiven {
  readonly elementType?: ElementType;
}

/** Options that make a problem out of a model. */
export interface ProblemOptions extends ModelOptions {
  readonly accelerator?: string;
  readonly memory?: number;
  readonly batch?: number;
  readonly objective?: Objective;
  readonly paperMode?: boolean;
}

/** Options of a search. */
export interface SearchOptions {
  readonly mapper?: string;
  readonly seed?: number;
  readonly budget?: Budget;
}

export interface JsonOption {
  readonly json?: boolean;
}

export function addJsonOption(command: Command): Command {
  return command.option("--json", "print one JSON document instead of text");
}

export function addShapeOptions(command: Command): Command {
  return command
    .option("--shape <input:dims>", "shape of an input, like input:1,3,224,224 (repeatable)", collectShape)
    .option("--symbol <name=size>", "size of a symbolic dimension, like seq=128 (repeatable)", collectSymbol);
}

export function addModelOptions(command: Command): Command {
  return addShapeOptions(command).option(
    "--element-type <type>",
    "element type to count in (default: the accelerator's)",
    elementTypeOf,
  );
}

export function addBatchOption(command: Command): Command {
  return command.option("-b, --batch <images>", "images per run (default: 1)", (text) =>
    wholeNumber(text, "--batch", 1, maxBatch),
  );
}

export function addProblemOptions(command: Command): Command {
  const objective = new Option("--objective <what>", "what to minimise").choices([
    "latency",
    "energy",
    "traffic",
  ]);
  return addBatchOption(addModelOptions(command))
    .option("-a, --accelerator <name|file>", "a preset or a YAML file (default: dnnfuser-2022-calibrated)")
    .option("-m, --memory <size>", "on-chip memory, like 20MB (default: the accelerator's)", memoryOf)
    .addOption(objective)
    .option("--paper-mode", "DNNFuser's subset: chain order, whole images, the paper's memory rule");
}

export function addSearchOptions(command: Command): Command {
  return addBudgetOption(
    command.option("--seed <number>", "seed of everything random (default: 1)", (text) =>
      wholeNumber(text, "--seed", 0, 2 ** 31 - 1),
    ),
  );
}

export function addBudgetOption(command: Command): Command {
  return command.option(
    "--budget <limit>",
    "stop with the best so far: 10s, 2000evals, or both as 10s,2000evals",
    budgetOf,
  );
}

/** A whole number in a range, as an option's value. */
export function wholeNumber(text: string, where: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && value >= least && value <= most) return value;
  throw usageError(`"${text}" is not a whole number from ${least} to ${most}`, {
    where,
    fix: `write it like ${where} ${Math.max(least, 1)}`,
  });
}

const memoryOf = (text: string): number => {
  const bytes = parsed(parseBytes(text), "--memory");
  if (bytes > 0) return bytes;
  throw usageError(`"${text}" is no memory`, { where: "--memory", fix: "write it like --memory 20MB" });
};

const budgetOf = (text: string): Budget => parsed(parseBudget(text), "--budget");

function parsed<T>(result: Parsed<T>, where: string): T {
  if (result.ok) return result.value;
  throw usageError(result.message, { where, fix: result.fix });
}

/** Types that weights and activations can have, and that the cost model can count. */
export function elementTypeOf(text: string): ElementType {
  const names = Object.keys(elementBits).filter(
    (name): name is ElementType => elementBits[name as ElementType] > 0,
  );
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw usageError(`"${text}" is not an element type`, {
    where: "--element-type",
    fix: suggestName(text, names, "element types"),
  });
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Names may hold colons themselves ("input:0"), so the last one divides. */
function collectShape(text: string, before: Shapes | undefined): Shapes {
  const colon = text.lastIndexOf(":");
  const dims = text.slice(colon + 1).split(",");
  const numbers = dims.map((dim) => (/^\s*\d+\s*$/.test(dim) ? Number(dim) : 0));
  if (colon < 1 || numbers.some((dim) => dim < 1 || !Number.isSafeInteger(dim))) {
    throw usageError(`"${text}" does not say the shape of an input`, {
      where: "--shape",
      fix: "write the input's name and all its dimensions: --shape input:1,3,224,224",
    });
  }
  return new Map([...(before ?? []), [text.slice(0, colon), numbers]]);
}

function collectSymbol(
  text: string,
  before: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> {
  const [, name, size] = /^(.+)=(\d+)$/.exec(text.trim()) ?? [];
  if (name === undefined || Number(size) < 1 || !Number.isSafeInteger(Number(size))) {
    throw usageError(`"${text}" does not say the size of a symbol`, {
      where: "--symbol",
      fix: "write the name and its size: --symbol seq=128",
    });
  }
  return new Map([...(before ?? []), [name, Number(size)]]);
}
