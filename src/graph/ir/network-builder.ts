/**
 * Builds a network operator by operator, as an ONNX file would hold it (opset 17), so that a generated network goes the
 * same way as a real one: shape inference, fusion, workload. Weights are synthetic: the network could be run and exported.
 */

import { known } from "../../base/assert.ts";
import type { Attribute, Model, OpNode, Value } from "./graph.ts";
import type { Tensor } from "./tensor.ts";
import { tensorFromNumbers } from "./tensor-values.ts";

/** Feature maps: [1, channels, height, width]. */
export interface Image {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A sequence: [1, tokens, width]. */
export interface Sequence {
  readonly name: string;
  readonly tokens: number;
  readonly width: number;
}

export type Activation = "Relu" | "Sigmoid" | "HardSwish" | "LeakyRelu" | "none";

export interface ConvolutionOptions {
  readonly channels: number;
  readonly filter: number;
  readonly stride?: number;
  /** Border pixels on each side; as many as keep the size at stride 1 when left out. */
  readonly padding?: number;
  /** As many groups as channels. */
  readonly depthwise?: boolean;
  readonly activation?: Activation;
}

export interface NetworkBuilder {
  /** Square, unless a width is given. */
  imageInput(channels: number, height: number, width?: number): Image;
  sequenceInput(tokens: number, width: number): Sequence;
  convolution(image: Image, options: ConvolutionOptions): Image;
  /** Doubles height and width with a transposed convolution. */
  upConvolution(image: Image, channels: number): Image;
  /** Doubles height and width by repeating pixels. */
  upsample(image: Image): Image;
  maxPool(image: Image, window: number, stride: number): Image;
  add(a: Image, b: Image): Image;
  /** Scales every channel by a number of its own (squeeze and excite). */
  excite(image: Image, squeezedChannels: number): Image;
  concat(images: readonly Image[]): Image;
  /** Mean over positions, then a fully connected layer. */
  classifier(image: Image, classes: number): string;
  /** All positions as one vector, then fully connected layers. */
  fullyConnected(image: Image, units: readonly number[]): string;
  /** The positions of an image as tokens, its channels as their width. */
  tokens(image: Image): Sequence;
  linear(sequence: Sequence, width: number): Sequence;
  gelu(sequence: Sequence): Sequence;
  normalise(sequence: Sequence): Sequence;
  addSequences(a: Sequence, b: Sequence): Sequence;
  /** Attention between heads of queries, keys and values that are already projected. */
  attention(queries: Sequence, keys: Sequence, values: Sequence, heads: number): Sequence;
  /** The network with these values as its outputs. */
  build(name: string, outputs: readonly string[]): Model;
}

const opset = 17;

export function networkBuilder(): NetworkBuilder {
  const inputs: Value[] = [];
  const constants = new Map<string, Tensor>();
  const nodes: OpNode[] = [];
  const counts = new Map<string, number>();

  const fresh = (stem: string): string => {
    const count = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, count);
    return `${stem}${count}`;
  };
  const input = (name: string, shape: readonly number[]): void => {
    inputs.push({ name, type: { elementType: "float32", shape } });
  };
  const weights = (shape: readonly number[]): string => {
    const name = fresh("weight");
    const data = { kind: "synthetic", low: -0.1, high: 0.1, seed: constants.size + 1 } as const;
    constants.set(name, { elementType: "float32", shape, data });
    return name;
  };
  const integers = (values: readonly number[]): string => {
    const name = fresh("shape");
    constants.set(name, numbers("int64", [values.length], values));
    return name;
  };
  const scalar = (value: number): string => {
    const name = fresh("scalar");
    constants.set(name, numbers("float32", [], [value]));
    return name;
  };
  /** Adds a node with one result, which has the node's name. */
  const node = (
    operator: string,
    reads: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[] | string>> = {},
  ): string => {
    const name = fresh(operator.toLowerCase());
    const pairs = Object.entries(attributes).map(([key, value]) => [key, attribute(value)] as const);
    nodes.push({
      name,
      operator,
      domain: "",
      opset,
      inputs: reads,
      outputs: [name],
      attributes: new Map(pairs),
    });
    return name;
  };
  const activated = (name: string, activation: Activation): string => {
    if (activation === "none") return name;
    // Swish, as exporters write it.
    if (activation === "Sigmoid") return node("Mul", [name, node("Sigmoid", [name])]);
    return node(activation, [name]);
  };
  const gemm = (name: string, width: number, units: number): string =>
    node("Gemm", [name, weights([units, width]), weights([units])], { transB: 1 });
  const split = ({ name, tokens, width }: Sequence, heads: number, perm: readonly number[]): string => {
    const parts = node("Reshape", [name, integers([1, tokens, heads, width / heads])]);
    return node("Transpose", [parts], { perm });
  };

