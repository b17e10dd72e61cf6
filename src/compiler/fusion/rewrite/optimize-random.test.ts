/**
 * All passes together on random networks: outputs stay what they were, within 1e-4 of the largest number on the way.
 * The same network is rewritten to the same one again, and a rewritten one has nothing more in it to rewrite.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { floats, type NetworkNode, network } from "../../../../test/network.ts";
import { constant, int64s } from "../../../../test/one-node.ts";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { printGraph } from "../../../graph/ir/print.ts";
import { numbersOf, type RuntimeValue } from "../../../graph/ir/runtime-value.ts";
import { verifyGraph } from "../../../graph/ir/verify.ts";
import { optimizeGraph } from "./optimize.ts";

const seed = 4242;

interface Step {
  readonly kind: number;
  readonly reads: readonly [number, number, number];
}

const steps = fc.array(fc.record({ kind: fc.nat(), reads: fc.tuple(fc.nat(), fc.nat(), fc.nat()) }), {
  minLength: 1,
  maxLength: 30,
});

/** Each makes one value of the size that all have, from one to three of them; "c" and "row" and "one" are constants. */
type Maker = (name: string, a: string, b: string, c: string) => Readonly<Record<string, NetworkNode>>;

const plain =
  (operator: string): Maker =>
  (name, a) => ({ [name]: [operator, [a]] });
const two =
  (operator: string): Maker =>
  (name, a, b) => ({ [name]: [operator, [a, b]] });
const withConstant =
  (operator: string, constantName: string, isFirst = false): Maker =>
  (name, a) => ({ [name]: [operator, isFirst ? [constantName, a] : [a, constantName]] });
const reduced =
  (operator: string): Maker =>
  (name, a, b) => ({
    [`${name}.reduced`]: [operator, [a], operator === "ReduceSum" ? {} : { axes: [-1] }],
    [name]: ["Add", [`${name}.reduced`, b]],
  });

const makers: readonly Maker[] = [
  ...["Relu", "Abs", "Neg", "Tanh", "Sigmoid", "Identity", "Dropout", "LeakyRelu"].map(plain),
  ...["Add", "Sub", "Mul", "Max", "Min", "Add", "Mul"].map(two),
  ...["Add", "Sub", "Mul", "Div"].flatMap((operator) =>
    ["c", "row", "column", "one"].map((name) => withConstant(operator, name)),
  ),
  ...["Add", "Sub", "Mul"].map((operator) => withConstant(operator, "row", true)),
  ...["ReduceMean", "ReduceMax", "ReduceSum", "ReduceL2"].map(reduced),
  (name, a) => ({ [name]: ["Pow", [a, "two"]] }),
  (name, a) => ({
    [`${name}.abs`]: ["Abs", [a]],
    [`${name}.shifted`]: ["Add", [`${name}.abs`, "one"]],
    [name]: ["Sqrt", [`${name}.shifted`]],
  }),
  (name, a, b) => ({
    [`${name}.abs`]: ["Abs", [b]],
    [`${name}.shifted`]: ["Add", [`${name}.abs`, "one"]],
    [name]: ["Div", [a, `${name}.shifted`]],
  }),
  (name, a) => ({ [name]: ["MatMul", [a, "c"]] }),
  (name, a, b) => ({ [name]: ["MatMul", [a, b]] }),
  (name, a) => ({ [name]: ["Transpose", [a], { perm: [0, 2, 1] }] }),
  (name, a) => ({ [name]: ["Transpose", [a], { perm: [0, 2, 1] }] }),
  (name, a) => ({ [name]: ["Softmax", [a]] }),
  (name, a) => ({ [`${name}.flat`]: ["Flatten", [a]], [name]: ["Reshape", [`${name}.flat`, "shape"]] }),
  (name, a, b, c) => ({ [`${name}.less`]: ["Less", [a, "one"]], [name]: ["Where", [`${name}.less`, b, c]] }),
  (name, a, b) => ({
    [`${name}.left`]: ["Slice", [a, "zero", "half", "last"]],
    [`${name}.right`]: ["Slice", [b, "half", "end", "last"]],
    [name]: ["Concat", [`${name}.left`, `${name}.right`], { axis: -1 }],
  }),
];

function networkOf(list: readonly Step[]): TypedGraph {
  const values = ["x", "z"];
  const nodes: Record<string, NetworkNode> = {};
  list.forEach(({ kind, reads }, index) => {
    // Later values are likelier, so that chains come out as well as fans.
    const [a = "x", b = "x", c = "x"] = reads.map(
      (pick) => values[values.length - 1 - (pick % Math.min(values.length, 5))],
    );
    Object.assign(nodes, makers[kind % makers.length]?.(`v${index}`, a, b, c));
    values.push(`v${index}`);
  });
  return network({
    inputs: { x: [2, 4, 4], z: [2, 4, 4] },
    constants: {
      c: floats([4, 4]),
      row: floats([4], [0.5, -1, 2, 1]),
      column: floats([4, 1], [1, 2, -0.5, 4]),
      one: floats([], [1]),
      two: floats([], [2]),
      shape: int64s(2, 4, 4),
      zero: int64s(0),
      half: int64s(2),
      end: int64s(4),
      last: constant("int64", [1], [-1]),
    },
    nodes,
    outputs: values.length > 4 ? values.slice(-2) : values.slice(-1),
  });
}

/** The largest number that is made on the way, to which rounding is relative. */
function largest(typed: TypedGraph, inputs: ReadonlyMap<string, RuntimeValue>): number {
  let most = 1;
  const onValue = (_: string, value: RuntimeValue): void => {
    if (value.kind !== "tensor") return;
    for (const number of numbersOf(value)) most = Math.max(most, Math.abs(number));
  };
  runGraph(typed, inputs, { onValue });
  return most;
}

test("random networks compute the same after all passes", () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (list, fastMath) => {
      const typed = networkOf(list);
      const optimized = optimizeGraph(typed, { fastMath });
      verifyGraph(optimized.graph);
      const inputs = randomInputs(typed.graph, list.length);
      const most = largest(typed, inputs);
      // Products of products leave the range of floats, where rounding decides.
      if (!(most < 1e8)) return;
      const actual = runGraph(optimized, inputs);
      for (const [name, expected] of runGraph(typed, inputs)) {
        const found = actual.get(name);
        if (found?.kind !== "tensor" || expected.kind !== "tensor") throw new Error(`no tensor ${name}`);
        expect(found.shape).toEqual(expected.shape);
        const [a, b] = [numbersOf(found), numbersOf(expected)];
        b.forEach((wanted, index) => {
          expect(Math.abs((a[index] ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-4 * most);
        });
      }
    }),
    { seed, numRuns: 300 },
  );
});

test("random networks come out the same again, and rewritten ones do not grow", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const optimized = optimizeGraph(networkOf(list));
      expect(printGraph(optimizeGraph(networkOf(list)))).toBe(printGraph(optimized));
      expect(optimizeGraph(optimized).graph.nodes.length).toBeLessThanOrEqual(optimized.graph.nodes.length);
    }),
    { seed, numRuns: 100 },
  );
});
