/** The loss on problems held out: the forward network without dropout, on the same trajectories every time. */
import { compileGraph } from "../../compiler/codegen/compile.ts";
import { supportsRelaxedSimd } from "../../compiler/runtime/features.ts";
import type { Runtime } from "../../compiler/runtime/runtime.ts";
import type { RunningModel } from "../../compiler/runtime/start-model.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { decisionTransformer } from "../network/decision-transformer.ts";
import { partOf, type Trajectory } from "../trajectories/trajectory.ts";
import { bucketsOf } from "./buckets.ts";
import { networkInputs } from "./sampler.ts";
import type { TrainingSettings } from "./settings.ts";
import { type TrainingProblem, taughtSteps } from "./training-data.ts";

/** The mean loss over all steps; undefined where nothing is held out. */
export type Validate = (parameters: ReadonlyMap<string, Float32Array>) => Promise<number | undefined>;

/** A look takes no longer than these batches: of more trajectories it sees every n-th. */
const mostBatches = 8;

interface Part {
  readonly steps: number;
  readonly trajectories: readonly Trajectory[];
}

export function createValidator(
  problems: readonly TrainingProblem[],
  settings: TrainingSettings,
  runtime: Runtime,
): Validate {
  const parts = partsOf(problems, settings);
  const models = new Map<number, RunningModel>();
  return async (parameters) => {
    let total = 0;
    let counted = 0;
    for (const { steps, trajectories } of parts) {
      const model = models.get(steps) ?? (await compileLoss(settings, steps, runtime));
      models.set(steps, model);
      const batch = networkInputs(settings, trajectories, steps);
      const { loss } = model.runNow(new Map([...batch, ...parameters]), { views: true });
      const weight = trajectories.reduce((sum, part) => sum + taughtSteps(part), 0);
      total += weight * Number(loss?.[0]);
      counted += weight;
    }
    // As it is kept in checkpoints.
    return counted === 0 ? undefined : Math.fround(total / counted);
  };
}

function partsOf(
  problems: readonly TrainingProblem[],
  { batchSize, sizes }: TrainingSettings,
): readonly Part[] {
  const all = problems.flatMap(({ trajectories }) => trajectories).length;
  const every = Math.max(1, Math.ceil(all / (mostBatches * batchSize)));
  return bucketsOf(problems, sizes.steps).flatMap(({ steps, problems: inside }) => {
    const seen = inside
      .flatMap(({ trajectories }) => trajectories.map((whole) => lastPart(whole, steps)))
      .filter((_, at) => at % every === 0);
    return Array.from({ length: Math.ceil(seen.length / batchSize) }, (_, at) => {
      return { steps, trajectories: seen.slice(at * batchSize, (at + 1) * batchSize) };
    });
  });
}

/** Of what is longer than the window the end, where corrections have what they teach. */
function lastPart(whole: Trajectory, steps: number): Trajectory {
  return partOf(whole, Math.max(0, whole.stepCount - steps), steps);
}

async function compileLoss(
  { sizes, schema, batchSize, loss }: TrainingSettings,
  steps: number,
  runtime: Runtime,
): Promise<RunningModel> {
  const { model } = decisionTransformer({ sizes, schema, batch: batchSize, steps, loss });
  return runtime.load(compileGraph(inferShapes(model), { relaxedSimd: supportsRelaxedSimd() }));
}
