import { expect, test } from "vitest";
import { network, operatorsOf } from "../../../../test/network.ts";
import { constant } from "../../../../test/one-node.ts";
import { compareValues } from "../../../graph/interpreter/compare-values.ts";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { optimizeGraph } from "./optimize.ts";

const seeds = [1, 2, 3];

test("a quantized convolution is one of whole numbers, and a quantization of its sums", () => {
  const typed = network({
    inputs: { x: ["uint8", [1, 2, 4, 4]] },
    constants: {
      xs: constant("float32", [], [0.02]),
      xz: constant("uint8", [], [128]),
      w: constant(
        "int8",
        [3, 2, 3, 3],
        Array.from({ length: 54 }, (_, at) => ((at * 37) % 255) - 127),
      ),
      ws: constant("float32", [3], [0.01, 0.02, 0.005]),
      wz: constant("int8", [3], [0, 1, -2]),
      ys: constant("float32", [], [0.7]),
      yz: constant("uint8", [], [100]),
      b: constant("int32", [3], [100, -2000, 30]),
    },
    nodes: {
      y: ["QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"], { pads: [1, 1, 1, 1] }],
    },
    outputs: ["y"],
  });
  const expanded = optimizeGraph(typed);
  expect(operatorsOf(expanded)).toEqual(["Cast", "Sub", "Conv", "QuantizeLinear"]);
  for (const seed of seeds) {
    const inputs = randomInputs(typed.graph, seed);
    const [before, after] = [typed, expanded].map((one) => runGraph(one, inputs).get("y"));
    if (before === undefined || after === undefined) throw new Error("no output");
    expect(compareValues(after, before), `seed ${seed}`).toMatchObject({ maxAbsoluteError: 0 });
  }
});

test("an integer product is a product of floats that hold it exactly", () => {
  const typed = network({
    inputs: { a: ["uint8", [4, 3]], b: ["uint8", [3, 2]] },
    constants: { az: constant("uint8", [], [12]) },
    nodes: { y: ["MatMulInteger", ["a", "b", "az"]] },
    outputs: ["y"],
  });
  const expanded = optimizeGraph(typed);
  expect(operatorsOf(expanded)).toEqual(["Cast", "Sub", "Cast", "MatMul", "Cast"]);
  for (const seed of seeds) {
    const inputs = randomInputs(typed.graph, seed);
    const [before, after] = [typed, expanded].map((one) => runGraph(one, inputs).get("y"));
    if (before === undefined || after === undefined) throw new Error("no output");
    expect(compareValues(after, before), `seed ${seed}`).toMatchObject({ maxAbsoluteError: 0 });
  }
});
