/**
 * The decision transformer of DNNFuser (section 4; Chen et al., Decision Transformer, NeurIPS 2021, algorithm 1) as a forward graph
 * with its loss: return-to-go, state and action of each step are three tokens, embedded linearly, with an embedding of the
 * time step added; blocks of causal attention and a hidden layer, each behind a layer normalisation; the action is read at
 * the state's token, and the loss is the mean squared error of all actions.
 */
import type { Attribute, Graph, Model, OpNode, Value } from "../src/graph/ir/graph.ts";
import { intAttribute, intsAttribute } from "../src/graph/ir/node-attributes.ts";
import { tensorOfValue } from "../src/graph/ir/runtime-tensor.ts";
import { tensorFromDoubles } from "../src/graph/ir/runtime-value.ts";
import type { ElementType, Tensor } from "../src/graph/ir/tensor.ts";

export interface TransformerSizes {
  readonly batch: number;
  /** Each has three tokens. */
  readonly steps: number;
  readonly blocks: number;
  readonly heads: number;
  readonly width: number;
  readonly stateWidth: number;
  readonly activation: "relu" | "gelu";
  readonly elementType: ElementType;
}

/** DNNFuser's: 57 steps are 171 tokens. */
export const dnnfuserSizes: TransformerSizes = {
  batch: 32,
  steps: 57,
  blocks: 3,
  heads: 2,
  width: 128,
  stateWidth: 8,
  activation: "relu",
  elementType: "float32",
};

export interface DecisionTransformer {
  readonly model: Model;
  readonly loss: string;
  /** The constants to train. */
  readonly parameters: readonly string[];
}

const opset = 17;
const actionWidth = 1;

/** Gathers nodes; a value is named after the node that makes it. */
class Builder {
  readonly nodes: OpNode[] = [];
  readonly constants = new Map<string, Tensor>();
  readonly parameters: string[] = [];
  readonly elementType: ElementType;

  constructor(elementType: ElementType) {
    this.elementType = elementType;
  }

  node(
    name: string,
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    this.add(name, operator, inputs, [name], attributes);
    return name;
  }

  add(
    name: string,
    operator: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): void {
    this.nodes.push({
      name,
      operator,
      domain: "",
      opset,
      inputs,
      outputs,
      attributes: new Map(Object.entries(attributes)),
    });
  }

  constant(name: string, shape: readonly number[], numbers: readonly number[]): string {
    this.constants.set(name, tensorOfValue(tensorFromDoubles(this.elementType, shape, numbers)));
    return name;
  }

  list(name: string, numbers: readonly number[]): string {
    this.constants.set(name, tensorOfValue(tensorFromDoubles("int64", [numbers.length], numbers)));
    return name;
  }

  /** Weights from [-size, size), each parameter from a seed of its own. */
  weights(name: string, shape: readonly number[], size: number): string {
    this.parameters.push(name);
    const data = { kind: "synthetic", low: -size, high: size, seed: this.parameters.length } as const;
    this.constants.set(name, { elementType: this.elementType, shape, data });
    return name;
  }

  filled(name: string, shape: readonly number[], number: number): string {
    this.parameters.push(name);
    const count = shape.reduce((product, size) => product * size, 1);
    return this.constant(name, shape, new Array<number>(count).fill(number));
  }

  linear(name: string, x: string, from: number, to: number): string {
    const weight = this.weights(`${name}.weight`, [from, to], 1 / Math.sqrt(from));
    const product = this.node(`${name}.product`, "MatMul", [x, weight]);
    return this.node(name, "Add", [product, this.filled(`${name}.bias`, [to], 0)]);
  }

  layerNorm(name: string, x: string, width: number): string {
    const scale = this.filled(`${name}.scale`, [width], 1);
    return this.node(name, "LayerNormalization", [x, scale, this.filled(`${name}.bias`, [width], 0)]);
  }

  reshape(name: string, x: string, shape: readonly number[]): string {
    return this.node(name, "Reshape", [x, this.list(`${name}.shape`, shape)]);
  }
}

