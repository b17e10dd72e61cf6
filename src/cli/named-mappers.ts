/** The mappers that a verb is asked for by name, with the weights or the profile that one of them takes. */
import { usageError } from "../base/errors.ts";
import { dnnfuserName } from "../learning/mappers/dnnfuser.ts";
import type { Mapper } from "../mapping/mappers/mapper.ts";
import { type LearnedOptions, learnedMapper, refuseLearnedOptions } from "./learned-mapper.ts";
import type { ProblemOptions } from "./options.ts";
import { profiledMapper, profiledName } from "./profiled-mapper.ts";
import { findMapper } from "./search.ts";

export interface NamedMapperOptions extends ProblemOptions, LearnedOptions {
  readonly profile?: string;
}

/**
 * The mappers of these names, in their order; `add` says how another name is asked for.
 *
 * @throws LaminateError usage for options that none of them takes, bad-input for files that are not what they should be
 */
export function namedMappers(
  names: readonly string[],
  options: NamedMapperOptions,
  add: (name: string) => string,
): readonly Mapper[] {
  const { profile, paperMode = false } = options;
  if (!names.includes(dnnfuserName)) refuseLearnedOptions(options, add(dnnfuserName));
  if (profile !== undefined && !names.includes(profiledName))
    throw usageError(`only the mapper ${profiledName} takes --profile`, {
      where: "--profile",
      fix: add(profiledName),
    });
  return names.map((name) => {
    if (name === dnnfuserName) return learnedMapper(options, paperMode);
    return name === profiledName && profile !== undefined
      ? profiledMapper(profile, options)
      : findMapper(name);
  });
}
