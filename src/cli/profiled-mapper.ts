/** The mapper dlfusion with characteristics from a file, which must be of the accelerator that is mapped to. */
import { usageError } from "../base/errors.ts";
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

/**
 * The mapper of that name with the profile of a file.
 *
 * @throws LaminateError usage for another mapper, bad-input for a file that is no profile of this accelerator
 */
export function profiledMapper(name: string, path: string, { accelerator }: ProblemOptions): Mapper {
  if (name !== profiledName)
    throw usageError(`only the mapper ${profiledName} takes --profile`, {
      where: "--profile",
      fix: `add --mapper ${profiledName}`,
    });
  const wanted = acceleratorOrigin(loadAccelerator(accelerator ?? defaultAccelerator), packageVersion());
  return strategyMapper(
    profiledName,
    characteristicsOf(parseTargetProfile(readTextFile(path), path, wanted)),
  );
}
