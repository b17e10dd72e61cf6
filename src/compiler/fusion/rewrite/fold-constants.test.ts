import { expect, test } from "vitest";
import { expectSame, network, operatorsOf } from "../../../../test/network.ts";
import { int64s } from "../../../../test/one-node.ts";
import { optimizeGraph } from "./optimize.ts";

test("a tensor of one value is a constant however large, up to what no network has", () => {
  const filled = (sizes: readonly number[]) =>
    network({
      inputs: { x: [1, 3, 4, 4] },
      constants: { sizes: int64s(...sizes) },
      nodes: { w: ["ConstantOfShape", ["sizes"]], y: ["Conv", ["x", "w"]] },
      outputs: ["y"],
    });
  const typed = filled([400_000, 3, 1, 1]);
  const result = optimizeGraph(typed);
  expectSame(typed, result);
  expect(operatorsOf(result)).toEqual(["Conv"]);
  const huge = filled([100_000_000, 3, 1, 1]);
  expect(operatorsOf(optimizeGraph(huge))).toContain("ConstantOfShape");
});
