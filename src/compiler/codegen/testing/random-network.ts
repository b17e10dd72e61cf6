/**
 * Random small networks for tests of the whole compiler. A network is a list of choices, each three numbers: which
 * operator is added, to which value, and with which parameters. Whatever the numbers are, the network is valid, so that a
 * test framework can shrink a failing list.
 */
import { floats, type NetworkNode, network } from "../../../../test/network.ts";
import { constant, int64s } from "../../../../test/one-node.ts";
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import { type RandomSource, seededRandom } from "../../../base/random.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import type { Tensor } from "../../../graph/ir/tensor.ts";

/** An operator by its place in the list of a kind of network, an operand, a seed for the parameters. */
export type Choice = readonly [operator: number, operand: number, seed: number];

type Shape = readonly number[];

/** A value of the network being made. */
interface Made {
  readonly name: string;
  readonly shape: Shape;
}

export class NetworkDraft {
  readonly nodes: Record<string, NetworkNode> = {};
  readonly constants: Record<string, Tensor> = {};
  readonly values: Made[] = [];
  random: RandomSource = seededRandom(0);
  private readonly read = new Set<string>();

  constructor(inputs: readonly Shape[]) {
    inputs.forEach((shape, at) => {
      this.values.push({ name: `x${at}`, shape });
    });
  }

  below(bound: number): number {
    return this.random.below(bound);
  }

  pick<T>(items: readonly T[]): T {
    return known(items[this.below(items.length)], "item");
  }

  constant(tensor: Tensor): string {
    const name = `c${Object.keys(this.constants).length}`;
    this.constants[name] = tensor;
    return name;
  }

  /** Small floats. */
  floats(shape: Shape): string {
    const numbers = Array.from({ length: product(shape) }, () => Math.fround(this.random.uniform() * 2 - 1));
    return this.constant(floats(shape, numbers));
  }

  add(
    operator: string,
    inputs: readonly string[],
    shape: Shape,
    attributes: NetworkNode[2] = {},
    opset?: number,
  ): void {
    const name = `v${Object.keys(this.nodes).length}`;
    for (const input of inputs) this.read.add(input);
    this.nodes[name] = [operator, inputs, attributes, opset === undefined ? {} : { opset }];
    this.values.push({ name, shape });
  }

  /** The network; what nobody reads is an output, and sometimes what somebody reads. */
  build(inputs: readonly Shape[], extra: number): TypedGraph {
    const made = this.values.slice(inputs.length).map(({ name }) => name);
    const outputs = made.filter((name, at) => !this.read.has(name) || (extra >> (at % 16)) % 4 === 1);
    return network({
      inputs: Object.fromEntries(inputs.map((shape, at) => [`x${at}`, shape])),
      constants: this.constants,
      nodes: this.nodes,
      outputs: outputs.length > 0 ? outputs : ["x0"],
    });
  }
}

/** Adds an operator on a value, or nothing where it does not fit. */
export type Step = (draft: NetworkDraft, value: Made) => void;

export function randomNetwork(
  steps: readonly Step[],
  inputs: readonly Shape[],
  choices: readonly Choice[],
): TypedGraph {
  const draft = new NetworkDraft(inputs);
  let extra = 0;
  for (const [operator, operand, seed] of choices) {
    draft.random = seededRandom(seed);
    extra ^= seed;
    const { values } = draft;
    // Mostly one of the last values, so that chains become long.
    const at = operand % 3 === 0 ? operand % values.length : Math.max(0, values.length - 1 - (operand % 3));
    known(steps[operator % steps.length], "step")(draft, known(values[at], "value"));
  }
  return draft.build(inputs, extra);
}

const unary =
  (operator: string, attributes: NetworkNode[2] = {}): Step =>
  (draft, { name, shape }) =>
    draft.add(operator, [name], shape, attributes);

function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    return m === n || n === 1 ? m : m === 1 ? n : -1;
  });
  return shape.includes(-1) ? undefined : shape;
}

/** A constant or another value that broadcasts with a shape. */
function partner(draft: NetworkDraft, shape: Shape): Made {
  const fitting = draft.values.filter((other) => broadcastShape(shape, other.shape) !== undefined);
  if (draft.below(3) > 0 && fitting.length > 0) return draft.pick(fitting);
  const stretched = shape
    .slice(draft.below(shape.length + 1))
    .map((size) => (draft.below(3) === 0 ? 1 : size));
  return { name: draft.floats(stretched), shape: stretched };
}

const binary =
  (operator: string): Step =>
  (draft, value) => {
    const other = partner(draft, value.shape);
    const shape = known(broadcastShape(value.shape, other.shape), "shape");
    const inputs = draft.below(2) === 0 ? [value.name, other.name] : [other.name, value.name];
    // Subgraphs of large numbers are kept from growing.
    if (product(shape) <= 4096) draft.add(operator, inputs, shape);
  };

export const elementwiseSteps: readonly Step[] = [
  ...["Add", "Mul", "Sub", "Max", "Min", "Add"].map(binary),
  ...["Relu", "Sigmoid", "Tanh", "Neg", "Abs", "LeakyRelu", "HardSwish", "Softsign"].map((operator) =>
    unary(operator),
  ),
  (draft, { name, shape }) => {
    draft.add("Clip", [name, draft.constant(floats([], [-1])), draft.constant(floats([], [1.5]))], shape);
  },
];