export function decisionTransformer(sizes: TransformerSizes): DecisionTransformer {
  const { batch, steps, width, stateWidth, blocks, elementType } = sizes;
  const b = new Builder(elementType);
  const tokens = embedTokens(b, sizes);
  b.constant("mask", [3 * steps, 3 * steps], causalMask(3 * steps));
  let x = b.layerNorm("embedded", tokens, width);
  for (let index = 0; index < blocks; index++) x = block(b, `block${index}`, x, sizes);
  const last = b.reshape("by_step", b.layerNorm("normalized", x, width), [batch, steps, 3, width]);
  const ends = [b.list("state.start", [1]), b.list("state.end", [2]), b.list("state.axis", [2])];
  const atState = b.reshape("at_state", b.node("state_tokens", "Slice", [last, ...ends]), [
    batch,
    steps,
    width,
  ]);
  const predicted = b.node("predicted", "Tanh", [b.linear("head", atState, width, actionWidth)]);
  const error = b.node("error", "Sub", [predicted, "actions"]);
  const loss = b.node("loss", "ReduceMean", [b.node("squared", "Mul", [error, error])], {
    keepdims: intAttribute(0),
  });
  const value = (name: string, last: number): Value => ({
    name,
    type: { elementType, shape: [batch, steps, last] },
  });
  const graph: Graph = {
    name: "decision transformer",
    inputs: [value("returns", 1), value("states", stateWidth), value("actions", actionWidth)],
    outputs: [{ name: loss, type: { elementType, shape: [] } }, value(predicted, actionWidth)],
    nodes: b.nodes,
    constants: b.constants,
    statedTypes: new Map(),
  };
  const model = { graph, irVersion: 8, opsets: new Map([["", opset]]), producer: "", metadata: new Map() };
  return { model, loss, parameters: b.parameters };
}

/** [batch, 3 steps, width]: the three kinds side by side in a step. */
function embedTokens(b: Builder, { batch, steps, width, stateWidth }: TransformerSizes): string {
  const times = b.weights("times", [steps, width], 0.1);
  const kinds = [
    ["returns", 1],
    ["states", stateWidth],
    ["actions", actionWidth],
  ] as const;
  const embedded = kinds.map(([name, from]) => {
    const linear = b.linear(`${name}.embedding`, name, from, width);
    return b.reshape(`${name}.token`, b.node(`${name}.timed`, "Add", [linear, times]), [
      batch,
      steps,
      1,
      width,
    ]);
  });
  const stacked = b.node("stacked", "Concat", embedded, { axis: intAttribute(2) });
  return b.reshape("tokens", stacked, [batch, 3 * steps, width]);
}

/** 0 where a token may look, and far below elsewhere. */
function causalMask(tokens: number): readonly number[] {
  return Array.from({ length: tokens ** 2 }, (_, at) => (at % tokens > Math.floor(at / tokens) ? -1e4 : 0));
}

function block(b: Builder, name: string, x: string, sizes: TransformerSizes): string {
  const { width } = sizes;
  const attended = attention(b, `${name}.attention`, b.layerNorm(`${name}.norm1`, x, width), sizes);
  const middle = b.node(`${name}.middle`, "Add", [x, attended]);
  const hidden = b.linear(`${name}.hidden`, b.layerNorm(`${name}.norm2`, middle, width), width, 4 * width);
  const active =
    sizes.activation === "relu" ? b.node(`${name}.active`, "Relu", [hidden]) : gelu(b, name, hidden);
  return b.node(`${name}.out`, "Add", [middle, b.linear(`${name}.back`, active, 4 * width, width)]);
}

/** As exporters write it before opset 20. */
function gelu(b: Builder, name: string, x: string): string {
  const part = b.node(`${name}.part`, "Div", [x, b.constant(`${name}.root`, [], [Math.SQRT2])]);
  const error = b.node(`${name}.erf`, "Erf", [part]);
  const lifted = b.node(`${name}.lifted`, "Add", [error, b.constant(`${name}.one`, [], [1])]);
  const twice = b.node(`${name}.twice`, "Mul", [x, lifted]);
  return b.node(`${name}.active`, "Mul", [twice, b.constant(`${name}.half`, [], [0.5])]);
}

function attention(
  b: Builder,
  name: string,
  x: string,
  { batch, steps, heads, width }: TransformerSizes,
): string {
  const headWidth = width / heads;
  const head = (kind: string, perm: readonly number[]): string => {
    const all = b.linear(`${name}.${kind}`, x, width, width);
    const apart = b.reshape(`${name}.${kind}.apart`, all, [batch, 3 * steps, heads, headWidth]);
    return b.node(`${name}.${kind}.heads`, "Transpose", [apart], { perm: intsAttribute(perm) });
  };
  const [query, key, value] = [
    head("query", [0, 2, 1, 3]),
    head("key", [0, 2, 3, 1]),
    head("value", [0, 2, 1, 3]),
  ];
  const scores = b.node(`${name}.scores`, "MatMul", [query, key]);
  const size = b.constant(`${name}.size`, [], [1 / Math.sqrt(headWidth)]);
  const masked = b.node(`${name}.masked`, "Add", [b.node(`${name}.scaled`, "Mul", [scores, size]), "mask"]);
  const weights = b.node(`${name}.weights`, "Softmax", [masked], { axis: intAttribute(-1) });
  const mixed = b.node(`${name}.mixed`, "MatMul", [weights, value]);
  const together = b.node(`${name}.together`, "Transpose", [mixed], { perm: intsAttribute([0, 2, 1, 3]) });
  return b.linear(
    `${name}.projected`,
    b.reshape(`${name}.joined`, together, [batch, 3 * steps, width]),
    width,
    width,
  );
}
