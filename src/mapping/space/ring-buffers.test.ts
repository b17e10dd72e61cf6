import { describe, expect, test } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { randomWorkload, sketchWorkload } from "../testing/small-workloads.ts";
import { groupGraph } from "./group-graph.ts";
import { doublingLadder, smallestPerPassCount } from "./pass-sizes.ts";
import { pullSchedule, walkedRingImages } from "./pull-schedule.ts";
import { onOneLadder, pairRingImages, ringImages } from "./ring-buffers.ts";

const chain = sketchWorkload(1, [
  { outputBytes: 1, reads: [-1] },
  { outputBytes: 1, reads: [0] },
]);

describe("a chain edge", () => {
  test("holds the producer's pass when the reader's divides it", () => {
    expect(pairRingImages(6, 3, 64)).toBe(6);
  });

  test("holds leftovers when pass sizes do not divide each other", () => {
    // 5 arrive, 3 are read, 2 wait; 5 more make 7. Never more than 5 + 3 - gcd = 7.
    expect(pairRingImages(5, 3, 64)).toBe(7);
  });

  test("equals the walked schedule for every pair of pass sizes up to batch 24", () => {
    for (let batch = 1; batch <= 24; batch++) {
      for (let producer = 1; producer <= batch; producer++) {
        for (let reader = 1; reader <= batch; reader++) {
          const group = groupGraph(chain, { first: 0, last: 1 });
          const walked = walkedRingImages(group, (layer) => (layer === 0 ? producer : reader), batch);
          expect([producer, reader, batch, pairRingImages(producer, reader, batch)]).toEqual([
            producer,
            reader,
            batch,
            walked[0],
          ]);
        }
      }
    }
  });
});

describe("a skip connection", () => {
  // L0 -> L1 -> L2, and L0 -> L2.
  const residual = sketchWorkload(1, [
    { outputBytes: 1, reads: [-1] },
    { outputBytes: 1, reads: [0] },
    { outputBytes: 1, reads: [1, 0] },
  ]);

  test("is held until the slowest reader has it: the largest pass on the way", () => {
    const passes = [1, 4, 2];
    const group = groupGraph(residual, { first: 0, last: 2 });
    // L1 pulls four images of L0 before L2 reads two of them.
    expect(walkedRingImages(group, (layer) => passes[layer] ?? 1, 8)).toEqual([4, 4]);
  });

  test("fires in pull order", () => {
    const passes = [1, 2, 1];
    const group = groupGraph(residual, { first: 0, last: 2 });
    const fired = [...pullSchedule(group, (layer) => passes[layer] ?? 1, 3)].map((firing) =>
      firing.kind === "layer" ? `L${firing.layer}:${firing.firstImage}+${firing.images}` : "",
    );
    expect(fired.join(" ")).toBe("L0:0+1 L0:1+1 L1:0+2 L2:0+1 L2:1+1 L0:2+1 L1:2+1 L2:2+1");
  });
});

test("the closed forms equal the walked schedule on 3,000 random groups with pass sizes on a ladder", () => {
  const seed = 20_261;
  const random = seededRandom(seed);
  for (let trial = 0; trial < 3_000; trial++) {
    const layers = 2 + random.below(8);
    const workload = randomWorkload(random, layers, 0.4);
    const batch = 1 + random.below(40);
    const ladder = doublingLadder(batch);
    const passes = Array.from({ length: layers }, () => ladder[random.below(ladder.length)] ?? 1);
    const first = random.below(layers);
    const group = groupGraph(workload, { first, last: first + random.below(layers - first) });
    const passOf = (layer: number): number => passes[layer] ?? 1;
    const where = `seed ${seed} trial ${trial}`;
    expect([where, ...ringImages(group, passOf, batch)]).toEqual([
      where,
      ...walkedRingImages(group, passOf, batch),
    ]);
  }
});

test("every layer of a walked group makes the whole batch, once, in order", () => {
  const random = seededRandom(7);
  for (let trial = 0; trial < 300; trial++) {
    const layers = 1 + random.below(7);
    const workload = randomWorkload(random, layers, 0.5);
    const batch = 1 + random.below(20);
    const passes = Array.from({ length: layers }, () => 1 + random.below(batch));
    const made = new Array<number>(layers).fill(0);
    const group = groupGraph(workload, { first: 0, last: layers - 1 });
    for (const firing of pullSchedule(group, (layer) => passes[layer] ?? 1, batch)) {
      if (firing.kind === "load") continue;
      expect(firing.firstImage).toBe(made[firing.layer]);
      made[firing.layer] = firing.firstImage + firing.images;
    }
    expect(made).toEqual(new Array(layers).fill(batch));
  }
});

test("pass sizes", () => {
  expect(doublingLadder(64)).toEqual([1, 2, 4, 8, 16, 32, 64]);
  expect(doublingLadder(100)).toEqual([1, 2, 4, 8, 16, 32, 64, 100]);
  expect(smallestPerPassCount(64)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 16, 22, 32, 64]);
  expect(smallestPerPassCount(1)).toEqual([1]);
  expect(onOneLadder([1, 4, 100], 100)).toBe(true);
  expect(onOneLadder([2, 3], 100)).toBe(false);
});
