/** Operators with plain loop nests on random shapes, types and attributes, as the interpreter has them. */
import { describe, test } from "vitest";
import { floats, type NetworkNode, network } from "../../../../test/network.ts";
import { constant, int64s } from "../../../../test/one-node.ts";
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import { type RandomSource, seededRandom } from "../../../base/random.ts";
import type { ElementType, Tensor } from "../../../graph/ir/tensor.ts";
import { expectSame } from "../testing/compare-compiled.ts";

const seed = 31;
const runs = 6;

type Shape = readonly number[];

interface Drawn {
  readonly operator: string;
  /** A shape is an input of float32 or of the type; tensors are constants. */
  readonly inputs: readonly (Shape | readonly [ElementType, Shape] | Tensor | "")[];
  readonly attributes?: NetworkNode[2];
  readonly outputs?: number;
  readonly opset?: number;
}

class Draw {
  private readonly random: RandomSource;

  constructor(random: RandomSource) {
    this.random = random;
  }

  below(bound: number): number {
    return this.random.below(bound);
  }

  pick<T>(items: readonly T[]): T {
    return known(items[this.below(items.length)], "item");
  }

  shape(rank: number, most = 7): number[] {
    return Array.from({ length: rank }, () => 1 + this.below(most));
  }

  floats(shape: Shape): Tensor {
    return floats(
      shape,
      Array.from({ length: product(shape) }, () => Math.fround(this.random.uniform() * 2 - 1)),
    );
  }

  places(shape: Shape, size: number): Tensor {
    return constant(
      "int64",
      shape,
      Array.from({ length: product(shape) }, () => this.below(2 * size) - size),
    );
  }

  bit(): number {
    return this.below(2);
  }
}

const isTensor = (input: Drawn["inputs"][number]): input is Tensor =>
  typeof input === "object" && "data" in input;

function check({ operator, inputs, attributes = {}, outputs = 1, opset = 17 }: Drawn): void {
  const names = inputs.map((input, at) => (input === "" ? "" : `x${at}`));
  const entries = names.flatMap((name, at) => (name === "" ? [] : [[name, inputs[at] ?? ""] as const]));
  const results = Array.from({ length: outputs }, (_, at) => `y${at}`);
  expectSame(
    network({
      inputs: Object.fromEntries(
        entries.flatMap(([name, input]) => (input === "" || isTensor(input) ? [] : [[name, input]])),
      ),
      constants: Object.fromEntries(
        entries.flatMap(([name, input]) => (input !== "" && isTensor(input) ? [[name, input]] : [])),
      ),
      nodes: { node: [operator, names, attributes, { outputs: results }] },
      outputs: results,
      opset,
    }),
  );
}

const numberTypes: readonly ElementType[] = ["float32", "float64", "int32", "int64", "int8", "uint8"];

function argument(operator: string): (draw: Draw) => Drawn {
  return (draw) => {
    const shape = draw.shape(1 + draw.below(3), 20);
    const axis = draw.below(shape.length) - (draw.bit() === 1 ? shape.length : 0);
    const attributes = { axis, keepdims: draw.bit(), select_last_index: draw.bit() };
    return { operator, inputs: [[draw.pick(numberTypes), shape] as const], attributes };
  };
}

function recurrent(operator: string, gates: number): (draw: Draw) => Drawn {
  return (draw) => {
    const [steps, batch, features, hidden] = [
      1 + draw.below(4),
      1 + draw.below(3),
      1 + draw.below(6),
      1 + draw.below(9),
    ];
    const direction = draw.pick(["forward", "reverse", "bidirectional"]);
    const sides = direction === "bidirectional" ? 2 : 1;
    const layout = draw.bit();
    const state = layout === 1 ? [batch, sides, hidden] : [sides, batch, hidden];
    const given = [draw.bit() === 1, draw.bit() === 1, draw.bit() === 1];
    const inputs: Drawn["inputs"][number][] = [
      layout === 1 ? [batch, steps, features] : [steps, batch, features],
      draw.floats([sides, gates * hidden, features]),
      draw.floats([sides, gates * hidden, hidden]),
      given[0] ? draw.floats([sides, 2 * gates * hidden]) : "",
      "",
      given[1] ? state : "",
    ];
    if (operator === "LSTM") {
      inputs.push(given[1] ? state : "");
      if (given[2]) inputs.push(draw.floats([sides, 3 * hidden]));
    }
    while (inputs.at(-1) === "") inputs.pop();
    const more = operator === "GRU" ? { linear_before_reset: draw.bit() } : {};
    const clip = draw.bit() === 1 ? { clip: { kind: "float", value: 0.75 } as const } : {};
    const attributes = { hidden_size: hidden, direction, layout, ...more, ...clip };
    return { operator, inputs, attributes, outputs: operator === "LSTM" ? 3 : 2 };
  };
}

