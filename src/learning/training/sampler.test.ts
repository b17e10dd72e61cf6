import { expect, test } from "vitest";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { actionWidth, normalised } from "../environment/schema.ts";
import type { Trajectory } from "../trajectories/trajectory.ts";
import { bucketsOf } from "./buckets.ts";
import { batchTensors, drawBatch, drawMasks } from "./sampler.ts";
import { sequencesOf } from "./sequences.ts";
import { splitProblems, type TrainingProblem } from "./training-data.ts";

function trajectoryOf(stepCount: number, width = 8, numbers = 1): Trajectory {
  return {
    stepCount,
    taughtFrom: 0,
    takenOver: [],
    states: new Float32Array(stepCount * width).fill(2),
    actions: new Float32Array(stepCount * numbers).fill(3),
    returnsToGo: new Float32Array(stepCount).fill(4),
    passes: new Int32Array(stepCount).fill(1),
    synced: new Int32Array(stepCount).fill(1),
  };
}

function problem(index: number, steps: number, trajectories = 1): TrainingProblem {
  const facts = { index, network: `net${index}` };
  return { facts, trajectories: Array.from({ length: trajectories }, () => trajectoryOf(steps)) };
}

test("a batch follows from seed and step alone", () => {
  const buckets = bucketsOf(
    [5, 6, 20, 30].map((steps, index) => problem(index, steps, 3)),
    30,
  );
  const draw = (seed: number, step: number) => drawBatch(buckets, { seed, batchSize: 8 }, step);
  for (const step of [0, 1, 999]) {
    const [one, again] = [draw(1, step), draw(1, step)];
    expect(again.bucket).toBe(one.bucket);
    expect(again.trajectories.every((trajectory, at) => trajectory === one.trajectories[at])).toBe(true);
  }
  const places = (seed: number, step: number): string => {
    const all = buckets.flatMap(({ problems }) => problems).flatMap(({ trajectories }) => trajectories);
    return draw(seed, step)
      .trajectories.map((trajectory) => all.indexOf(trajectory))
      .join();
  };
  const drawn = [places(1, 0), places(1, 1), places(2, 0), places(2, 1)];
  expect(new Set(drawn).size).toBe(4);
});

