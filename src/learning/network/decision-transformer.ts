/**
 * The decision transformer of DNNFuser (section 4; Chen et al., Decision Transformer, NeurIPS 2021, algorithm 1) as a forward graph
 * with its loss: return-to-go, state and action of each step are three tokens, embedded linearly, with an embedding of the
 * time step added; blocks of causal attention and a hidden layer, each behind a layer normalisation (as in GPT-2); the action
 * is read at the state's token by a linear head. Parameters are named and shaped as `parameterShapes` says.
 *
 * Only the states' tokens are read behind the last block, so that block looks from them alone: the same numbers for a
 * fifth less work. 12 width^2 multiply-accumulates a token and block, and attention.
 */
import type { Graph, Model, Value } from "../../graph/ir/graph.ts";
import { intAttribute, intsAttribute } from "../../graph/ir/node-attributes.ts";
import type { ElementType } from "../../graph/ir/tensor.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";
import { GraphNodes, opset } from "./graph-nodes.ts";
import { type LossName, readsSynced, writeLoss } from "./loss.ts";
import { type NetworkSizes, parameterShapes } from "./network-sizes.ts";

export interface TransformerOptions {
  readonly sizes: NetworkSizes;
  readonly schema: FeatureSchema;
  /** Trajectories side by side. */
  readonly batch: number;
  /** Steps of each, at most those of the sizes; shorter trajectories are padded behind, with weights of 0. */
  readonly steps: number;
  /** Mean squared error, unless given. */
  readonly loss?: LossName;
  /** Whether there are inputs for dropout's masks; none, unless given. */
  readonly dropout?: boolean;
  /** The values of the parameters, which are constants then; they are inputs, unless given. */
  readonly parameters?: ReadonlyMap<string, Float32Array>;
  /** Of a hidden layer; GELU, unless given. Weights files mean GELU. */
  readonly activation?: "relu" | "gelu";
  /** float32, unless given. */
  readonly elementType?: ElementType;
}

export interface DecisionTransformer {
  /** Inputs: returns, states, actions, weights (one for each step), and as the options say synced, masks, parameters. */
  readonly model: Model;
  readonly loss: string;
  /** The output with the actions that the network would take: [batch, steps, numbers]. */
  readonly predicted: string;
  /** Names of what is to be trained. */
  readonly parameters: readonly string[];
  /** The inputs that dropout multiplies with: 0, or 1 / (1 - rate). */
  readonly masks: readonly Value[];
}

/** What the parts of the network need. */
interface Parts extends Required<Pick<TransformerOptions, "sizes" | "schema" | "batch" | "steps">> {
  readonly nodes: GraphNodes;
  readonly activation: "relu" | "gelu";
  /** Drops elements of a value, in training. */
  readonly drop: (name: string, x: string, tokens: number) => string;
}

export function decisionTransformer(options: TransformerOptions): DecisionTransformer {
  const { sizes, schema, batch, steps, activation = "gelu", elementType = "float32" } = options;
  const nodes = new GraphNodes(elementType);
  const masks: Value[] = [];
  const drop = (name: string, x: string, tokens: number): string => {
    if (options.dropout !== true) return x;
    const mask = `${name}.dropout`;
    masks.push({ name: mask, type: { elementType, shape: [batch, tokens, sizes.width] } });
    return nodes.node(`${name}.dropped`, "Mul", [x, mask]);
  };
  const parts: Parts = { sizes, schema, batch, steps, nodes, activation, drop };
  const predicted = forward(parts);
  const loss = writeLoss(nodes, options.loss ?? "mse", schema, predicted);
  const shapes = parameterShapes(sizes, schema);
  const value = (name: string, shape: readonly number[]): Value => ({ name, type: { elementType, shape } });
  const known = options.parameters;
  for (const [name, numbers] of known ?? []) nodes.constant(name, shapes.get(name) ?? [], numbers);
  const numbers = actionWidth(schema);
  const graph: Graph = {
    name: "decision transformer",
    inputs: [
      value("returns", [batch, steps, 1]),
      value("states", [batch, steps, schema.state.length]),
      value("actions", [batch, steps, numbers]),
      value("weights", [batch, steps, 1]),
      ...(readsSynced(options.loss ?? "mse", schema) ? [value("synced", [batch, steps, 1])] : []),
      ...masks,
      ...(known === undefined ? [...shapes].map(([name, shape]) => value(name, shape)) : []),
    ],
    outputs: [value(loss, []), value(predicted, [batch, steps, numbers])],
    nodes: nodes.nodes,
    constants: nodes.constants,
    statedTypes: new Map(),
  };
  const model = { graph, irVersion: 8, opsets: new Map([["", opset]]), producer: "", metadata: new Map() };
  return { model, loss, predicted, parameters: [...shapes.keys()], masks };
}

/** From the three inputs to the actions: [batch, steps, numbers]. */
function forward(parts: Parts): string {
  const { sizes, steps, nodes, drop } = parts;
  let x = drop("embedded", nodes.layerNorm("embedded", embedTokens(parts)), 3 * steps);
  for (let index = 0; index < sizes.blocks; index++) x = block(parts, index, x);
  return nodes.linear("head", nodes.layerNorm("normalized", x));
}

