/** The network against plain loops, and what training relies on: nothing looks ahead, and padding counts for nothing. */
import { describe, expect, test } from "vitest";
import { expectGradients, runGraph } from "../../../test/check-gradients.ts";
import { seededRandom } from "../../base/random.ts";
import { differentiate } from "../../graph/autodiff/differentiate.ts";
import { countOf, numbersOf, type TensorValue, tensorFromDoubles } from "../../graph/ir/runtime-value.ts";
import { inferShapes } from "../../graph/ops/infer-shapes.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";
import { decisionTransformer } from "./decision-transformer.ts";
import { type LossName, lossNames } from "./loss.ts";
import { type NetworkSizes, parameterShapes } from "./network-sizes.ts";
import { type Numbers, plainTransformer } from "./testing/plain-transformer.ts";

const sizes: NetworkSizes = { steps: 6, blocks: 2, heads: 2, width: 8 };

/** Everywhere in [-1, 1), so that no part of the network is idle. */
function drawn(count: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => 2 * random.uniform() - 1);
}

function drawnParameters(schema: FeatureSchema): ReadonlyMap<string, Numbers> {
  const shapes = [...parameterShapes(sizes, schema)];
  return new Map(shapes.map(([name, shape], at) => [name, drawn(countOf(shape), 100 + at)]));
}

/** One trajectory as numbers. */
interface Rows {
  readonly returns: Numbers;
  readonly states: Numbers;
  readonly actions: Numbers;
  readonly synced: Numbers;
}

function drawnRows(schema: FeatureSchema, steps: number, seed: number): Rows {
  const synced = drawn(steps, seed).map((number) => (number > 0 ? 1 : 0));
  const actions = drawn(steps * actionWidth(schema), seed + 1);
  return {
    returns: drawn(steps, seed + 2),
    states: drawn(steps * schema.state.length, seed + 3),
    actions,
    synced,
  };
}

interface Network {
  readonly schema: FeatureSchema;
  readonly steps: number;
  readonly loss: LossName;
}

/** Loss, prediction and gradients in doubles; trajectories that are shorter are padded with `padding`. */
function run({ schema, steps, loss }: Network, trajectories: readonly Rows[], padding = 0) {
  const batch = trajectories.length;
  const options = { sizes, schema, batch, steps, loss, elementType: "float64" } as const;
  const network = decisionTransformer(options);
  const parameters = drawnParameters(schema);
  const padded = (part: (rows: Rows) => Numbers, width: number, fill = padding): number[] =>
    trajectories.flatMap((rows) => {
      const numbers = Array.from(part(rows));
      return [...numbers, ...new Array<number>(steps * width - numbers.length).fill(fill)];
    });
  const values: Readonly<Record<string, readonly number[]>> = {
    returns: padded(({ returns }) => returns, 1),
    states: padded(({ states }) => states, schema.state.length),
    actions: padded(({ actions }) => actions, actionWidth(schema)),
    synced: padded(({ synced }) => synced, 1),
    weights: padded(({ returns }) => Array.from(returns, () => 1), 1, 0),
  };
  const both = differentiate(inferShapes(network.model), {
    loss: network.loss,
    parameters: network.parameters,
  });
  const inputs = new Map<string, TensorValue>(
    both.typed.graph.inputs.map(({ name, type }) => {
      const numbers = values[name] ?? Array.from(parameters.get(name) ?? []);
      return [name, tensorFromDoubles("float64", (type.shape ?? []).map(Number), numbers)];
    }),
  );
  const outputs = runGraph(both.typed, inputs);
  const numbersAt = (name: string): number[] => {
    const value = outputs.get(name);
    if (value?.kind !== "tensor") throw new Error(`no ${name}`);
    return [...numbersOf(value)];
  };
  const gradients = new Map([...both.gradients].map(([name, output]) => [name, numbersAt(output)]));
  return {
    loss: numbersAt(network.loss)[0] ?? Number.NaN,
    predicted: numbersAt(network.predicted),
    gradients,
  };
}

function expectNear(found: readonly number[], expected: readonly number[], what: string): void {
  expect(found.length).toBe(expected.length);
  const far = Math.max(...found.map((number, at) => Math.abs(number - (expected[at] ?? 0))));
  expect(far, what).toBeLessThan(1e-9);
}

