/** The mapper dlfusion with characteristics from a file, which must be of the accelerator that is mapped to. */
import type { Command } from "commander";
import { packageVersion } from "../host/package-root.ts";
import { readTextFile } from "../host/read-file.ts";
import { type StrategyName, strategyMapper } from "../mapping/mappers/dlfusion/mapper.ts";
import type { Mapper } from "../mapping/mappers/mapper.ts";
import { acceleratorOrigin } from "../mapping/targets/target-origin.ts";
import { characteristicsOf, parseTargetProfile } from "../mapping/targets/target-profile.ts";
import { defaultAccelerator, loadAccelerator } from "./load-accelerator.ts";
import type { ProblemOptions } from "./options.ts";

/** The mapper that starts from a target's characteristics. */
export const profiledName = "dlfusion" satisfies StrategyName;

/** Adds --profile to a verb that runs mappers. */
export function addProfileOption(command: Command): Command {
  return command.option(
    "--profile <file>",
    `of ${profiledName}: the accelerator's characteristics, which laminate characterise wrote`,
  );
}

/**
 * The mapper with the profile of a file.
 *
 * @throws LaminateError bad-input for a file that is no profile of this accelerator
 */
export function profiledMapper(path: string, { accelerator }: ProblemOptions): Mapper {
  const wanted = acceleratorOrigin(loadAccelerator(accelerator ?? defaultAccelerator), packageVersion());
  return strategyMapper(
    profiledName,
    characteristicsOf(parseTargetProfile(readTextFile(path), path, wanted)),
  );
}