function windowed(operator: string, more: (draw: Draw) => NetworkNode[2]): (draw: Draw) => Drawn {
  return (draw) => {
    const rank = 1 + draw.below(3);
    const sizes = draw.shape(rank, 6).map((size) => size + 2);
    const kernel_shape = sizes.map((size) => 1 + draw.below(Math.min(3, size)));
    const attributes = {
      kernel_shape,
      strides: sizes.map(() => 1 + draw.below(2)),
      pads: [...kernel_shape, ...kernel_shape].map((size) => draw.below(1 + Math.floor(size / 2))),
      ...more(draw),
    };
    const isPlaces = operator === "MaxPool";
    const types: readonly ElementType[] = isPlaces ? ["float32", "float64", "int8", "uint8"] : ["float32"];
    return {
      operator,
      inputs: [[draw.pick(types), [1 + draw.below(2), 1 + draw.below(5), ...sizes]] as const],
      attributes,
      outputs: isPlaces ? 2 : 1,
    };
  };
}

const operators: Readonly<Record<string, (draw: Draw) => Drawn>> = {
  ArgMax: argument("ArgMax"),
  ArgMin: argument("ArgMin"),
  "Conv with computed weights": (draw) => {
    const group = 1 + draw.below(2);
    const channels = 1 + draw.below(3);
    const filters = group * (1 + draw.below(3));
    const kernel = [1 + draw.below(3), 1 + draw.below(3)];
    const inputs = [[2, channels * group, 6, 5], [filters, channels, ...kernel], [filters]];
    return { operator: "Conv", inputs, attributes: { group, pads: [1, 0, 1, 1], kernel_shape: kernel } };
  },
  CumSum: (draw) => {
    const shape = draw.shape(1 + draw.below(3));
    const axis = constant("int64", [], [draw.below(shape.length)]);
    const type = draw.pick<ElementType>(["float32", "float64", "int32", "int64"]);
    const attributes = { exclusive: draw.bit(), reverse: draw.bit() };
    return { operator: "CumSum", inputs: [[type, shape] as const, axis], attributes };
  },
  Einsum: (draw) => {
    const [i, j, k] = draw.shape(3);
    const [equation, ...inputs] = draw.pick([
      ["ij,jk->ik", [i, j], [j, k]],
      ["bij,bjk->bik", [2, i, j], [2, j, k]],
      ["...ij,...kj->...ik", [2, 3, i, j], [3, k, j]],
      ["ii->i", [i, i]],
      ["ij->ji", [i, j]],
      ["i,j->ij", [i], [j]],
      ["ij,ij->", [i, j], [i, j]],
    ]) as [string, ...number[][]];
    return { operator: "Einsum", inputs, attributes: { equation } };
  },
  EyeLike: (draw) => ({
    operator: "EyeLike",
    inputs: [draw.shape(2)],
    attributes: { k: draw.below(5) - 2, dtype: draw.pick([1, 7]) },
  }),
  GatherND: (draw) => {
    const shape = draw.shape(3);
    const batch = draw.below(2);
    const depth = 1 + draw.below(3 - batch);
    const rows = [...shape.slice(0, batch), 1 + draw.below(4)];
    const least = Math.min(...shape);
    const places = draw.places([...rows, depth], least);
    return { operator: "GatherND", inputs: [shape, places], attributes: { batch_dims: batch } };
  },
  GRU: recurrent("GRU", 3),
  GroupNormalization: (draw) => {
    const groups = 1 + draw.below(3);
    const channels = groups * (1 + draw.below(4));
    const inputs = [[2, channels, 3, 1 + draw.below(5)], draw.floats([channels]), draw.floats([channels])];
    return { operator: "GroupNormalization", inputs, attributes: { num_groups: groups }, opset: 21 };
  },
  Hardmax: (draw) => {
    const shape = draw.shape(1 + draw.below(3));
    return { operator: "Hardmax", inputs: [shape], attributes: { axis: draw.below(shape.length) } };
  },
  InstanceNormalization: (draw) => {
    const shape = [1 + draw.below(2), 1 + draw.below(9), ...draw.shape(1 + draw.below(3)).map((n) => n + 1)];
    const [, channels = 1] = shape;
    const inputs = [shape, draw.floats([channels]), draw.floats([channels])];
    return { operator: "InstanceNormalization", inputs };
  },
  "LayerNormalization with its moments": (draw) => {
    const shape = draw.shape(3).map((size) => size + 1);
    const axis = draw.below(3);
    const scale = draw.floats(shape.slice(axis).map((size) => (draw.below(3) === 0 ? 1 : size)));
    return { operator: "LayerNormalization", inputs: [shape, scale], attributes: { axis }, outputs: 3 };
  },
  LpNormalization: (draw) => {
    const shape = draw.shape(1 + draw.below(3));
    const attributes = { axis: draw.below(shape.length), p: 1 + draw.bit() };
    return { operator: "LpNormalization", inputs: [shape], attributes };
  },
  LpPool: windowed("LpPool", (draw) => ({ p: 1 + draw.below(3) })),
  LRN: (draw) => ({
    operator: "LRN",
    inputs: [[2, ...draw.shape(3)]],
    attributes: { size: 1 + draw.below(5) },
  }),
  LSTM: recurrent("LSTM", 4),
  MatMul: (draw) => {
    const [i, j, k] = draw.shape(3);
    const type = draw.pick<ElementType>(["float64", "int32", "int64", "uint32"]);
    const shapes = draw.pick([
      [
        [i, j],
        [j, k],
      ],
      [
        [2, 1, i, j],
        [3, j, k],
      ],
      [[j], [2, j, k]],
      [[2, i, j], [j]],
    ]) as number[][];
    return { operator: "MatMul", inputs: shapes.map((shape) => [type, shape] as const) };
  },
  "MaxPool with places": windowed("MaxPool", (draw) => ({ storage_order: draw.bit() })),
  MeanVarianceNormalization: (draw) => ({
    operator: "MeanVarianceNormalization",
    inputs: [draw.shape(4).map((size) => size + 1)],
  }),
  OneHot: (draw) => {
    const shape = draw.shape(draw.below(3));
    const depth = 2 + draw.below(5);
    const inputs = [draw.places(shape, depth + 1), int64s(depth), floats([2], [0.25, 1.5])];
    return { operator: "OneHot", inputs, attributes: { axis: draw.below(shape.length + 1) } };
  },
  ReverseSequence: (draw) => {
    const shape = draw.shape(3);
    const time_axis = draw.bit();
    const size = known(shape[time_axis], "size");
    const lengths = Array.from({ length: known(shape[1 - time_axis], "batch") }, () => 1 + draw.below(size));
    const attributes = { time_axis, batch_axis: 1 - time_axis };
    return { operator: "ReverseSequence", inputs: [shape, int64s(...lengths)], attributes };
  },
  RNN: recurrent("RNN", 1),
  ScatterElements: (draw) => {
    const shape = draw.shape(1 + draw.below(3));
    const axis = draw.below(shape.length);
    const part = shape.map((size, at) => (at === axis ? 1 + draw.below(size + 2) : 1 + draw.below(size)));
    const reduction = draw.pick(["add", "mul", "max", "min"]);
    const indices = draw.places(part, known(shape[axis], "size"));
    return {
      operator: "ScatterElements",
      inputs: [shape, indices, part],
      attributes: { axis, reduction },
      opset: 18,
    };
  },
  ScatterND: (draw) => {
    const shape = draw.shape(3);
    const depth = 1 + draw.below(3);
    const rows = 1 + draw.below(4);
    const updates = [rows, ...shape.slice(depth)];
    const attributes = { reduction: draw.pick(["none", "add"]) };
    const indices = draw.places([rows, depth], Math.min(...shape));
    return { operator: "ScatterND", inputs: [shape, indices, updates], attributes, opset: 18 };
  },
  TopK: (draw) => {
    const shape = draw.shape(1 + draw.below(3), 12);
    const axis = draw.below(shape.length);
    const count = 1 + draw.below(known(shape[axis], "size"));
    const attributes = { axis, largest: draw.bit(), sorted: 1 };
    const type = draw.pick<ElementType>(["float32", "int64", "int32"]);
    return { operator: "TopK", inputs: [[type, shape] as const, int64s(count)], attributes, outputs: 2 };
  },
};

describe(`loop nests of their own, seed ${seed}`, () => {
  test.each(Object.entries(operators))("%s", (_, make) => {
    const draw = new Draw(seededRandom(seed));
    for (let run = 0; run < runs; run++) check(make(draw));
  });
});
