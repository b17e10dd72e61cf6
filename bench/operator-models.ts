/** Networks of one operator or of a few, by kernel family, with the arithmetic that they ask for. */
import { sum } from "../src/base/integers.ts";
import type { Attribute, Graph, Model, OpNode } from "../src/graph/ir/graph.ts";
import type { Tensor } from "../src/graph/ir/tensor.ts";

export interface KernelModel {
  readonly name: string;
  readonly model: Model;
  /** Floating-point operations of one run: a multiply-accumulate is two, any other elementwise operation one. */
  readonly flops: number;
}

const opset = 17;

type PlainAttribute = number | readonly number[];

/** Gathers nodes; a value is named after the node that makes it. */
class ModelBuilder {
  private readonly nodes: OpNode[] = [];
  private readonly constants = new Map<string, Tensor>();
  private readonly inputs: Graph["inputs"][number][] = [];

  input(name: string, shape: readonly number[]): string {
    this.inputs.push({ name, type: { elementType: "float32", shape } });
    return name;
  }

  /** Pseudo-random weights from [low, high). */
  weights(shape: readonly number[], low = -0.1, high = 0.1): string {
    const name = `w${this.constants.size}`;
    const data = { kind: "synthetic", low, high, seed: this.constants.size + 1 } as const;
    this.constants.set(name, { elementType: "float32", shape, data });
    return name;
  }

  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, PlainAttribute>> = {},
  ): string {
    const name = `${operator}_${this.nodes.length}`;
    const entries = Object.entries(attributes).map(([key, value]) => [key, attribute(value)] as const);
    this.nodes.push({
      name,
      operator,
      domain: "",
      opset,
      inputs,
      outputs: [name],
      attributes: new Map(entries),
    });
    return name;
  }

  model(name: string, output: string, shape: readonly number[]): Model {
    return {
      graph: {
        name,
        inputs: this.inputs,
        outputs: [{ name: output, type: { elementType: "float32", shape } }],
        nodes: this.nodes,
        constants: this.constants,
        statedTypes: new Map(),
      },
      irVersion: 8,
      opsets: new Map([["", opset]]),
      producer: "",
      metadata: new Map(),
    };
  }
}

function attribute(value: PlainAttribute): Attribute {
  if (typeof value !== "number") return { kind: "ints", value: value.map(BigInt) };
  return Number.isInteger(value) ? { kind: "int", value: BigInt(value) } : { kind: "float", value };
}

interface ConvShape {
  readonly inputs: number;
  readonly filters: number;
  readonly kernel: number;
  /** Rows and columns of the input. */
  readonly size: number;
  readonly stride?: number;
  readonly group?: number;
}

/** Convolution with bias, padded so that stride 1 keeps the size. */
function conv(
  name: string,
  { inputs, filters, kernel, size, stride = 1, group = 1 }: ConvShape,
): KernelModel {
  const builder = new ModelBuilder();
  const x = builder.input("x", [1, inputs, size, size]);
  const weights = builder.weights([filters, inputs / group, kernel, kernel]);
  const pad = (kernel - 1) / 2;
  const y = builder.node("Conv", [x, weights, builder.weights([filters])], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    group,
  });
  const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const flops = 2 * out * out * filters * (inputs / group) * kernel * kernel;
  return { name, model: builder.model(name, y, [1, filters, out, out]), flops };
}

/** [rows, depth] times constant [depth, columns]. */
function matMul(name: string, rows: number, depth: number, columns: number): KernelModel {
  const builder = new ModelBuilder();
  const y = builder.node("MatMul", [builder.input("x", [rows, depth]), builder.weights([depth, columns])]);
  return { name, model: builder.model(name, y, [rows, columns]), flops: 2 * rows * depth * columns };
}

/** Operators in turn, each with a constant of its own where it takes two inputs. */
function chain(
  name: string,
  shape: readonly number[],
  operators: readonly string[],
  constantShape: readonly number[],
): KernelModel {
  const builder = new ModelBuilder();
  const last = operators.reduce(
    (value, operator) => {
      const [low, high] = operator === "Mul" ? [0.9, 1.1] : [-0.1, 0.1];
      const isBinary = operator === "Add" || operator === "Mul";
      const operands = isBinary ? [value, builder.weights(constantShape, low, high)] : [value];
      return builder.node(operator, operands);
    },
    builder.input("x", shape),
  );
  const elements = shape.reduce((product, size) => product * size, 1);
  return { name, model: builder.model(name, last, shape), flops: elements * operators.length };
}

function softmax(rows: number, columns: number): KernelModel {
  const builder = new ModelBuilder();
  const y = builder.node("Softmax", [builder.input("x", [rows, columns])], { axis: 1 });
  // Largest, difference, exponential, sum, quotient.
  return { name: "softmax", model: builder.model("softmax", y, [rows, columns]), flops: 5 * rows * columns };
}

function layerNorm(rows: number, columns: number): KernelModel {
  const builder = new ModelBuilder();
  const weights = [builder.weights([columns], 0.5, 1.5), builder.weights([columns])];
  const y = builder.node("LayerNormalization", [builder.input("x", [rows, columns]), ...weights], {
    axis: 1,
  });
  // Two sums, difference, square, two factors, shift: about eight.
  return {
    name: "layer normalisation",
    model: builder.model("layernorm", y, [rows, columns]),
    flops: 8 * rows * columns,
  };
}

/** softmax(q k / 8) v for some heads. */
function attention(heads: number, sequence: number, width: number): KernelModel {
  const builder = new ModelBuilder();
  const q = builder.input("q", [1, heads, sequence, width]);
  const k = builder.input("k", [1, heads, width, sequence]);
  const v = builder.input("v", [1, heads, sequence, width]);
  const scores = builder.node("MatMul", [q, k]);
  const scaled = builder.node("Mul", [scores, builder.weights([1], 1 / 8, 1 / 8 + 1e-9)]);
  const y = builder.node("MatMul", [builder.node("Softmax", [scaled], { axis: -1 }), v]);
  const flops = sum([2, 2].map((each) => each * heads * sequence * sequence * width));
  return { name: "attention", model: builder.model("attention", y, [1, heads, sequence, width]), flops };
}

const repeated = (times: number, operators: readonly string[]): readonly string[] =>
  Array.from({ length: times }, () => operators).flat();

/** In the order of the table. */
export const kernelModels: readonly KernelModel[] = [
  conv("conv 3x3, 64 to 64, 56x56", { inputs: 64, filters: 64, kernel: 3, size: 56 }),
  conv("conv 3x3 / 2, 64 to 128, 56x56", { inputs: 64, filters: 128, kernel: 3, size: 56, stride: 2 }),
  conv("conv 7x7 / 2, 3 to 64, 224x224", { inputs: 3, filters: 64, kernel: 7, size: 224, stride: 2 }),
  conv("conv 1x1, 64 to 256, 56x56", { inputs: 64, filters: 256, kernel: 1, size: 56 }),
  conv("depthwise 3x3, 128, 56x56", { inputs: 128, filters: 128, kernel: 3, size: 56, group: 128 }),
  matMul("matmul 512x512x512", 512, 512, 512),
  matMul("matmul 1x768x3072", 1, 768, 3072),
  chain("21 elementwise, 1 M floats", [1, 1024, 1024], repeated(7, ["Mul", "Add", "Relu"]), []),
  chain("100 Add/Mul, [1,128,64]", [1, 128, 64], repeated(50, ["Mul", "Add"]), [64]),
  softmax(1536, 128),
  layerNorm(128, 768),
  attention(12, 128, 64),
];