/** [batch, 3 steps, width]: return, state and action side by side in a step. */
function embedTokens({ sizes, batch, steps, nodes }: Parts): string {
  const { width } = sizes;
  const times = steps === sizes.steps ? "times" : nodes.slice("times.first", "times", 0, 0, steps);
  const embedded = ["returns", "states", "actions"].map((name) => {
    const timed = nodes.node(`${name}.timed`, "Add", [nodes.linear(`${name}.embedding`, name), times]);
    return nodes.reshape(`${name}.token`, timed, [batch, steps, 1, width]);
  });
  const stacked = nodes.node("stacked", "Concat", embedded, { axis: intAttribute(2) });
  return nodes.reshape("tokens", stacked, [batch, 3 * steps, width]);
}

/** Behind the last block there are only the states' tokens: [batch, steps, width]. */
function block(parts: Parts, index: number, x: string): string {
  const { sizes, steps, nodes, activation, drop } = parts;
  const name = `block${index}`;
  const isLast = index === sizes.blocks - 1;
  const tokens = isLast ? steps : 3 * steps;
  const normal = nodes.layerNorm(`${name}.norm1`, x);
  const from = isLast ? statesOf(parts, `${name}.from`, normal) : normal;
  const kept = isLast ? statesOf(parts, `${name}.kept`, x) : x;
  const attended = drop(`${name}.attention`, attention(parts, `${name}.attention`, from, normal), tokens);
  const middle = nodes.node(`${name}.middle`, "Add", [kept, attended]);
  const hidden = nodes.linear(`${name}.hidden`, nodes.layerNorm(`${name}.norm2`, middle));
  const active =
    activation === "relu" ? nodes.node(`${name}.active`, "Relu", [hidden]) : gelu(nodes, name, hidden);
  const back = drop(`${name}.back`, nodes.linear(`${name}.back`, active), tokens);
  return nodes.node(`${name}.out`, "Add", [middle, back]);
}

/** The second of each step's three tokens. */
function statesOf({ sizes, batch, steps, nodes }: Parts, name: string, x: string): string {
  const byStep = nodes.reshape(`${name}.steps`, x, [batch, steps, 3, sizes.width]);
  return nodes.reshape(name, nodes.slice(`${name}.states`, byStep, 2, 1, 2), [batch, steps, sizes.width]);
}

/** As exporters write it before opset 20. */
function gelu(nodes: GraphNodes, name: string, x: string): string {
  const part = nodes.node(`${name}.part`, "Div", [x, nodes.scalar("root", Math.SQRT2)]);
  const error = nodes.node(`${name}.erf`, "Erf", [part]);
  const lifted = nodes.node(`${name}.lifted`, "Add", [error, nodes.scalar("one", 1)]);
  const twice = nodes.node(`${name}.twice`, "Mul", [x, lifted]);
  return nodes.node(`${name}.active`, "Mul", [twice, nodes.scalar("half", 0.5)]);
}

/** Every token of `from` looks at those of `x` that are not behind it. */
function attention(parts: Parts, name: string, from: string, x: string): string {
  const { sizes, batch, steps, nodes } = parts;
  const { heads, width } = sizes;
  const all = 3 * steps;
  const looking = from === x ? all : steps;
  const head = (kind: string, of: string, tokens: number, perm: readonly number[]): string => {
    const linear = nodes.linear(`${name}.${kind}`, of);
    const apart = nodes.reshape(`${name}.${kind}.apart`, linear, [batch, tokens, heads, width / heads]);
    return nodes.node(`${name}.${kind}.heads`, "Transpose", [apart], { perm: intsAttribute(perm) });
  };
  const query = head("query", from, looking, [0, 2, 1, 3]);
  const key = head("key", x, all, [0, 2, 3, 1]);
  const value = head("value", x, all, [0, 2, 1, 3]);
  const scores = nodes.node(`${name}.scores`, "MatMul", [query, key]);
  const size = nodes.scalar("head.size", 1 / Math.sqrt(width / heads));
  const mask =
    looking === all
      ? nodes.constant("mask", [all, all], causalMask(all, all))
      : nodes.constant("mask.states", [looking, all], causalMask(looking, all));
  const masked = nodes.node(`${name}.masked`, "Add", [
    nodes.node(`${name}.scaled`, "Mul", [scores, size]),
    mask,
  ]);
  const weights = nodes.node(`${name}.weights`, "Softmax", [masked], { axis: intAttribute(-1) });
  const mixed = nodes.node(`${name}.mixed`, "MatMul", [weights, value]);
  const together = nodes.node(`${name}.together`, "Transpose", [mixed], {
    perm: intsAttribute([0, 2, 1, 3]),
  });
  return nodes.linear(
    `${name}.projected`,
    nodes.reshape(`${name}.joined`, together, [batch, looking, width]),
  );
}

/** 0 where a token may look, and far below elsewhere; with a third of the rows, these are the states' tokens. */
function causalMask(rows: number, tokens: number): Float64Array {
  const mask = new Float64Array(rows * tokens);
  for (let row = 0; row < rows; row++) {
    const token = rows === tokens ? row : 3 * row + 1;
    mask.fill(-1e4, row * tokens + token + 1, (row + 1) * tokens);
  }
  return mask;
}
