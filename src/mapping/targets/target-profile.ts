/**
 * `laminate.target/1`: a target's characteristics as a file, with the measurements that they were fitted to and what they hold
 * for. Read for another target or version it is refused.
 */
import { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";
import {
  type FittedCharacteristics,
  fitCharacteristics,
  type TargetCharacteristics,
} from "./characteristics.ts";
import { type GridSettings, type Measurement, type MeasureOptions, measureGrid } from "./measure-grid.ts";
import { measurementSchema, printLines } from "./measurements-file.ts";
import type { Target } from "./target.ts";
import { checkOrigin, originSchema, type TargetOrigin } from "./target-origin.ts";

export const targetSchemaName = "laminate.target/1";

const count = z.int().positive();
const positive = z.number().positive();
const estimate = z.object({ value: positive, low: positive, high: positive });

export const targetSchema = z
  .object({
    schema: z.literal(targetSchemaName),
    origin: originSchema.describe("what the measurements hold for"),
    settings: z.object({ repeats: count, leastMacs: positive, mostMacs: positive }).describe("of the grid"),
    characteristics: z.object({
      criticalMacs: estimate.describe("MACs of a core at which it works at half its rate, on the most cores"),
      channelGranularity: estimate.describe("output channels that keep a core at work"),
      confidence: z.number().describe("of the intervals from low to high"),
      draws: count.describe("of the bootstrap"),
    }),
    fit: z
      .object({
        rule: z.enum(["units", "ramp"]).describe("whether channels fill a core in whole units, or smoothly"),
        granularity: positive,
        ridge: z
          .number()
          .nonnegative()
          .describe("MACs of a core in the time of an element that crosses the border"),
        residual: z.number().nonnegative().describe("standard deviation of what is left of the logarithms"),
        scatter: z.number().nonnegative().describe("the same of a layer's repeats"),
        cores: z.array(
          z.object({
            cores: count,
            criticalMacs: estimate,
            macsPerSecond: z
              .record(z.string(), positive)
              .describe("of one core at its full rate, by family of layers"),
          }),
        ),
      })
      .describe(
        "seconds = (criticalMacs + max(MACs / used part, ridge x elements)) / macsPerSecond, for each core",
      ),
    measurements: z.array(measurementSchema),
  })
  .describe("How fast a target's cores work, by operations and channels of synthesized layers.");

/** A document of `laminate.target/1`. */
export type TargetProfile = z.infer<typeof targetSchema>;

export interface CharacteriseOptions extends MeasureOptions {
  readonly settings: GridSettings;
  readonly seed?: number;
  readonly draws?: number;
}

/**
 * Measures synthesized layers on a target and fits its characteristics.
 *
 * @throws LaminateError (bad-input) when the measurements do not say what they are, and how to measure better
 */
export async function characteriseTarget(
  target: Target,
  { settings, seed, draws, ...measuring }: CharacteriseOptions,
): Promise<TargetProfile> {
  const measurements = await measureGrid(target, settings, measuring);
  const fitted = fitCharacteristics(measurements, {
    where: target.name,
    ...(seed === undefined ? {} : { seed }),
    ...(draws === undefined ? {} : { draws }),
  });
  return profileOf(target.origin, settings, measurements, fitted);
}

function profileOf(
  origin: TargetOrigin,
  { leastMacs, mostMacs }: GridSettings,
  measurements: readonly Measurement[],
  {
    fit,
    criticalMacs,
    channelGranularity,
    criticalByCores,
    scatter,
    confidence,
    draws,
  }: FittedCharacteristics,
): TargetProfile {
  const repeats = Math.max(...measurements.map(({ seconds }) => seconds.length));
  return {
    schema: targetSchemaName,
    origin,
    settings: { repeats, leastMacs, mostMacs },
    characteristics: { criticalMacs, channelGranularity, confidence, draws },
    fit: {
      rule: fit.rule,
      granularity: fit.granularity,
      ridge: fit.ridge,
      residual: fit.residual,
      scatter,
      cores: fit.perCores.map(({ cores, halfMacs, rates }, index) => ({
        cores,
        criticalMacs: criticalByCores[index] ?? { value: halfMacs, low: halfMacs, high: halfMacs },
        macsPerSecond: Object.fromEntries(rates),
      })),
    },
    measurements: measurements.map((one) => ({ ...one, seconds: [...one.seconds] })),
  };
}

/** What a strategy needs of a profile. */
export function characteristicsOf({ characteristics }: TargetProfile): TargetCharacteristics {
  const { criticalMacs, channelGranularity } = characteristics;
  return { criticalMacs: criticalMacs.value, channelGranularity: channelGranularity.value };
}

/** The profile as text: JSON, a measurement on a line. */
export function printTargetProfile({ measurements, ...head }: TargetProfile): string {
  return printLines(head, measurements);
}

/**
 * Reads a profile's text, for a target if one is given.
 *
 * @throws LaminateError (bad-input) for what is none, is damaged, or is of another target or version
 */
export function parseTargetProfile(text: string, where: string, wanted?: TargetOrigin): TargetProfile {
  const no = (message: string, place = where): LaminateError =>
    badInput(message, {
      where: place,
      fix: "give a file that laminate characterise has written, or write it again",
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw no(
      `this is no profile, or only a part of one: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const { schema } = Object(json) as { readonly schema?: unknown };
  if (schema !== targetSchemaName) {
    const what = typeof schema === "string" ? JSON.stringify(schema) : "none";
    throw no(`the profile's schema is ${what}, and ${targetSchemaName} is expected`);
  }
  const parsed = targetSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw no(issue?.message ?? "the profile is damaged", `${where}: ${issue?.path.join(".") ?? ""}`);
  }
  if (wanted !== undefined) checkOrigin(parsed.data.origin, wanted, where);
  return parsed.data;
}
