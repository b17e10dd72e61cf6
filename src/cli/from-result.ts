/** `trace` and `report` start from a map result: read it, read its model again, evaluate its mapping again. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { badInput } from "../base/errors.ts";
import type { Answer } from "./answer.ts";
import { givenAnswer, recordedAnswer } from "./given-answer.ts";
import type { ModelOptions } from "./options.ts";
import { readMapping } from "./read-mapping.ts";
import { settle } from "./settings.ts";

/**
 * The answer behind a result file.
 *
 * @throws LaminateError bad-input when the model does not cost what the result says: it is another model
 */
export function answerFromResult(file: string, model: string | undefined, options: ModelOptions): Answer {
  const given = readMapping(file);
  if (given.kind !== "result") {
    throw badInput("this is a mapping, not a map result", {
      where: file,
      fix: "make a result of it: laminate evaluate MODEL --mapping FILE --json",
    });
  }
  const { document } = given;
  const settings = settle(model ?? besideResult(file, document.model), options, document);
  const again = givenAnswer(settings, given).document;
  if (again.offChipBytes !== document.offChipBytes || again.feasible !== document.feasible) {
    throw badInput(`${settings.modelName} does not cost what this result says`, {
      where: file,
      fix: "pass the model that was mapped, with the --shape and --symbol options of that run",
    });
  }
  return recordedAnswer(settings, given, document);
}

/** A model is named relative to where `map` ran; results also travel in a folder with their model. */
function besideResult(file: string, model: string): string {
  const beside = join(dirname(file), model);
  return !existsSync(model) && existsSync(beside) ? beside : model;
}
