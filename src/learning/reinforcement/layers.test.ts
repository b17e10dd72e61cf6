import { expect, test } from "vitest";
import { runGraph } from "../../../test/check-gradients.ts";
import { numbersOf, type TensorValue, tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import { childRandom } from "../generate/draw.ts";
import { type DenseLayer, emptyGraph, firstParameters, Inputs, orthogonal, writeLayers } from "./layers.ts";

test("orthogonal weights are of one length and at right angles, along the shorter side", () => {
  for (const [from, to] of [
    [8, 64],
    [64, 8],
    [16, 16],
  ] as const) {
    const weights = orthogonal(from, to, 3, childRandom(1, from));
    const entry = (row: number, column: number): number => weights[row * to + column] ?? Number.NaN;
    const vectors = Array.from({ length: Math.min(from, to) }, (_, which) =>
      Array.from({ length: Math.max(from, to) }, (_, at) =>
        from < to ? entry(which, at) : entry(at, which),
      ),
    );
    vectors.forEach((a, i) => {
      vectors.forEach((b, j) => {
        const product = a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
        expect(product).toBeCloseTo(i === j ? 9 : 0, 4);
      });
    });
  }
});

test("layers compute x W + b and what is behind it", () => {
  const first = { kind: "uniform", limit: 1 } as const;
  const layers: readonly DenseLayer[] = [
    { name: "a", from: 2, to: 2, activation: "relu", first },
    { name: "b", from: 2, to: 1, activation: "tanh", first },
  ];
  const write = emptyGraph("by hand");
  const inputs = new Inputs(write);
  const x = inputs.add("x", [1, 2]);
  inputs.addLayers(layers);
  const { typed } = inputs.finish({ y: writeLayers(write, x, layers) });
  const tensor = (shape: readonly number[], ...numbers: number[]): TensorValue =>
    tensorFromDoubles("float32", shape, numbers);
  const outputs = runGraph(
    typed,
    new Map([
      ["x", tensor([1, 2], 1, 2)],
      ["a.weight", tensor([2, 2], 1, -3, 0.5, 1)],
      ["a.bias", tensor([2], 0.25, 0)],
      ["b.weight", tensor([2, 1], 0.2, 5)],
      ["b.bias", tensor([1], 0.05)],
    ]),
  );
  const y = outputs.get("y");
  // 1 x 1 + 2 x 0.5 + 0.25 = 2.25; 1 x -3 + 2 x 1 = -1, so 0; tanh(0.2 x 2.25 + 0.05) = tanh(0.5).
  expect(y?.kind === "tensor" ? numbersOf(y)[0] : undefined).toBeCloseTo(Math.tanh(0.5), 6);
});

test("even first weights stay within their limit and use all of it, and biases are 0", () => {
  const layer = { name: "a", from: 40, to: 50, activation: "none" } as const;
  const first = firstParameters([{ ...layer, first: { kind: "uniform", limit: 0.3 } }], childRandom(4, 0));
  const weights = [...(first.get("a.weight") ?? [])];
  // Of 2,000 even draws the greatest lies within 1 % of the limit with probability 1 - 0.995^2000.
  expect(Math.max(...weights)).toBeGreaterThan(0.297);
  expect(Math.min(...weights)).toBeLessThan(-0.297);
  expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(0.3);
  expect([...(first.get("a.bias") ?? [])]).toEqual(new Array(50).fill(0));
});
