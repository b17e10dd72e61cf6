import { expect, test } from "vitest";
import { floats, network } from "../../../test/network.ts";
import type { ProfileEntries } from "../fusion/latency-profile.ts";
import { planFusion } from "../fusion/plan.ts";
import type { MeasureBlocks } from "./measure-blocks.ts";
import { profiledLatency } from "./profiled-latency.ts";
import { type TuneOptions, tuneNetwork } from "./tune.ts";

/** Matrix products with a Transpose before each: yellow, and by the static estimate fused. Both layers are alike. */
const typed = network({
  inputs: { x: [8, 8] },
  constants: { w: floats([8, 8]), v: floats([8, 8]) },
  nodes: {
    a: ["Transpose", ["x"], { perm: [1, 0] }],
    b: ["MatMul", ["a", "w"]],
    c: ["Softmax", ["b"]],
    d: ["Transpose", ["c"], { perm: [1, 0] }],
    e: ["MatMul", ["d", "v"]],
    f: ["Softmax", ["e"]],
  },
  outputs: ["f"],
});

const blocksOf = (plan: ReturnType<typeof planFusion>): readonly string[] =>
  plan.blocks.map(({ nodes }) => nodes.map((node) => plan.typed.graph.nodes[node]?.name).join(" "));

/** A block of n operators takes n to this power, so that 1 is no difference, below fusing is faster, above slower. */
const measure =
  (power: number): MeasureBlocks =>
  async (_, sets) =>
    sets.map((nodes) => nodes.length ** power);

const options = (more: Partial<TuneOptions> = {}): TuneOptions => ({
  measure: measure(2),
  entries: new Map(),
  clock: () => 0,
  budgetSeconds: 1,
  ...more,
});

test("what is measured slower fused is kept apart, though the estimate says otherwise", async () => {
  expect(blocksOf(planFusion(typed))).toEqual(["a b", "c d", "e", "f"]);
  const tuned = await tuneNetwork(typed, options());
  expect(blocksOf(tuned.staticPlan)).toEqual(blocksOf(planFusion(typed)));
  expect(blocksOf(tuned.plan)).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect(tuned).toMatchObject({ complete: true, byLatency: tuned.decisions, changed: tuned.decisions });
  const latencyOf = profiledLatency(typed, tuned.entries);
  expect(blocksOf(planFusion(typed, { latencyOf }))).toEqual(blocksOf(tuned.plan));
  const verdict = tuned.plan.verdicts.find(({ consumer }) => consumer === 1);
  expect(verdict).toMatchObject({
    fused: false,
    reason: { kind: "latency", fusedLatency: 4, separateLatency: 2 },
  });
});

test("a difference within the noise leaves it to the estimate", async () => {
  const tuned = await tuneNetwork(typed, options({ measure: measure(1.01) }));
  expect(blocksOf(tuned.plan)).toEqual(blocksOf(tuned.staticPlan));
  expect(tuned).toMatchObject({ complete: true, byLatency: 0, changed: 0 });
});

test("alike decisions are measured once, and known ones never again", async () => {
  const asked: string[] = [];
  const watched: MeasureBlocks = async (network, sets) => {
    asked.push(sets.map((nodes) => nodes.join()).join(" | "));
    return measure(2)(network, sets);
  };
  const tuned = await tuneNetwork(typed, options({ measure: watched }));
  expect(tuned.measured).toBe(asked.length);
  expect(new Set(asked).size).toBe(asked.length);
  asked.length = 0;
  const again = await tuneNetwork(typed, options({ measure: watched, entries: tuned.entries }));
  expect(asked).toEqual([]);
  expect(again).toMatchObject({ measured: 0, complete: true, decisions: tuned.decisions });
  expect(again.entries).toEqual(tuned.entries);
});

test("what does not compile alone is remembered, and the estimate decides", async () => {
  const tuned = await tuneNetwork(
    typed,
    options({ measure: async (_, sets) => sets.map((nodes) => (nodes.length > 1 ? null : 1)) }),
  );
  expect(blocksOf(tuned.plan)).toEqual(blocksOf(tuned.staticPlan));
  expect([...tuned.entries.values()].some(({ seconds }) => seconds === null)).toBe(true);
  expect(tuned).toMatchObject({ complete: true, byLatency: 0 });
});

test("a tuning that is interrupted keeps what was measured, and goes on from there", async () => {
  const controller = new AbortController();
  const kept: ProfileEntries[] = [];
  const interrupted = await tuneNetwork(
    typed,
    options({
      signal: controller.signal,
      onMeasured: (entries) => {
        kept.push(entries);
        controller.abort();
      },
    }),
  );
  expect(interrupted).toMatchObject({ measured: 1, complete: false });
  expect(interrupted.entries.size).toBeGreaterThan(0);
  expect(kept).toEqual([interrupted.entries]);
  const whole = await tuneNetwork(typed, options());
  const resumed = await tuneNetwork(typed, options({ entries: interrupted.entries }));
  expect(resumed.entries).toEqual(whole.entries);
  expect(resumed.measured).toBe(whole.measured - 1);
});

test("a budget that is over ends it before the next measurement", async () => {
  let now = 0;
  const tuned = await tuneNetwork(
    typed,
    options({
      budgetSeconds: 1.5,
      clock: () => now,
      measure: async (network, sets) => {
        now++;
        return measure(2)(network, sets);
      },
    }),
  );
  expect(tuned).toMatchObject({ measured: 2, complete: false });
});

test("networks whose sizes are open are planned by the estimate", async () => {
  const types = new Map([...typed.types].map(([name, type]) => [name, { ...type, shape: ["n", 8] }]));
  const tuned = await tuneNetwork({ ...typed, types }, options());
  expect(tuned).toMatchObject({ measured: 0, complete: true, byLatency: 0 });
});