test.each([paperSchema, generalSchema])("the actions are those of plain loops: $name", (schema) => {
  const [one, two] = [drawnRows(schema, 5, 1), drawnRows(schema, 5, 2)];
  const { predicted } = run({ schema, steps: 5, loss: "mse" }, [one, two]);
  const plain = [one, two].flatMap((rows) => plainTransformer(sizes, schema, drawnParameters(schema), rows));
  expectNear(predicted, plain, "actions");
});

test("an action hangs on what is behind it: not on its own number, nor on any later step", () => {
  const schema = paperSchema;
  const network = { schema, steps: 4, loss: "mse" } as const;
  const rows = drawnRows(schema, 4, 7);
  const { predicted } = run(network, [rows]);
  const changed = (part: "returns" | "states" | "actions", step: number): number[] => {
    const width = part === "states" ? schema.state.length : 1;
    const numbers = Array.from(rows[part], (number, at) =>
      Math.floor(at / width) === step ? -number : number,
    );
    const now = run(network, [{ ...rows, [part]: numbers }]).predicted;
    return now.flatMap((number, at) => (number === predicted[at] ? [] : [at]));
  };
  // The tokens of step 2 are its return, its state, and its action behind them.
  expect(changed("returns", 2)).toEqual([2, 3]);
  expect(changed("states", 2)).toEqual([2, 3]);
  expect(changed("actions", 2)).toEqual([3]);
  expect(changed("actions", 3)).toEqual([]);
});

describe("padding changes neither the loss nor any gradient", () => {
  const cases = [paperSchema, generalSchema].flatMap((schema) => lossNames.map((loss) => ({ schema, loss })));
  test.each(cases)("$schema.name, $loss", ({ schema, loss }) => {
    const [short, long] = [drawnRows(schema, 3, 11), drawnRows(schema, 5, 12)];
    const alone = [
      { share: 3 / 8, ...run({ schema, steps: 3, loss }, [short]) },
      { share: 5 / 8, ...run({ schema, steps: 5, loss }, [long]) },
    ];
    // Whatever the padding holds.
    for (const padding of [0, 0.7]) {
      const together = run({ schema, steps: 5, loss }, [short, long], padding);
      // Of the batch's 8 steps, 3 are of one and 5 of the other.
      expectNear(
        [together.loss],
        [alone.reduce((total, { share, loss: one }) => total + share * one, 0)],
        "loss",
      );
      for (const [name, found] of together.gradients) {
        const expected = found.map((_, at) =>
          alone.reduce((total, { share, gradients }) => total + share * (gradients.get(name)?.[at] ?? 0), 0),
        );
        expectNear(found, expected, name);
      }
    }
  });
});

test.each(lossNames)("gradients are central differences, with dropout: %s", (loss) => {
  const tiny = { steps: 2, blocks: 2, heads: 2, width: 4 };
  const schema = { ...paperSchema, state: paperSchema.state.slice(0, 2) };
  const options = { sizes: tiny, schema, batch: 2, steps: 2, loss, dropout: true } as const;
  const { model, parameters } = decisionTransformer({ ...options, elementType: "float64" });
  // Masks and weights are drawn like everything else, so that no gradient is 0.
  const inputs = model.graph.inputs.map(({ name, type }, at) => {
    const shape = (type.shape ?? []).map(Number);
    return [name, tensorFromDoubles("float64", shape, drawn(countOf(shape), at))] as const;
  });
  expectGradients(inferShapes(model), parameters, new Map(inputs), `decision transformer, ${loss}`);
});

test("dropout's masks multiply what goes into and out of each block", () => {
  const { masks } = decisionTransformer({ sizes, schema: paperSchema, batch: 2, steps: 4, dropout: true });
  // 12 tokens, of which the last block only goes on with the 4 states.
  expect(masks.map(({ name, type }) => [name, type.shape])).toEqual([
    ["embedded.dropout", [2, 12, 8]],
    ["block0.attention.dropout", [2, 12, 8]],
    ["block0.back.dropout", [2, 12, 8]],
    ["block1.attention.dropout", [2, 4, 8]],
    ["block1.back.dropout", [2, 4, 8]],
  ]);
});
