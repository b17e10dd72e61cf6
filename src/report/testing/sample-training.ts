/** A training as its document and curve, for tests of the pages. */
import { type LossCurve, type TrainDocument, trainSchemaName } from "../train-document.ts";

export function sampleTraining(): TrainDocument {
  return {
    schema: trainSchemaName,
    folder: "out/mapper",
    complete: true,
    data: {
      folder: "out/data",
      digest: "d1".repeat(32),
      features: "paper/1",
      networks: ["resnet18", "<vgg>"],
      draws: 0,
      batches: [64],
      memoriesBytes: [16e6, 32e6],
      accelerator: "dnnfuser-2022-calibrated",
      generated: 1_000,
      generatedSeed: 7,
      objective: "latency",
      paperMode: true,
      teachers: ["g-teacher", "exact"],
      problems: 1_004,
      heldOut: 100,
      trajectories: 9_000,
      steps: 180_000,
      longest: 40,
    },
    network: { blocks: 1, heads: 2, width: 128, steps: 57, parameters: 603_393 },
    settings: {
      loss: "mse",
      batchSize: 32,
      learningRate: 1e-3,
      warmUp: 50,
      schedule: "cosine",
      weightDecay: 1e-4,
      clipNorm: 0.25,
      dropout: 0.1,
      seed: 3,
      from: null,
    },
    steps: { planned: 500, done: 500, made: 500 },
    losses: { first: 0.5, last: 0.0123, validation: 0.0456 },
    choice: null,
    threads: 1,
    secondsPerStep: null,
    files: ["weights.safetensors"],
  };
}

/** From 1 down by a tenth for every 100 steps. */
export function sampleCurve(steps = 500): LossCurve {
  const losses = Array.from({ length: steps }, (_, at) => 10 ** (-at / 100));
  const validationSteps = [100, 200, 300, 400, 500].filter((step) => step <= steps);
  return { losses, validationSteps, validationLosses: validationSteps.map((step) => 10 ** (-step / 200)) };
}
