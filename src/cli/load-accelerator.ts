/** The accelerator that the user names: a preset, or a file. */
import { existsSync } from "node:fs";
import { badInput } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { readTextFile } from "../host/read-file.ts";
import type { Accelerator } from "../mapping/accelerator/accelerator.ts";
import { parseAccelerator } from "../mapping/accelerator/parse-accelerator.ts";
import { presetByName, presetNames } from "../mapping/accelerator/presets/presets.ts";

export const defaultAccelerator = "dnnfuser-2022-calibrated";

/** Preset names win over files of the same name; write ./NAME for the file. */
export function loadAccelerator(nameOrFile: string, where = "--accelerator"): Accelerator {
  const preset = presetByName(nameOrFile);
  if (preset !== undefined) return preset;
  if (existsSync(nameOrFile)) return parseAccelerator(readTextFile(nameOrFile), nameOrFile);
  throw badInput(`there is no accelerator "${nameOrFile}", neither as a preset nor as a file`, {
    where,
    fix: suggestName(nameOrFile, presetNames, "presets"),
  });
}