test("problems are equally likely, whatever their lengths and numbers of trajectories", () => {
  const problems = [
    problem(0, 5, 9),
    problem(1, 5, 1),
    problem(2, 30, 3),
    problem(3, 31, 1),
    problem(4, 32, 20),
  ];
  const counts = new Array<number>(5).fill(0);
  const buckets = bucketsOf(problems, 32);
  const batches = 4_000;
  for (let step = 0; step < batches; step++) {
    for (const trajectory of drawBatch(buckets, { seed: 5, batchSize: 2 }, step).trajectories) {
      const at = problems.findIndex(({ trajectories }) => trajectories.includes(trajectory));
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  // 8,000 draws, 1,600 each; draws of a batch share a bucket, so the deviation is at most sqrt(2 x 8,000 x 0.2 x 0.8) = 51.
  for (const count of counts) expect(Math.abs(count - 1_600)).toBeLessThan(5 * 51);
});

test("buckets are few, end at lengths that there are, and hold every problem once", () => {
  const of = (...lengths: readonly number[]) => {
    const problems = lengths.map((steps, index) => problem(index, steps));
    return bucketsOf(problems, 160).map(({ steps, problems: inside }) => [steps, inside.length]);
  };
  // The paper's networks: 22 x 8 padded steps instead of 4 x 22 + 4 x 17 = 156, an eighth more.
  expect(of(22, 22, 22, 22, 17, 17, 17, 17)).toEqual([[22, 8]]);
  // In one bucket 120 steps instead of 70; in two 80; cut anywhere else at least 90.
  expect(of(10, 10, 10, 40)).toEqual([
    [10, 3],
    [40, 1],
  ]);
  // 10 + 20 + 40 + 80 + 160 = 310: in four buckets, the cheapest pair to join is 10 and 20.
  expect(of(10, 20, 40, 80, 160).at(0)).toEqual([20, 2]);
  expect(of(7)).toEqual([[7, 1]]);
});

test("trajectories stand side by side, and what is behind them weighs nothing", () => {
  const batch = batchTensors(paperSchema, [trajectoryOf(2), trajectoryOf(3)], { batch: 3, steps: 4 });
  expect([...(batch.get("weights") ?? [])]).toEqual([1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
  expect([...(batch.get("actions") ?? [])]).toEqual([3, 3, 0, 0, 3, 3, 3, 0, 0, 0, 0, 0]);
  expect([...(batch.get("returns") ?? [])]).toEqual([4, 4, 0, 0, 4, 4, 4, 0, 0, 0, 0, 0]);
  expect([...(batch.get("synced") ?? [])]).toEqual([1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
  expect([...(batch.get("states")?.subarray(15, 17) ?? [])]).toEqual([2, 0]);
  const width = generalSchema.state.length;
  const numbers = actionWidth(generalSchema);
  const wide = batchTensors(generalSchema, [trajectoryOf(2, width, numbers)], { batch: 1, steps: 3 });
  const actions = [...(wide.get("actions") ?? [])];
  expect(actions).toEqual(actions.map((_, at) => (at < 2 * numbers ? 3 : 0)));
});

test("masks keep the mean, drop the rate, and follow from seed and step", () => {
  const lengths = [100_001, 7];
  const options = { seed: 1, dropout: 0.1 };
  const [mask = new Float32Array(), short] = drawMasks(lengths, options, 4);
  expect(drawMasks(lengths, options, 4)).toEqual([mask, short]);
  expect(short?.length).toBe(7);
  // The rate as 26 / 256; three deviations of 100,001 draws are 0.0029.
  const dropped = mask.filter((value) => value === 0).length / mask.length;
  expect(Math.abs(dropped - 26 / 256)).toBeLessThan(0.003);
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(256 / 230)]));
  const overlap = (other: Float32Array | undefined): number =>
    mask.filter((value, at) => value === 0 && other?.[at] === 0).length / mask.length;
  // Two masks without likeness drop the same element once in a hundred times.
  for (const other of [drawMasks(lengths, options, 5)[0], drawMasks(lengths, { ...options, seed: 2 }, 4)[0]])
    expect(Math.abs(overlap(other) - (26 / 256) ** 2)).toBeLessThan(0.002);
});

test("a share of the problems is held out, by the seed, with none left over or twice", () => {
  const problems = Array.from({ length: 25 }, (_, index) => problem(index, 5));
  const split = splitProblems(problems, 0.1, 1);
  expect(split.validation.length).toBe(2);
  expect(new Set([...split.training, ...split.validation]).size).toBe(25);
  expect(splitProblems(problems, 0.1, 1)).toEqual(split);
  const held = [1, 2, 3, 4].map((seed) =>
    splitProblems(problems, 0.1, seed)
      .validation.map(({ facts }) => facts.index)
      .join(),
  );
  expect(new Set(held).size).toBeGreaterThan(1);
  // The paper's eight problems are all learned from.
  expect(splitProblems(problems.slice(0, 8), 0.1, 1).validation).toEqual([]);
});

test("of trajectories that are longer than the window parts are drawn, with what is to be learned", () => {
  const whole = {
    ...trajectoryOf(50),
    states: Float32Array.from({ length: 400 }, (_, at) => Math.floor(at / 8)),
  };
  const late = { ...whole, taughtFrom: 45 };
  const buckets = bucketsOf(
    [{ facts: { index: 0, network: "long" }, trajectories: [whole, late] }, problem(1, 9)],
    20,
  );
  expect(buckets.map(({ steps }) => steps)).toEqual([9, 20]);
  const starts = { whole: new Set<number>(), late: new Set<number>() };
  for (let step = 0; step < 400; step++) {
    const { bucket, trajectories } = drawBatch(buckets, { seed: 3, batchSize: 2 }, step);
    if (bucket.steps === 9) continue;
    for (const part of trajectories) {
      const start = part.states[0] ?? -1;
      expect([part.stepCount, part.states.length, part.states.at(-1)]).toEqual([20, 160, start + 19]);
      expect([part.actions.length, part.passes.length, part.synced.length]).toEqual([20, 20, 20]);
      if (part.taughtFrom === 0) starts.whole.add(start);
      else {
        expect(part.taughtFrom).toBe(45 - start);
        starts.late.add(start);
      }
    }
  }
  expect([Math.min(...starts.whole), Math.max(...starts.whole)]).toEqual([0, 30]);
  // Of a correction that begins at step 45 the last five steps teach: no part may leave them out.
  expect([...starts.late]).toEqual([30]);
});

test("what is only told does not count", () => {
  const told = { ...trajectoryOf(4), taughtFrom: 3 };
  const batch = batchTensors(paperSchema, [told, trajectoryOf(2)], { batch: 2, steps: 5 });
  expect([...(batch.get("weights") ?? [])]).toEqual([0, 0, 0, 1, 0, 1, 1, 0, 0, 0]);
  expect([...(batch.get("actions") ?? [])]).toEqual([3, 3, 3, 3, 0, 3, 3, 0, 0, 0]);
});

test("groups are sequences of their own, those of a problem and of one length together", () => {
  const width = generalSchema.state.length;
  const open = generalSchema.state.findIndex(({ name }) => name === "openLayers");
  const feature = generalSchema.state[open];
  if (feature === undefined) throw new Error("no openLayers");
  // The input, groups of two, one and two layers, and another of three: what is open before each step.
  const layers = [0, 0, 1, 0, 0, 1, 0, 1, 2];
  const trajectory = { ...trajectoryOf(layers.length, width, actionWidth(generalSchema)), taughtFrom: 2 };
  layers.forEach((count, step) => {
    trajectory.states[step * width + open] = normalised(feature, count);
    trajectory.passes[step] = step;
  });
  const given = {
    facts: { index: 7, network: "net" },
    trajectories: [trajectory, { ...trajectory, taughtFrom: 4 }],
  };
  const found = sequencesOf([given], generalSchema, { ...sizes, sequence: "group" });
  expect(found.map(({ facts }) => facts.index)).toEqual([7, 7, 7]);
  const told = found.map(({ trajectories }) =>
    trajectories.map(({ passes, taughtFrom }) => `${passes.join(" ")} from ${taughtFrom}`),
  );
  // Of the second trajectory nothing before step 4 teaches, so its groups up to there are left out.
  expect(told).toEqual([
    ["1 2 from 1", "4 5 from 0", "4 5 from 0"],
    ["3 from 0"],
    ["6 7 8 from 0", "6 7 8 from 0"],
  ]);
  // Where a teacher took step 5 over the group of it stands twice more, and knows which of its steps that is.
  const guided = { ...given, trajectories: [{ ...trajectory, takenOver: [5] }] };
  const more = sequencesOf([guided], generalSchema, { ...sizes, sequence: "group" });
  expect(
    more.map(({ trajectories }) => trajectories.map(({ passes, takenOver }) => [passes[0], takenOver])),
  ).toEqual([
    [
      [1, []],
      [4, [1]],
    ],
    [[3, []]],
    [[6, []]],
    [[4, [1]]],
    [[4, [1]]],
  ]);
  expect(sequencesOf([given], generalSchema, sizes)).toEqual([given]);
  expect(() => sequencesOf([given], paperSchema, { ...sizes, sequence: "group" })).toThrow(
    "the features paper/1 do not tell where a group opens",
  );
});

const sizes = { steps: 64, blocks: 1, heads: 1, width: 8 };