  return {
    imageInput(channels, height, width = height) {
      input("image", [1, channels, height, width]);
      return { name: "image", channels, height, width };
    },
    sequenceInput(tokens, width) {
      input("sequence", [1, tokens, width]);
      return { name: "sequence", tokens, width };
    },
    convolution(image, options) {
      const { channels, filter, stride = 1, depthwise = false, activation = "Relu" } = options;
      const group = depthwise ? image.channels : 1;
      const made = depthwise ? image.channels : channels;
      const pad = options.padding ?? Math.floor((filter - 1) / 2);
      const reads = [image.name, weights([made, image.channels / group, filter, filter]), weights([made])];
      const name = node("Conv", reads, {
        group,
        kernel_shape: [filter, filter],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
      });
      const size = (length: number): number => Math.floor((length + 2 * pad - filter) / stride) + 1;
      return {
        name: activated(name, activation),
        channels: made,
        height: size(image.height),
        width: size(image.width),
      };
    },
    upConvolution(image, channels) {
      const reads = [image.name, weights([image.channels, channels, 2, 2]), weights([channels])];
      const name = node("ConvTranspose", reads, { kernel_shape: [2, 2], strides: [2, 2] });
      return { name, channels, height: 2 * image.height, width: 2 * image.width };
    },
    upsample(image) {
      const scales = fresh("scales");
      constants.set(scales, numbers("float32", [4], [1, 1, 2, 2]));
      const modes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
      const name = node("Resize", [image.name, "", scales], modes);
      return { ...image, name, height: 2 * image.height, width: 2 * image.width };
    },
    maxPool(image, window, stride) {
      const pad = Math.floor((window - 1) / 2);
      const name = node("MaxPool", [image.name], {
        kernel_shape: [window, window],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
      });
      const size = (length: number): number => Math.floor((length + 2 * pad - window) / stride) + 1;
      return { ...image, name, height: size(image.height), width: size(image.width) };
    },
    add: (a, b) => ({ ...a, name: node("Add", [a.name, b.name]) }),
    excite(image, squeezed) {
      const mean = node("GlobalAveragePool", [image.name]);
      const filters = (made: number, from: number): string[] => [
        weights([made, from, 1, 1]),
        weights([made]),
      ];
      const inner = node("Relu", [node("Conv", [mean, ...filters(squeezed, image.channels)])]);
      const scale = node("Sigmoid", [node("Conv", [inner, ...filters(image.channels, squeezed)])]);
      return { ...image, name: node("Mul", [image.name, scale]) };
    },
    concat(images) {
      const names = images.map(({ name }) => name);
      const channels = images.reduce((total, image) => total + image.channels, 0);
      const [first] = images;
      if (first === undefined) throw new Error("internal: nothing to concatenate");
      return { ...first, name: node("Concat", names, { axis: 1 }), channels };
    },
    classifier(image, classes) {
      const mean = node("Flatten", [node("GlobalAveragePool", [image.name])], { axis: 1 });
      return gemm(mean, image.channels, classes);
    },
    fullyConnected(image, units) {
      let name = node("Flatten", [image.name], { axis: 1 });
      let width = image.channels * image.height * image.width;
      units.forEach((count, index) => {
        name = gemm(name, width, count);
        if (index < units.length - 1) name = node("Relu", [name]);
        width = count;
      });
      return name;
    },
    tokens(image) {
      const count = image.height * image.width;
      const flat = node("Reshape", [image.name, integers([1, image.channels, count])]);
      return {
        name: node("Transpose", [flat], { perm: [0, 2, 1] }),
        tokens: count,
        width: image.channels,
      };
    },
    linear(sequence, width) {
      const product = node("MatMul", [sequence.name, weights([sequence.width, width])]);
      return { ...sequence, name: node("Add", [product, weights([width])]), width };
    },
    gelu(sequence) {
      const erf = node("Erf", [node("Div", [sequence.name, scalar(Math.SQRT2)])]);
      const scaled = node("Mul", [sequence.name, node("Add", [erf, scalar(1)])]);
      return { ...sequence, name: node("Mul", [scaled, scalar(0.5)]) };
    },
    normalise(sequence) {
      const reads = [sequence.name, weights([sequence.width]), weights([sequence.width])];
      return { ...sequence, name: node("LayerNormalization", reads, { axis: -1 }) };
    },
    addSequences: (a, b) => ({ ...a, name: node("Add", [a.name, b.name]) }),
    attention(queries, keys, values, heads) {
      const product = node("MatMul", [split(queries, heads, [0, 2, 1, 3]), split(keys, heads, [0, 2, 3, 1])]);
      const scaled = node("Mul", [product, scalar(1 / Math.sqrt(queries.width / heads))]);
      const shares = node("Softmax", [scaled], { axis: -1 });
      const mixed = node("MatMul", [shares, split(values, heads, [0, 2, 1, 3])]);
      const joined = node("Transpose", [mixed], { perm: [0, 2, 1, 3] });
      const name = node("Reshape", [joined, integers([1, queries.tokens, values.width])]);
      return { name, tokens: queries.tokens, width: values.width };
    },
    build(name, outputs) {
      const unknown = { elementType: "undefined", shape: undefined } as const;
      const graph = {
        name,
        inputs,
        outputs: outputs.map((output) => ({ name: output, type: unknown })),
        nodes,
        constants,
        statedTypes: new Map(),
      };
      const opsets = new Map([["", opset]]);
      return { graph, irVersion: 8, opsets, producer: "laminate", metadata: new Map() };
    },
  };
}

function attribute(value: number | readonly number[] | string): Attribute {
  if (typeof value === "number") return { kind: "int", value: BigInt(value) };
  if (typeof value === "string") return { kind: "string", value };
  return { kind: "ints", value: value.map(BigInt) };
}

function numbers(type: "int64" | "float32", shape: readonly number[], values: readonly number[]): Tensor {
  return known(tensorFromNumbers(type, shape, [...values]), "a tensor of numbers");
}
