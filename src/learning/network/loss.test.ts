import { expect, test } from "vitest";
import { runGraph } from "../../../test/check-gradients.ts";
import type { Graph } from "../../graph/ir/graph.ts";
import { numbersOf, tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";
import { GraphNodes, opset } from "./graph-nodes.ts";
import { type LossName, readsSynced, writeLoss } from "./loss.ts";

interface Answers {
  readonly predicted: readonly number[];
  readonly actions: readonly number[];
  readonly synced: readonly number[];
  readonly weights: readonly number[];
}

function lossOf(schema: FeatureSchema, loss: LossName, answers: Answers): number {
  const nodes = new GraphNodes("float64");
  const steps = answers.weights.length;
  const name = writeLoss(nodes, loss, schema, "predicted");
  const given = Object.entries(answers).filter(([part]) => part !== "synced" || readsSynced(loss, schema));
  const widths: Readonly<Record<string, number>> = {
    predicted: actionWidth(schema),
    actions: actionWidth(schema),
  };
  const inputs = given.map(([part, numbers]) => {
    return [part, tensorFromDoubles("float64", [1, steps, widths[part] ?? 1], numbers)] as const;
  });
  const graph: Graph = {
    name: "loss",
    inputs: inputs.map(([part, { shape }]) => ({ name: part, type: { elementType: "float64", shape } })),
    outputs: [{ name, type: { elementType: "float64", shape: [] } }],
    nodes: nodes.nodes,
    constants: nodes.constants,
    statedTypes: new Map(),
  };
  const model = { graph, irVersion: 8, opsets: new Map([["", opset]]), producer: "", metadata: new Map() };
  const value = runGraph(inferShapes(model), new Map(inputs)).get(name);
  if (value?.kind !== "tensor") throw new Error("no loss");
  return numbersOf(value)[0] ?? Number.NaN;
}

const choiceOfTwo: FeatureSchema = { ...generalSchema, action: { kind: "choice", passes: 1 } };

test("mse is the mean of the squared differences of all numbers, by the weights of their steps", () => {
  // (1 x 0.5^2 + 1 x 2^2 + 0 x 100^2) / 2 steps.
  const answers = { predicted: [0.5, 1, 100], actions: [0, -1, 0], synced: [0, 1, 0], weights: [1, 1, 0] };
  expect(lossOf(paperSchema, "mse", answers)).toBeCloseTo(2.125, 12);
  // Two steps of two numbers, the second counted three times: (1 x (1 + 4) + 3 x (0 + 1)) / 2 / 4.
  const two = { predicted: [1, 2, 0, 1], actions: [0, 0, 0, 0], synced: [0, 0], weights: [1, 3] };
  expect(lossOf(choiceOfTwo, "mse", two)).toBeCloseTo(1, 12);
});

/** -log of how likely the answer is, at a distance from where sync and stage part. */
const surprise = (distance: number): number => Math.log(1 + Math.exp(-8 * distance));

test("decision: cross-entropy of choices and of syncs, and squared errors where a pass size is told", () => {
  // Shares: sync is below -0.5. A sync answered by -0.75, a stage of 0.5 answered by 0.25, and one answered by -0.5.
  const shares = {
    predicted: [-0.75, 0.25, -0.5],
    actions: [-1, 0.5, 0.5],
    synced: [1, 0, 0],
    weights: [1, 1, 1],
  };
  const sum = surprise(0.25) + (surprise(0.75) + 0.25 ** 2) + (Math.log(2) + 1);
  expect(lossOf(paperSchema, "decision", shares)).toBeCloseTo(sum / 3, 12);
  // Choices: the softmax of 2 and 0 has 1 / (1 + e^-2) for the first, of 1000 and 1001 e^-1 / (1 + e^-1).
  const choices = {
    predicted: [2, 0, 1000, 1001, 5, 5],
    actions: [1, 0, 1, 0, 0, 1],
    synced: [],
    weights: [1, 3, 0],
  };
  const first = Math.log(1 + Math.exp(-2));
  const second = Math.log(1 + Math.exp(1));
  expect(lossOf(choiceOfTwo, "decision", choices)).toBeCloseTo((first + 3 * second) / 4, 12);
});
