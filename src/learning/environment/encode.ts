/** States and actions as numbers, by a feature schema, and what a network answers as a decision. */
import { badInput } from "../../base/errors.ts";
import { doublingLadder, nearestSize } from "../../mapping/space/pass-sizes.ts";
import type { Decision } from "./decision.ts";
import type { Environment } from "./environment.ts";
import type { LookAhead } from "./look-ahead.ts";
import { progressFeatures } from "./progress-features.ts";
import { actionWidth, type Feature, type FeatureSchema, normalised, schemaTitle } from "./schema.ts";
import { type StepView, stepFeatures, stepView } from "./step-features.ts";

/** Writes states of one problem. */
export interface StateEncoder {
  /** Numbers of a state. */
  readonly width: number;
  /** The conditioning memory, the same at every step. */
  readonly returnToGo: number;
  /** Writes the state of the environment's next step to target[at .. at + width). */
  write(target: Float32Array, at: number): void;
}

/**
 * O(steps x features) to set up, then O(features) a state beside what the environment takes.
 *
 * @throws LaminateError (bad-input) for a schema with a feature that this version does not know
 */
export function createStateEncoder(schema: FeatureSchema, environment: Environment): StateEncoder {
  const { stepCount, model, baselineCost } = environment;
  const width = schema.state.length;
  checkFeatures(schema);
  const fixed = new Float32Array(stepCount * width);
  for (let step = 0; step < stepCount; step++) {
    const view = stepView(model, step, baselineCost);
    schema.state.forEach((feature, index) => {
      fixed[step * width + index] = fixedValue(feature, view) ?? 0;
    });
  }
  const moving = schema.state.flatMap((feature, index) => {
    const raw = progressFeatures[feature.name];
    return raw === undefined ? [] : [{ feature, index, raw }];
  });
  return {
    width,
    returnToGo: fixedValue(schema.returnToGo, stepView(model, 0, baselineCost)) ?? 0,
    write(target, at) {
      const { step } = environment;
      target.set(fixed.subarray(step * width, (step + 1) * width), at);
      const seen = new Map<number, LookAhead>();
      const lookAhead = (layers: number): LookAhead => {
        const found = seen.get(layers) ?? environment.lookAhead(layers);
        seen.set(layers, found);
        return found;
      };
      for (const { feature, index, raw } of moving)
        target[at + index] = normalised(feature, raw(environment, lookAhead));
    },
  };
}

/** The value of a feature that does not hang on what is decided; undefined for the others. */
function fixedValue(feature: Feature, view: StepView): number | undefined {
  const raw = stepFeatures[feature.name];
  return raw === undefined ? undefined : normalised(feature, raw(view));
}

function checkFeatures(schema: FeatureSchema): void {
  const isKnown = (name: string): boolean =>
    Object.hasOwn(stepFeatures, name) || Object.hasOwn(progressFeatures, name);
  const wrong =
    schema.state.find(({ name }) => !isKnown(name)) ??
    (Object.hasOwn(stepFeatures, schema.returnToGo.name) ? undefined : schema.returnToGo);
  if (wrong === undefined) return;
  throw badInput(`this version does not know the feature "${wrong.name}"`, {
    where: `feature schema ${schemaTitle(schema)}`,
    fix: "use the version of laminate that wrote the schema, or train again with a schema of this one",
  });
}

/** Writes a decision as numbers to target[at ..]. */
export function writeAction(
  schema: FeatureSchema,
  { pass, output }: Decision,
  batch: number,
  target: Float32Array,
  at: number,
): void {
  const { action } = schema;
  switch (action.kind) {
    case "share":
      target[at] = output === "sync" ? action.sync : pass / batch;
      return;
    case "choice":
      target.fill(0, at, at + actionWidth(schema));
      target[at + (output === "stage" ? 0 : action.passes) + sizeIndex(pass, batch, action.passes)] = 1;
      return;
    default:
      action satisfies never;
  }
}

/** Where a pass size stands on the ladder, or the size nearest to it; on a ladder that is longer than `sizes` the last at most. */
function sizeIndex(pass: number, batch: number, sizes: number): number {
  return Math.min(nearestSize(doublingLadder(batch), pass), sizes - 1);
}

/** What a decision is read for. */
type Decider = Pick<Environment, "model" | "impliedPass" | "step">;

/**
 * The decisions that numbers of an answer stand for, the most wanted first; of shares the nearest alone. They need not be allowed
 * (allowed.ts chooses), but their pass sizes are always from 1 to the batch. A sync without a pass size of its own takes
 * the implied one.
 */
export function readAction(
  schema: FeatureSchema,
  source: Float32Array,
  at: number,
  decider: Decider,
): readonly Decision[] {
  const { model, impliedPass } = decider;
  const { batch } = model.problem;
  const { action } = schema;
  if (action.kind === "choice") {
    return readChoices(source.subarray(at, at + actionWidth(schema)), action.passes, decider);
  }
  const first = source[at] ?? Number.NaN;
  const middle = (action.sync + 1 / batch) / 2;
  // What is no number is the safe answer: a sync.
  if (!(first >= middle)) return [{ pass: impliedPass, output: "sync" }];
  return [{ pass: within(first * batch, batch), output: "stage" }];
}

function readChoices(
  wanted: Float32Array,
  sizes: number,
  { model, impliedPass, step }: Decider,
): readonly Decision[] {
  const { batch, mode } = model.problem;
  const ladder = doublingLadder(batch).slice(0, sizes);
  const follows = mode === "paper" || step === 0;
  const choices = (["sync", "stage"] as const).flatMap((output) =>
    ladder.map((pass, index) => {
      const want = wanted[(output === "stage" ? 0 : sizes) + index] ?? Number.NaN;
      const decision: Decision = { pass: output === "sync" && follows ? impliedPass : pass, output };
      return { decision, want: Number.isNaN(want) ? Number.NEGATIVE_INFINITY : want };
    }),
  );
  // Equals stay in their order: syncs first, and of these the smallest pass.
  return choices
    .sort((a, b) => (b.want > a.want ? 1 : b.want < a.want ? -1 : 0))
    .map(({ decision }) => decision);
}

function within(images: number, batch: number): number {
  return Number.isNaN(images) ? 1 : Math.min(batch, Math.max(1, Math.round(images)));
}
