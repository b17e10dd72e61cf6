/**
 * `laminate.measurements/1`: a grid that is being measured, as a file, so that a run that was ended, or whose measurements said too
 * little, goes on where it was. Once they have been fitted the profile holds them.
 */
import { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";
import type { GridMeasurements } from "./measure-grid.ts";
import type { GridPoint } from "./synthesized-layers.ts";
import { checkOrigin, originSchema, type TargetOrigin } from "./target-origin.ts";

export const measurementsSchemaName = "laminate.measurements/1";

const count = z.int().positive();
const positive = z.number().positive();

export const measurementSchema = z.object({
  sweep: z.enum(["operations", "channels"]),
  cores: count,
  inputChannels: count,
  outputChannels: count,
  height: count,
  width: count,
  filter: count,
  seconds: z.array(positive).describe("of one run, for each repeat; empty where the layer does not run"),
});

const measurementsSchema = z.object({
  schema: z.literal(measurementsSchemaName),
  origin: originSchema,
  repeats: count,
  measurements: z.array(measurementSchema),
});

/** The measurements as text: JSON, one on a line. */
export function printMeasurements({ repeats, measurements }: GridMeasurements, origin: TargetOrigin): string {
  return printLines({ schema: measurementsSchemaName, origin, repeats }, measurements);
}

/** A document whose measurements lie each on a line. */
export function printLines(head: object, measurements: readonly object[]): string {
  const start = JSON.stringify(head, null, 2).replace(/\n\}$/, "");
  const lines = measurements.map((one) => `\n    ${JSON.stringify(one)}`);
  return `${start},\n  "measurements": [${lines.join(",")}\n  ]\n}\n`;
}

/**
 * Reads the measurements that a grid of one target goes on from.
 *
 * @throws LaminateError (bad-input) for a damaged file, and for measurements of another target, version or grid
 */
export function parseMeasurements(
  text: string,
  where: string,
  wanted: { readonly origin: TargetOrigin; readonly grid: readonly GridPoint[] },
): GridMeasurements {
  const no = (message: string): LaminateError =>
    badInput(message, { where, fix: "remove the file to measure anew, or give another folder" });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw no(
      `these are no measurements, or only a part: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const parsed = measurementsSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw no(`the measurements are damaged at ${issue?.path.join(".") || "the top"}: ${issue?.message}`);
  }
  const { origin, repeats, measurements } = parsed.data;
  checkOrigin(origin, wanted.origin, where);
  const isWanted = ({ sweep, ...shape }: GridPoint, at: number): boolean => {
    const there = measurements[at];
    return there?.sweep === sweep && pointNumbers.every((name) => there[name] === shape[name]);
  };
  if (measurements.length !== wanted.grid.length || !wanted.grid.every(isWanted))
    throw no("these are measurements of other layers: with other --least-macs, --most-macs or --threads");
  return { repeats, measurements };
}

const pointNumbers = ["cores", "inputChannels", "outputChannels", "height", "width", "filter"] as const;
