/** What several operators compute together in a shorter way. */
import { expect, test } from "vitest";
import { network } from "../../../../test/network.ts";
import { known } from "../../../base/assert.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { numbersOf, type TensorValue } from "../../../graph/ir/runtime-value.ts";
import { compileGraph } from "../compile.ts";
import { runSteps } from "../testing/run-steps.ts";

test("Mish of three operators is Mish, at any size of its operand", () => {
  const typed = network({
    inputs: { x: [1, 403] },
    nodes: { s: ["Softplus", ["x"]], t: ["Tanh", ["s"]], y: ["Mul", ["x", "t"]] },
    outputs: ["y"],
  });
  const special = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN];
  const numbers = [...Array.from({ length: 400 }, (_, at) => (at - 200) / 4), ...special];
  const x: TensorValue = {
    kind: "tensor",
    elementType: "float32",
    shape: [1, 403],
    elements: Float32Array.from(numbers),
  };
  const inputs = new Map([["x", x]]);
  const program = compileGraph(typed);
  // One exponential: the logarithm and the tangent are not there.
  expect(program.functions.map(({ name }) => name).filter((name) => /log|tanh/.test(name))).toEqual([]);
  const outputs = [runSteps(program, inputs), runGraph(typed, inputs)];
  const [actual, expected] = outputs.map((all) => numbersOf(known(all.get("y"), "y") as TensorValue));
  for (let at = 0; at < numbers.length; at++) {
    const [a, b] = [actual?.[at] ?? 0, expected?.[at] ?? 0];
    if (Number.isNaN(b)) expect(a, `of ${numbers[at]}`).toBeNaN();
    else if (Number.isFinite(b))
      expect(Math.abs(a - b), `of ${numbers[at]}`).toBeLessThan(1e-6 * Math.max(1e-3, Math.abs(b)));
    else expect(a).toBe(b);
  }
});
