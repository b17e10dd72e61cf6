/** The weights that come with laminate: whole, of this version's features, and as good as docs/dnnfuser.md says on what they never saw. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readWholeFile } from "../src/host/read-file.ts";
import { shippedWeights } from "../src/host/shipped-weights.ts";
import {
  dnnfuserMapper,
  evaluateLayerByLayer,
  exactMapper,
  extractWorkload,
  findMapping,
  fuse,
  generalSchema,
  generateProblem,
  importOnnx,
  inferShapes,
  type Problem,
  presets,
  readMapperWeights,
} from "../src/index.ts";
import { repositoryRoot } from "./build-dist.ts";
import { laminate } from "./run-laminate.ts";

const path = shippedWeights() ?? "";
const weights = readMapperWeights(readWholeFile(path), path);

test("they are whole, small, of this version's features, and say what made them", () => {
  expect(statSync(path).size).toBeLessThanOrEqual(4e6);
  expect(weights.schema).toEqual(generalSchema);
  expect(weights.record).toMatchObject({
    settings: { loss: "decision" },
    data: { mode: "full", networks: [] },
  });
  const card = readFileSync(join(repositoryRoot, "weights", "README.md"), "utf8");
  const { data } = weights.record.settings as { readonly data: string };
  expect(card).toContain(data);
  expect(card).toContain("general/2");
  const { files } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
  expect(files).toContain("weights");
});

test("a new user maps a file without further words", async () => {
  const model = join(repositoryRoot, "models", "tv_mnasnet1_0.onnx");
  const problem = `${model} --memory 8MB --batch 16 -a edge-npu`.split(" ");
  const run = await laminate(["map", ...problem, "--mapper", "dnnfuser", "--json"]);
  expect(run).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ feasible: true, mapper: "dnnfuser" });
  const all = await laminate(["compare", ...problem, "--seeds", "1", "--budget", "100evals", "--json"]);
  const { mappers } = JSON.parse(all.stdout) as { readonly mappers: readonly { readonly mapper: string }[] };
  expect(mappers.map(({ mapper }) => mapper)).toContain("dnnfuser");
});

describe("what they never saw", () => {
  const problems: Problem[] = [];
  beforeAll(() => {
    for (const [index, name] of [
      "tv_resnet18",
      "tv_mobilenet_v2",
      "tv_vgg16",
      "tv_efficientnet_b0",
    ].entries()) {
      const typed = inferShapes(importOnnx(readFileSync(join(repositoryRoot, "models", `${name}.onnx`))));
      const fused = fuse(typed);
      for (const accelerator of Object.values(presets)) {
        if (accelerator.cores > 1) continue;
        const workload = extractWorkload(fused, { name, elementType: accelerator.elementType as "int8" });
        const memoryBytes = [3e6, 12e6, 40e6][index % 3] ?? 3e6;
        problems.push({ workload, accelerator, batch: [1, 24, 64][(index + 1) % 3] ?? 1, memoryBytes });
      }
    }
    for (let index = 0; index < 20; index++)
      problems.push(
        generateProblem(index, {
          seed: 31_337,
          mode: "full",
          objective: index % 2 === 0 ? "energy" : "traffic",
        }),
      );
  });

  test("every answer fits, none is worse than layer by layer, and most are near the optimum", async () => {
    const mapper = dnnfuserMapper({ weights });
    const cost = (problem: Problem, { latencySeconds, energyJoules, offChipBytes }: Costs): number =>
      problem.objective === "energy"
        ? energyJoules
        : problem.objective === "traffic"
          ? offChipBytes
          : latencySeconds;
    const shares: number[] = [];
    for (const problem of problems) {
      const unfused = evaluateLayerByLayer(problem);
      const [found, best] = [await findMapping(mapper, problem), await findMapping(exactMapper(), problem)];
      expect(found.evaluation.feasible).toBe(unfused.feasible);
      if (!found.evaluation.feasible || !best.evaluation.feasible || !unfused.feasible) continue;
      expect(cost(problem, found.evaluation)).toBeLessThanOrEqual(cost(problem, unfused) * (1 + 1e-12));
      const optimum = cost(problem, best.evaluation);
      if (cost(problem, unfused) > 1.01 * optimum) shares.push(optimum / cost(problem, found.evaluation));
    }
    expect(shares.length).toBeGreaterThan(20);
    expect(shares.reduce((total, share) => total + share, 0) / shares.length).toBeGreaterThan(0.9);
  });
});

interface Costs {
  readonly latencySeconds: number;
  readonly energyJoules: number;
  readonly offChipBytes: number;
}
