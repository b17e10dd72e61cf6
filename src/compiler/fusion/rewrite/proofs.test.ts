/** Proofs are right: what is shown not to be negative never is, in random networks with random inputs. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { floats, type NetworkNode, network } from "../../../../test/network.ts";
import { int64s } from "../../../../test/one-node.ts";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { numbersOf } from "../../../graph/ir/runtime-value.ts";
import { GraphEditor } from "./graph-editor.ts";
import { isNonNegative, isPositive } from "./proofs.ts";

const seed = 99;

const unary = [
  "Abs",
  "Exp",
  "Relu",
  "Sigmoid",
  "Softmax",
  "Sqrt",
  "Softplus",
  "Neg",
  "Tanh",
  "Erf",
  "Floor",
  "Ceil",
  "Sign",
  "Cosh",
  "LeakyRelu",
  "Identity",
  "Transpose",
  "Reciprocal",
  "HardSigmoid",
];
const binary = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "MatMul"];
const special: readonly ((a: string, b: string) => NetworkNode)[] = [
  (a) => ["Mul", [a, a]],
  (a) => ["Pow", [a, "two"]],
  (a) => ["Pow", [a, "three"]],
  (a) => ["Clip", [a, "zero", "one"]],
  (a) => ["Clip", [a, "minus", "one"]],
  (a) => ["Clip", [a, "", "minus"]],
  (a) => ["Clip", [a, "zero", "minus"]],
  (a) => ["Add", [a, "one"]],
  (a) => ["Max", [a, "one"]],
  (a) => ["Add", [a, "minus"]],
  (a) => ["ReduceMean", [a], { axes: [0], keepdims: 1 }],
  (a) => ["ReduceSumSquare", [a], { axes: [0] }],
  (a) => ["ReduceProd", [a], { axes: [0] }],
  (a) => ["Expand", [a, "shape"]],
  (a, b) => ["Where", ["truth", a, b]],
  (a, b) => ["Sum", [a, b]],
];

test("a value with a proof has no element below 0", () => {
  const steps = fc.array(fc.record({ kind: fc.nat(), a: fc.nat(), b: fc.nat() }), {
    minLength: 1,
    maxLength: 12,
  });
  let proven = 0;
  fc.assert(
    fc.property(steps, fc.nat(1000), (list, inputSeed) => {
      const values = ["x", "z"];
      const nodes: Record<string, NetworkNode> = { truth: ["Less", ["x", "z"]] };
      list.forEach(({ kind, a, b }, index) => {
        const [first = "x", second = "z"] = [a, b].map(
          (pick) => values[values.length - 1 - (pick % values.length)],
        );
        const at = kind % (unary.length + binary.length + special.length);
        const rest = at - unary.length - binary.length;
        const node: NetworkNode | undefined =
          at < unary.length
            ? [unary[at] ?? "", [first]]
            : rest < 0
              ? [binary[at - unary.length] ?? "", [first, second]]
              : special[rest]?.(first, second);
        if (node === undefined) return;
        const name = `v${index}`;
        // Reduced values are stretched again, so that all have one size.
        const isReduced = node[0].startsWith("Reduce");
        nodes[isReduced ? `${name}.small` : name] = node;
        if (isReduced) nodes[name] = ["Expand", [`${name}.small`, "shape"]];
        values.push(name);
      });
      const typed = network({
        inputs: { x: [3, 3], z: [3, 3] },
        constants: {
          zero: floats([], [0]),
          one: floats([], [1]),
          two: floats([], [2]),
          three: floats([], [3]),
          minus: floats([], [-1]),
          shape: int64s(3, 3),
        },
        nodes,
        outputs: [values.at(-1) ?? "x", "truth"],
      });
      const editor = new GraphEditor(typed);
      runGraph(typed, randomInputs(typed.graph, inputSeed), {
        onValue: (name, value) => {
          if (value.kind !== "tensor" || name === "truth") return;
          const numbers = Array.from(numbersOf(value)).filter((each) => !Number.isNaN(each));
          if (isNonNegative(editor, name)) {
            proven++;
            expect(
              numbers.filter((each) => each < 0),
              name,
            ).toEqual([]);
          }
          if (isPositive(editor, name))
            expect(
              numbers.filter((each) => each <= 0),
              name,
            ).toEqual([]);
        },
      });
    }),
    { seed, numRuns: 1500 },
  );
  expect(proven).toBeGreaterThan(1000);
});

test("a product of whole numbers may wrap, so that squares prove nothing", () => {
  const typed = network({
    inputs: { x: ["int32", [2]], u: ["uint8", [2]] },
    nodes: { square: ["Mul", ["x", "x"]], y: ["Add", ["u", "u"]] },
    outputs: ["square", "y"],
  });
  const editor = new GraphEditor(typed);
  expect(isNonNegative(editor, "square")).toBe(false);
  expect(isNonNegative(editor, "y")).toBe(true);
});