const divisorsOf = (n: number): readonly number[] =>
  Array.from({ length: n }, (_, at) => at + 1).filter((d) => n % d === 0);

/** A random shape of so many elements. */
function factorized(draft: NetworkDraft, count: number): Shape {
  const shape: number[] = [];
  for (let rest = count; shape.length < 4; ) {
    const factor = draft.pick(divisorsOf(rest));
    shape.push(shape.length === 3 ? rest : factor);
    rest /= factor;
  }
  return draft.below(2) === 0 ? shape.filter((size) => size > 1) : shape;
}

function shuffled(draft: NetworkDraft, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => ({ at, key: draft.random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ at }) => at);
}

/** Operators that move elements. */
export const layoutSteps: readonly Step[] = [
  (draft, { name, shape }) => {
    const to = factorized(draft, product(shape));
    draft.add("Reshape", [name, draft.constant(int64s(...to))], to);
  },
  (draft, { name, shape }) => {
    const perm = shuffled(draft, shape.length);
    const to = perm.map((axis) => known(shape[axis], "size"));
    if (shape.length > 0) draft.add("Transpose", [name], to, { perm });
  },
  (draft, { name, shape }) => {
    if (shape.length === 0) return;
    const axis = draft.below(shape.length);
    const size = known(shape[axis], "size");
    const begin = draft.below(size);
    const end = begin + 1 + draft.below(size - begin);
    const step = 1 + draft.below(2);
    const backward = draft.below(3) === 0;
    const [from, to] = backward ? [end - 1, begin === 0 ? -size - 1 : begin - 1] : [begin, end];
    const count = Math.ceil((end - begin) / step);
    const numbers = [from, to, axis, backward ? -step : step];
    draft.add(
      "Slice",
      [name, ...numbers.map((number) => draft.constant(int64s(number)))],
      shape.map((old, at) => (at === axis ? count : old)),
    );
  },
  (draft, { name, shape }) => {
    if (shape.length === 0) return;
    const axis = draft.below(shape.length);
    const same = (other: Shape): boolean =>
      other.length === shape.length && other.every((size, at) => at === axis || size === shape[at]);
    const others = Array.from({ length: 1 + draft.below(2) }, () =>
      draft.pick(draft.values.filter((other) => same(other.shape))),
    );
    const parts = [{ name, shape }, ...others];
    const total = parts.reduce((sum, part) => sum + known(part.shape[axis], "size"), 0);
    const to = shape.map((size, at) => (at === axis ? total : size));
    if (product(to) > 4096) return;
    draft.add(
      "Concat",
      parts.map((part) => part.name),
      to,
      { axis: draft.below(2) === 0 ? axis : axis - shape.length },
    );
  },
  (draft, { name, shape }) => {
    if (shape.length === 0) return;
    const pads = Array.from({ length: 2 * shape.length }, () => (draft.below(3) === 0 ? draft.below(3) : 0));
    const to = shape.map((size, axis) => size + (pads[axis] ?? 0) + (pads[axis + shape.length] ?? 0));
    const mode = draft.pick(["constant", "edge"]);
    const inputs = [name, draft.constant(int64s(...pads)), draft.constant(floats([], [0.5]))];
    if (product(to) <= 4096) draft.add("Pad", inputs, to, { mode });
  },
  (draft, { name, shape }) => {
    const repeats = shape.map(() => (draft.below(3) === 0 ? 2 : 1));
    const to = shape.map((size, axis) => size * (repeats[axis] ?? 1));
    const input = draft.constant(int64s(...repeats));
    if (product(to) <= 4096 && shape.length > 0) draft.add("Tile", [name, input], to);
  },
  (draft, { name, shape }) => {
    const to = shape.map((size) => (size === 1 ? 1 + draft.below(4) : size));
    if (product(to) <= 4096) draft.add("Expand", [name, draft.constant(int64s(...to))], to);
  },
  (draft, { name, shape }) => {
    if (shape.length === 0) return;
    const axis = draft.below(shape.length);
    const size = known(shape[axis], "size");
    const isScalar = draft.below(2) === 0;
    const count = isScalar ? 1 : 1 + draft.below(4);
    const places = Array.from({ length: count }, () => draft.below(2 * size) - size);
    const indices = draft.constant(constant("int64", isScalar ? [] : [count], places));
    const middle = isScalar ? [] : [count];
    draft.add("Gather", [name, indices], [...shape.slice(0, axis), ...middle, ...shape.slice(axis + 1)], {
      axis,
    });
  },
  (draft, { name, shape }) => {
    const [batch = 1, channels = 1, height = 1, width = 1] = shape;
    if (shape.length !== 4) return;
    if (channels % 4 === 0)
      draft.add("DepthToSpace", [name], [batch, channels / 4, height * 2, width * 2], {
        blocksize: 2,
        mode: draft.pick(["DCR", "CRD"]),
      });
    else if (height % 2 === 0 && width % 2 === 0)
      draft.add("SpaceToDepth", [name], [batch, channels * 4, height / 2, width / 2], { blocksize: 2 });
  },
];
