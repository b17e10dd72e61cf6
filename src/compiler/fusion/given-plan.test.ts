import { expect, test } from "vitest";
import { floats, network } from "../../../test/network.ts";
import { planOfBlocks } from "./given-plan.ts";

test("blocks are as given, constants with the block that reads them", () => {
  const typed = network({
    inputs: { x: [4, 4] },
    constants: { w: floats([4, 4]) },
    nodes: { a: ["Relu", ["x"]], b: ["MatMul", ["a", "w"]], c: ["Tanh", ["b"]] },
    outputs: ["c"],
  });
  const plan = planOfBlocks(typed, [[0], [1, 2]]);
  expect(plan.blocks.map(({ nodes, mappingType }) => [nodes, mappingType])).toEqual([
    [[0], "one-to-one"],
    [[1, 2], "many-to-many"],
  ]);
  expect([...plan.removable]).toEqual(["b"]);
});
