/**
 * Feature schemas: what the network is told of a state, and in which notation it answers. A schema is data, so that it
 * can be stored with weights and data sets: names of features, how each is scaled, and a version that rises whenever a
 * name, a meaning or a constant changes. What a name means is code: step-features.ts and progress-features.ts.
 *
 * A feature of raw value x is told as (f(x) - offset) / divisor, where f is x itself or log2(1 + x). The constants are
 * chosen beforehand from the ranges of networks and machines, not fitted to a data set: so data sets can be added to each
 * other, and a state means the same to every network of the schema.
 */
import { z } from "zod";
import { badInput } from "../../base/errors.ts";

const featureSchema = z.strictObject({
  name: z.string().min(1),
  scale: z.enum(["linear", "log2"]),
  offset: z.number(),
  divisor: z.number().refine((value) => value !== 0, "a divisor of 0"),
});

/**
 * share: one number, the pass size as a share of the batch, and a number of its own for sync.
 * choice: one number for each choice, 1 for the one that is taken and 0 for the others; a network answers with how much it is for
 * each (logits). First the pass sizes 1, 2, 4, .. of a staged tensor, as many as `passes`, then those of a synced one. The batch stands
 * at the place where the doubling passes it (doublingLadder).
 */
const actionSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("share"), sync: z.number().negative() }),
  z.strictObject({ kind: z.literal("choice"), passes: z.int().positive().max(64) }),
]);

export const featureSchemaSchema = z.strictObject({
  name: z.string().min(1),
  version: z.int().positive(),
  state: z.array(featureSchema).min(1).readonly(),
  returnToGo: featureSchema,
  action: actionSchema,
});

/** One number of a state. */
export type Feature = Readonly<z.infer<typeof featureSchema>>;

/** How a decision is written as numbers. */
export type ActionNotation = Readonly<z.infer<typeof actionSchema>>;

export interface FeatureSchema {
  readonly name: string;
  readonly version: number;
  readonly state: readonly Feature[];
  /** The conditioning memory, at every step the same. */
  readonly returnToGo: Feature;
  readonly action: ActionNotation;
}

/** A raw value as the network is told it. */
export function normalised({ scale, offset, divisor }: Feature, raw: number): number {
  return ((scale === "log2" ? Math.log2(1 + raw) : raw) - offset) / divisor;
}

/** The raw value that `normalised` made this number of. */
export function denormalised({ scale, offset, divisor }: Feature, value: number): number {
  const scaled = value * divisor + offset;
  return scale === "log2" ? 2 ** scaled - 1 : scaled;
}

/** Numbers of an action. */
export function actionWidth({ action }: FeatureSchema): number {
  return action.kind === "choice" ? 2 * action.passes : 1;
}

/** "paper/1": how a schema is called in messages and file names. */
export function schemaTitle({ name, version }: FeatureSchema): string {
  return `${name}/${version}`;
}

/**
 * A schema that was stored as JSON.
 *
 * @throws LaminateError (bad-input) for what is none
 */
export function parseFeatureSchema(value: unknown, where: string): FeatureSchema {
  const parsed = featureSchemaSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badInput(`no feature schema: ${issue?.path.join(".") || "it"}: ${issue?.message}`, {
    where,
    fix: "make the file again with this version of laminate",
  });
}

/** Whether numbers of one schema mean the same in the other. */
export function isSameSchema(a: FeatureSchema, b: FeatureSchema): boolean {
  return JSON.stringify(featureSchemaSchema.parse(a)) === JSON.stringify(featureSchemaSchema.parse(b));
}
