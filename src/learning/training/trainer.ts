/**
 * Trains the mapper's network on the compiled runtime, step by step (DNNFuser, section 4.5; Chen et al., Decision Transformer,
 * NeurIPS 2021). One network is compiled for each bucket when it is first drawn, and parameters go from one to the other. All
 * that is random follows from seed and step, so a training that goes on from a state is the training that was never
 * interrupted, bit for bit, on any number of threads.
 */
import { LaminateError } from "../../base/errors.ts";
import { product } from "../../base/integers.ts";
import { compileGraph } from "../../compiler/codegen/compile.ts";
import type { Elements } from "../../compiler/runtime/elements.ts";
import { supportsRelaxedSimd } from "../../compiler/runtime/features.ts";
import type { Runtime } from "../../compiler/runtime/runtime.ts";
import type { RunningModel } from "../../compiler/runtime/start-model.ts";
import { type TrainingGraph, trainingGraph } from "../../graph/autodiff/training-graph.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { decisionTransformer } from "../network/decision-transformer.ts";
import { type Bucket, bucketsOf } from "./buckets.ts";
import { drawBatch, drawMasks, networkInputs } from "./sampler.ts";
import { sequencesOf } from "./sequences.ts";
import { decays, learningRateAt, type TrainingSettings } from "./settings.ts";
import type { TrainerState } from "./state.ts";
import { splitProblems, type TrainingData } from "./training-data.ts";
import { createValidator } from "./validator.ts";

export interface TrainingInput {
  readonly data: TrainingData;
  readonly settings: TrainingSettings;
  /** Where it goes on. */
  readonly state: TrainerState;
  readonly runtime: Runtime;
}

/** One step that was made. */
export interface TrainingStep {
  /** Steps made, this one among them. */
  readonly step: number;
  /** Of its batch, before the step. */
  readonly loss: number;
  /** Of all gradients, before they were clipped. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Of the problems held out, after the step; there where it was looked at. */
  readonly validationLoss?: number;
  /** After the step. */
  readonly state: TrainerState;
}

/**
 * The steps from the state on, up to those of the settings. Leaving the loop ends it.
 *
 * @throws LaminateError (bad-input) where the loss is no number any more: it names the step, and the state before it stays good
 */
export async function* trainMapper(input: TrainingInput): AsyncGenerator<TrainingStep> {
  const { data, settings, runtime } = input;
  const { schema, sizes } = settings;
  const split = splitProblems(data.problems, settings.validationShare, settings.seed);
  const training = sequencesOf(split.training, schema, sizes);
  const validation = sequencesOf(split.validation, schema, sizes);
  const buckets = bucketsOf(training, sizes.steps);
  const compiled = new Map<Bucket, CompiledStep>();
  const validate = createValidator(validation, settings, runtime);
  let { state } = input;
  while (state.step < settings.steps) {
    const { bucket, trajectories } = drawBatch(buckets, settings, state.step);
    const step = compiled.get(bucket) ?? (await compileStep(settings, bucket.steps, runtime));
    compiled.set(bucket, step);
    const made = runStep(step, settings, state, networkInputs(settings, trajectories, bucket.steps));
    state = made.state;
    const isLooked = state.step % settings.validateEvery === 0 || state.step === settings.steps;
    const validationLoss = isLooked ? await validate(state.parameters) : undefined;
    yield validationLoss === undefined ? made : { ...made, validationLoss };
  }
}

interface CompiledStep {
  readonly graph: TrainingGraph;
  readonly model: RunningModel;
  readonly masks: readonly { readonly name: string; readonly length: number }[];
}

async function compileStep(
  { sizes, schema, batchSize, loss, dropout, weightDecay, clipNorm }: TrainingSettings,
  steps: number,
  runtime: Runtime,
): Promise<CompiledStep> {
  const transformer = decisionTransformer({
    sizes,
    schema,
    batch: batchSize,
    steps,
    loss,
    dropout: dropout > 0,
  });
  const graph = trainingGraph(inferShapes(transformer.model), {
    loss: transformer.loss,
    parameters: transformer.parameters,
    optimizer: { kind: "adamw", weightDecay, clipNorm, decays },
  });
  const program = compileGraph(graph.typed, { relaxedSimd: supportsRelaxedSimd() });
  const masks = transformer.masks.map(({ name, type }) => {
    return { name, length: product((type.shape ?? []).map(Number)) };
  });
  return { graph, model: await runtime.load(program), masks };
}

function runStep(
  { graph, model, masks }: CompiledStep,
  settings: TrainingSettings,
  state: TrainerState,
  batch: ReadonlyMap<string, Float32Array>,
): TrainingStep {
  const learningRate = learningRateAt(settings, state.step);
  const lengths = masks.map(({ length }) => length);
  const drawn = drawMasks(lengths, settings, state.step);
  const given = new Map<string, Float32Array>([
    ...batch,
    ...masks.map(({ name }, at) => [name, drawn[at] ?? new Float32Array()] as const),
    ...state.parameters,
    [graph.step.input, Float32Array.of(state.step)],
    [graph.learningRate, Float32Array.of(learningRate)],
  ]);
  graph.parameters.forEach(({ input }, at) => {
    const moments = state.moments.get(input);
    graph.moments[at]?.forEach((moment, which) => {
      given.set(moment.input, moments?.[which] ?? new Float32Array());
    });
  });
  const outputs = model.runNow(given);
  const loss = floats(outputs, graph.loss)[0] ?? Number.NaN;
  const gradientNorm = floats(outputs, graph.gradientNorm)[0] ?? Number.NaN;
  const step = state.step + 1;
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw diverged(step, loss, gradientNorm);
  const next = {
    step,
    parameters: new Map(graph.parameters.map(({ input, output }) => [input, floats(outputs, output)])),
    moments: new Map(
      graph.parameters.map(({ input }, at) => {
        const [first, second] = graph.moments[at] ?? [];
        return [input, [floats(outputs, first?.output), floats(outputs, second?.output)]] as const;
      }),
    ),
  };
  return { step, loss, gradientNorm, learningRate, state: next };
}

function floats(outputs: Readonly<Record<string, Elements>>, name = ""): Float32Array {
  const found = outputs[name];
  if (found instanceof Float32Array) return found;
  throw new Error(`internal: ${name} is no output of floats`);
}

function diverged(step: number, loss: number, gradientNorm: number): LaminateError {
  const what = Number.isFinite(loss) ? `the gradient's length is ${gradientNorm}` : `the loss is ${loss}`;
  return new LaminateError({
    code: "bad-input",
    message: `${what} at step ${step}: the training has left all bounds`,
    where: `step ${step}`,
    fix: "train with a lower learning rate, or a longer warm-up",
  });
}
