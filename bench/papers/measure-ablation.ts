/**
 * What each step of DNNFusion brings, on one network: the same code generator with no fusion, fixed patterns, the table,
 * the table after rewriting, with the exceptions, and with a profile. All programs are in one process and run in interleaved
 * rounds, warm.
 */
import { seededRandom } from "../../src/base/random.ts";
import { type RoundOptions, runRounds } from "../../src/base/rounds.ts";
import { bootstrapRatio, type RatioInterval, type Summary, summarize } from "../../src/base/statistics.ts";
import { errorParts } from "../../src/cli/failure.ts";
import { compilePlan } from "../../src/compiler/codegen/compile.ts";
import { planFixed, planNone } from "../../src/compiler/fusion/fixed-plan.ts";
import type { FusionPlan } from "../../src/compiler/fusion/fusion-plan.ts";
import type { ProfileEntries } from "../../src/compiler/fusion/latency-profile.ts";
import { exceptionNames, planFusion } from "../../src/compiler/fusion/plan.ts";
import { summarizePlan } from "../../src/compiler/fusion/plan-summary.ts";
import { optimizeGraph, passNames } from "../../src/compiler/fusion/rewrite/optimize.ts";
import { profiledLatency } from "../../src/compiler/profile/profiled-latency.ts";
import { createRuntime } from "../../src/compiler/runtime/runtime.ts";
import { randomInputs } from "../../src/graph/interpreter/random-inputs.ts";
import type { TypedGraph } from "../../src/graph/ir/graph.ts";

export const variantNames = ["none", "fixed", "table", "rewritten", "exceptions", "profile"] as const;

export type VariantName = (typeof variantNames)[number];

export interface Variant {
  readonly name: VariantName;
  readonly blocks: number;
  readonly operators: number;
  /** Of float32 results that cross between blocks. */
  readonly intermediateBytes: number;
  /** Of one run; undefined where it does not compile or run. */
  readonly seconds?: Summary;
  /** How many times as long the fixed patterns take, with its 95 % interval over the rounds. */
  readonly overFixed?: RatioInterval;
  readonly reason?: string;
}

/** Rewriting leaves this much to all variants: code is not made for constants that are computed. */
const alwaysRun: readonly string[] = ["fold-constants", "remove-dead-code", "remove-identities"];

/** The plans to compare, from none to all. */
export function ablationPlans(
  typed: TypedGraph,
  profile: ProfileEntries | undefined,
): ReadonlyMap<VariantName, FusionPlan> {
  const plain = optimizeGraph(typed, { skip: passNames.filter((name) => !alwaysRun.includes(name)) });
  const rewritten = optimizeGraph(typed);
  const exceptions = exceptionNames;
  const plans = new Map<VariantName, FusionPlan>([
    ["none", planNone(plain)],
    ["fixed", planFixed(plain)],
    ["table", planFusion(plain)],
    ["rewritten", planFusion(rewritten)],
    ["exceptions", planFusion(rewritten, { exceptions })],
  ]);
  if (profile === undefined) return plans;
  const latencyOf = profiledLatency(rewritten, profile);
  return plans.set("profile", planFusion(rewritten, { exceptions, latencyOf }));
}

export interface AblationOptions {
  readonly rounds: RoundOptions;
  readonly relaxedSimd: boolean;
  readonly profile?: ProfileEntries | undefined;
}

/** Plans, compiles and measures all variants; one that does not compile or run says why, and the others are measured. */
export async function measureAblation(
  typed: TypedGraph,
  { rounds, relaxedSimd, profile }: AblationOptions,
): Promise<readonly Variant[]> {
  const runtime = createRuntime();
  const inputs = new Map(
    [...randomInputs(typed.graph)].flatMap(([name, value]) =>
      value.kind === "tensor" ? [[name, value] as const] : [],
    ),
  );
  const plans = ablationPlans(typed, profile);
  const reasons = new Map<VariantName, string>();
  const racers: { readonly name: VariantName; readonly run: () => Promise<void> }[] = [];
  try {
    for (const [name, plan] of plans) {
      try {
        const model = await runtime.load(compilePlan(plan, { relaxedSimd }));
        const run = async (): Promise<void> => void (await model.run(inputs, { views: true }));
        // What stops while it runs is a reason too.
        await run();
        racers.push({ name, run });
      } catch (error) {
        const { where, message } = errorParts(error);
        reasons.set(name, where === undefined ? message : `${where}: ${message}`);
      }
    }
    const samples = await runRounds(racers, rounds);
    const fixed = samples.find(({ name }) => name === "fixed");
    return [...plans].map(([name, plan]): Variant => {
      const found = samples.find((sample) => sample.name === name);
      const { blocks, operators, intermediateBytesAfter } = summarizePlan(plan);
      const reason = reasons.get(name);
      return {
        name,
        blocks,
        operators,
        intermediateBytes: intermediateBytesAfter,
        ...(found === undefined ? {} : { seconds: summarize(found.seconds) }),
        ...(found === undefined || fixed === undefined
          ? {}
          : { overFixed: bootstrapRatio(fixed.seconds, found.seconds, { random: seededRandom(1) }) }),
        ...(reason === undefined ? {} : { reason }),
      };
    });
  } finally {
    runtime.dispose();
  }
}
