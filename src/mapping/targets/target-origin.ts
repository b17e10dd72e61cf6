/** Where measurements are from: they hold for this target and this version of laminate, and are refused for others. */
import { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";
import type { Accelerator } from "../accelerator/accelerator.ts";

const number = z.union([z.number(), z.string()]);

export const originSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("accelerator"),
    laminate: z.string().describe("the version whose cost model it was"),
    name: z.string(),
    numbers: z.record(z.string(), number).describe("all that the cost model knows of it"),
  }),
  z.object({
    kind: z.literal("machine"),
    laminate: z.string().describe("the version whose generated code it was"),
    processor: z.string(),
    processors: z.int().positive().describe("that the system offers"),
    engine: z.string().describe("JavaScript engine with its version"),
    simd: z.string(),
  }),
]);

export type TargetOrigin = Readonly<z.infer<typeof originSchema>>;
type MachineOrigin = Extract<TargetOrigin, { kind: "machine" }>;

/** The origin of what the cost model says of an accelerator. Its name, description and sources decide nothing. */
export function acceleratorOrigin(accelerator: Accelerator, laminate: string): TargetOrigin {
  const { name, description: _, sources: __, ...numbers } = accelerator;
  const given = Object.entries(numbers).filter((entry): entry is [string, number | string] => {
    return entry[1] !== undefined;
  });
  return { kind: "accelerator", laminate, name, numbers: Object.fromEntries(given.sort()) };
}

/** The target in a few words. */
export function originName(origin: TargetOrigin): string {
  return origin.kind === "accelerator" ? origin.name : origin.processor;
}

const machineParts: readonly (readonly [keyof MachineOrigin, string])[] = [
  ["processor", "processor"],
  ["processors", "number of processors"],
  ["engine", "engine"],
  ["simd", "SIMD"],
];

/** Throws bad-input for measurements of another target or by another version; says what is different. */
export function checkOrigin(origin: TargetOrigin, wanted: TargetOrigin, where: string): void {
  const no = (message: string): LaminateError =>
    badInput(message, {
      where,
      fix: `measure this target: laminate characterise ${optionOf(wanted)} -o FOLDER`,
    });
  if (origin.kind !== wanted.kind)
    throw no(`the profile is one of ${describe(origin)}, and the target is ${describe(wanted)}`);
  if (origin.laminate !== wanted.laminate)
    throw no(`the profile was made by laminate ${origin.laminate}, and this is ${wanted.laminate}`);
  if (origin.kind === "accelerator" && wanted.kind === "accelerator") {
    for (const field of new Set([...Object.keys(origin.numbers), ...Object.keys(wanted.numbers)])) {
      const [there, here] = [origin.numbers[field], wanted.numbers[field]];
      if (there !== here)
        throw no(
          `the profile is of ${origin.name} with ${field} ${there ?? "left out"}, and in ${wanted.name} it is ${here ?? "left out"}`,
        );
    }
  }
  if (origin.kind === "machine" && wanted.kind === "machine") {
    for (const [part, name] of machineParts)
      if (origin[part] !== wanted[part])
        throw no(
          `the profile was measured with another ${name}: ${origin[part]}, and here it is ${wanted[part]}`,
        );
  }
}

const describe = (origin: TargetOrigin): string =>
  origin.kind === "accelerator" ? `the accelerator ${origin.name}` : `the machine ${origin.processor}`;
const optionOf = (origin: TargetOrigin): string =>
  origin.kind === "accelerator" ? `--accelerator ${origin.name}` : "--here";
