/** Training on the compiled runtime: it learns, it goes on bit for bit, and it stops where numbers end. */
import { afterAll, describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../base/safetensors.ts";
import { createRuntime } from "../../compiler/runtime/runtime.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { readMapperWeights, writeMapperWeights } from "../network/mapper-weights.ts";
import { checkSettings, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { type History, HistoryWriter, noHistory, recentLoss } from "./history.ts";
import { differentSetting, learningRateAt, type TrainingSettings } from "./settings.ts";
import type { TrainerState } from "./state.ts";
import { tinyData, tinySettings, tinyState } from "./testing/tiny-training.ts";
import { type TrainingStep, trainMapper } from "./trainer.ts";

const data = tinyData();
const runtime = createRuntime();
afterAll(() => runtime.dispose());

interface Run {
  readonly steps: readonly TrainingStep[];
  readonly state: TrainerState;
  readonly history: History;
}

async function trained(
  settings: TrainingSettings,
  { state = tinyState(settings), history = noHistory, until = settings.steps, from = data } = {},
): Promise<Run> {
  const steps: TrainingStep[] = [];
  const writer = new HistoryWriter(history);
  let last = state;
  for await (const step of trainMapper({ data: from, settings, state, runtime })) {
    steps.push(step);
    writer.add(step);
    last = step.state;
    if (step.step === until) break;
  }
  return { steps, state: last, history: writer };
}

const file = (settings: TrainingSettings, { state, history }: Pick<Run, "state" | "history">) =>
  writeCheckpoint({ settings, state, history });

test("the loss falls, on problems held out too", async () => {
  const settings = tinySettings({ steps: 120, validateEvery: 20, dropout: 0 });
  const { steps, history } = await trained(settings);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
  const atFirst = recentLoss({ ...history, losses: history.losses.slice(0, 5) }) ?? 0;
  expect(recentLoss(history, 20)).toBeLessThan(0.7 * atFirst);
  expect(history.validationSteps).toEqual([20, 40, 60, 80, 100, 120]);
  expect(history.validationLosses.at(-1)).toBeLessThan(0.7 * atFirst);
  expect(steps[0]?.gradientNorm).toBeGreaterThan(0);
  expect(steps[0]?.learningRate).toBeCloseTo(1e-2 / 3, 12);
});

test("choices and the loss of decisions are learned as well", async () => {
  const settings = tinySettings({ steps: 200, schema: generalSchema, loss: "decision", validationShare: 0 });
  const { history } = await trained(settings, { from: tinyData(generalSchema) });
  expect(recentLoss(history, 10)).toBeLessThan((history.losses[0] ?? 0) / 2);
  expect(history.validationLosses).toEqual([]);
});

describe("a training that goes on from a file", () => {
  const settings = tinySettings();
  // Of two lengths, so that parameters go from one compiled network to the other.
  const from = tinyData(settings.schema, 12);
  const whole = trained(settings, { from });

  test("ends with the bytes of one that was never stopped", async () => {
    const half = readCheckpoint(file(settings, await trained(settings, { from, until: 7 })), "half");
    expect(half.settings).toEqual(settings);
    expect(half.state.step).toBe(7);
    const rest = await trained(settings, { ...half, from });
    expect(rest.steps.map(({ step }) => step)).toEqual([8, 9, 10, 11, 12]);
    expect(Buffer.compare(file(settings, rest), file(settings, await whole))).toBe(0);
  });

  test("hangs on dropout and decay", async () => {
    const head = (run: Pick<Run, "steps">) => run.steps[2]?.state.parameters.get("head.weight");
    for (const change of [{ dropout: 0 }, { weightDecay: 0.1 }]) {
      const other = await trained(tinySettings(change), { from, until: 3 });
      expect(head(other), JSON.stringify(change)).not.toEqual(head(await whole));
    }
  });
});

test("weights of a training come back from their file", async () => {
  const settings = tinySettings({ validationShare: 0 });
  const { state } = await trained(settings, { until: 2 });
  const { sizes, schema } = settings;
  const bytes = writeMapperWeights({ sizes, schema, parameters: state.parameters, record: { settings } });
  expect(readMapperWeights(bytes, "w").parameters).toEqual(state.parameters);
});

test("a loss that is no number any more names its step, and the state before it stays good", async () => {
  const settings = tinySettings({ learningRate: 1e30, warmUp: 0, validationShare: 0 });
  const seen: TrainingStep[] = [];
  const training = async (): Promise<void> => {
    const input = { data, settings, state: tinyState(settings), runtime };
    for await (const step of trainMapper(input)) seen.push(step);
  };
  await expect(training()).rejects.toMatchObject({
    code: "bad-input",
    message: expect.stringMatching(/at step 2: the training has left all bounds/),
    fix: expect.stringContaining("lower learning rate"),
  });
  expect(seen.length).toBe(1);
  const numbers = [...(seen[0]?.state.parameters.values() ?? [])];
  expect(numbers.every((values) => values.every(Number.isFinite))).toBe(true);
});

describe("checkpoints", () => {
  const settings = tinySettings();
  const start = { settings, state: tinyState(settings), history: noHistory };

  test("that are damaged or something else are refused", () => {
    const bytes = writeCheckpoint(start);
    const changed = (key: string, text: string): Uint8Array => {
      const parts = readSafetensors(bytes, "x");
      return writeSafetensors({ ...parts, metadata: new Map([...parts.metadata, [key, text]]) });
    };
    const { sizes, schema } = settings;
    const weights = writeMapperWeights({ sizes, schema, parameters: start.state.parameters, record: {} });
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [weights, /no checkpoint of a training: its format is "laminate.mapper\/1"/],
      [bytes.subarray(0, 2_000), /cut off/],
      [changed("settings", "{"), /its settings are broken: no JSON/],
      [changed("settings", JSON.stringify({ ...settings, dropout: 2 })), /its settings are broken: dropout/],
      [changed("step", "99"), /"99" steps were made/],
      [changed("step", "3"), /its losses are not those of its steps/],
      [changed("settings", JSON.stringify({ ...settings, sizes: { ...sizes, blocks: 3 } })), /missing/],
    ];
    for (const [given, message] of cases) expect(() => readCheckpoint(given, "c")).toThrow(message);
    const broken = new Map([...start.state.parameters, ["head.bias", Float32Array.of(Number.NaN)]]);
    const infinite = writeCheckpoint({ ...start, state: { ...start.state, parameters: broken } });
    expect(() => readCheckpoint(infinite, "c")).toThrow('"head.bias" holds a number that is not finite');
  });

  test("of other settings are refused, which are named; only a constant rate may take more steps", () => {
    expect(() => checkSettings(settings, tinySettings(), "c")).not.toThrow();
    expect(() => checkSettings(settings, tinySettings({ batchSize: 8 }), "c")).toThrow(
      "begun with other settings: batchSize 4, and now 8",
    );
    expect(differentSetting(settings, tinySettings({ steps: 13 }))).toBe("steps");
    const constant = tinySettings({ schedule: "constant" });
    expect(differentSetting(constant, { ...constant, steps: 13 })).toBeUndefined();
    expect(differentSetting(constant, { ...constant, steps: 11 })).toBe("steps");
  });
});

test("the learning rate rises in a line, then stays, or falls by a cosine to a tenth", () => {
  const settings = tinySettings({ learningRate: 1, warmUp: 4, steps: 104 });
  const at = (steps: readonly number[], schedule: "cosine" | "constant") =>
    steps.map((step) => learningRateAt({ ...settings, schedule }, step));
  expect(at([0, 1, 3], "cosine")).toEqual([0.25, 0.5, 1]);
  // Half of the way: 0.1 + 0.9 / 2.
  expect(at([4, 54, 104], "cosine").map((rate) => Number(rate.toFixed(12)))).toEqual([1, 0.55, 0.1]);
  expect(at([0, 4, 54, 103], "constant")).toEqual([0.25, 1, 1, 1]);
});
