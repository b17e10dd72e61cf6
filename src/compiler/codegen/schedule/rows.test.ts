/** Normalisations as exporters decompose them: one kernel each, and what the interpreter has. */
import { expect, test } from "vitest";
import { floats, type NetworkNode, network } from "../../../../test/network.ts";
import { compareValues } from "../../../graph/interpreter/compare-values.ts";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { compileGraph } from "../compile.ts";
import { runSteps } from "../testing/run-steps.ts";

const constants = {
  two: floats([], [2]),
  small: floats([], [1e-5]),
  scale: floats([20]),
  bias: floats([20]),
};

const rootMeanSquareOf = (x: string): Readonly<Record<string, NetworkNode>> => ({
  squares: ["Mul", [x, x]],
  mean: ["ReduceMean", ["squares"], { axes: [-1] }],
  safe: ["Add", ["mean", "small"]],
  root: ["Sqrt", ["safe"]],
  inverse: ["Reciprocal", ["root"]],
  normal: ["Mul", [x, "inverse"]],
  y: ["Mul", ["scale", "normal"]],
});

const layerNormalization: Readonly<Record<string, NetworkNode>> = {
  mean: ["ReduceMean", ["x"], { axes: [-1] }],
  moved: ["Sub", ["x", "mean"]],
  squares: ["Pow", ["moved", "two"]],
  variance: ["ReduceMean", ["squares"], { axes: [-1] }],
  safe: ["Add", ["variance", "small"]],
  deviation: ["Sqrt", ["safe"]],
  normal: ["Div", ["moved", "deviation"]],
  scaled: ["Mul", ["normal", "scale"]],
  y: ["Add", ["scaled", "bias"]],
};

/** The kernels of the steps, the results checked. */
function kernelsOf(nodes: Readonly<Record<string, NetworkNode>>): readonly string[] {
  const typed = network({ inputs: { x: [2, 3, 20] }, constants, nodes, outputs: ["y"] });
  const given = randomInputs(typed.graph, 1);
  const program = compileGraph(typed, { rewrite: false });
  const found = runSteps(program, given).get("y");
  const wanted = runGraph(typed, given).get("y");
  if (found === undefined || wanted === undefined) throw new Error("no output");
  const difference = compareValues(found, wanted, { relative: 1e-4, absolute: 1e-5 });
  expect(difference.isClose, JSON.stringify(difference)).toBe(true);
  return program.steps.map(({ kernel }) => kernel);
}

test("a decomposed layer normalisation is one kernel", () => {
  expect(kernelsOf(layerNormalization)).toEqual(["rows"]);
});

test("a normalisation by the root of the mean square is one kernel, though its sum is of other values", () => {
  expect(kernelsOf(rootMeanSquareOf("x"))).toEqual(["rows"]);
  expect(kernelsOf({ r: ["Relu", ["x"]], ...rootMeanSquareOf("r") })).toEqual(["rows"]);
});
