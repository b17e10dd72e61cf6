import fc from "fast-check";
import { expect, test } from "vitest";
import { type NetworkNode, type NetworkSpec, network } from "../../../test/network.ts";
import { compareValues } from "../../graph/interpreter/compare-values.ts";
import { randomInputs } from "../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../graph/interpreter/run-graph.ts";
import type { RuntimeValue } from "../../graph/ir/runtime-value.ts";
import { verifyGraph } from "../../graph/ir/verify.ts";
import { cutOut } from "./cut-out.ts";
import { extendGraph } from "./ecg.ts";
import { exceptionNames, planFusion } from "./plan.ts";

interface Step {
  readonly kind: number;
  readonly reads: readonly [number, number];
}

const kinds: readonly ((a: string, b: string) => NetworkNode)[] = [
  (a) => ["Relu", [a]],
  (a, b) => ["Add", [a, b]],
  (a) => ["MatMul", [a, "w"]],
  (a) => ["Softmax", [a]],
  (a) => ["Transpose", [a], { perm: [1, 0] }],
  // The constant is computed, so it is a node that comes along.
  (a) => ["Mul", [a, "half"]],
];

const steps = fc.array(fc.record({ kind: fc.nat(kinds.length - 1), reads: fc.tuple(fc.nat(), fc.nat()) }), {
  minLength: 1,
  maxLength: 20,
});

function specOf(list: readonly Step[]): NetworkSpec {
  const values = ["x"];
  const nodes: Record<string, NetworkNode> = { half: ["Sigmoid", ["zero"]] };
  list.forEach(({ kind, reads }, at) => {
    const [a = "x", b = "x"] = reads.map((pick) => values[pick % values.length]);
    nodes[`v${at}`] = kinds[kind]?.(a, b) ?? ["Relu", [a]];
    values.push(`v${at}`);
  });
  const synthetic = { kind: "synthetic", low: -1, high: 1, seed: 1 } as const;
  return {
    inputs: { x: [4, 4] },
    constants: {
      w: { elementType: "float32", shape: [4, 4], data: synthetic },
      zero: { elementType: "float32", shape: [], data: { kind: "bytes", bytes: new Uint8Array(4) } },
    },
    nodes,
    outputs: values.slice(-1),
  };
}

test("blocks cut out and run one after the other compute what the network computes", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const typed = network(specOf(list));
      const inputs = randomInputs(typed.graph);
      const expected = runGraph(typed, inputs);
      const ecg = extendGraph(typed);
      const values = new Map<string, RuntimeValue>(inputs);
      for (const { nodes } of planFusion(typed, { exceptions: exceptionNames }).blocks) {
        const operators = nodes.filter((node) => ecg.operators[node] !== undefined);
        const part = cutOut(ecg, operators);
        verifyGraph(part.graph);
        const given = part.graph.inputs.map(({ name }) => [name, values.get(name)] as const);
        const run = runGraph(part, new Map(given.flatMap(([name, value]) => (value ? [[name, value]] : []))));
        for (const [name, value] of run) values.set(name, value);
      }
      for (const [name, value] of expected) {
        const made = values.get(name);
        expect(made && compareValues(value, made)).toMatchObject({ isClose: true, maxAbsoluteError: 0 });
      }
    }),
    { numRuns: 60 },
  );
});

test("what stays inside is no output, and what the network gives away is one", () => {
  const typed = network({
    inputs: { x: [2] },
    nodes: { a: ["Relu", ["x"]], b: ["Tanh", ["a"]], c: ["Neg", ["b"]], d: ["Exp", ["a"]] },
    outputs: ["b", "c", "d"],
  });
  const { graph } = cutOut(extendGraph(typed), [0, 1, 3]);
  expect(graph.inputs.map(({ name }) => name)).toEqual(["x"]);
  expect(graph.outputs.map(({ name }) => name)).toEqual(["b", "d"]);
  expect(graph.nodes.map(({ name }) => name)).toEqual(["a", "b", "d"]);
});
