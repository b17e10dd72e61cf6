/**
 * One step of decoding (DNNFuser, section 4.5.2) as a network: the decision transformer of network-sizes.ts on the three tokens that
 * a step adds, with the keys and values of all steps before it as inputs. So a mapping of N layers takes N + 1 runs of O(parameters)
 * each, where running the whole sequence anew takes O(N) times as much.
 *
 * - The tokens of a step are the action before it, the return-to-go and the state, since an action is known only when its own
 *   step is over. Step 0 has no action before it: its first token is there, as sizes are static, and hidden from all others.
 * - Only the state's token is read, so the last block works out queries and its hidden layer for that one alone.
 * - Products have the cache on their left, which kernels read as it lies; a right side would be packed anew at each step. Hence keys
 *   lie by tokens, values by their elements, and scores are made with tokens as rows.
 */
import { known } from "../../base/assert.ts";
import type { Model } from "../../graph/ir/graph.ts";
import { intAttribute, intsAttribute } from "../../graph/ir/node-attributes.ts";
import { actionWidth } from "../environment/schema.ts";
import { GraphNodes, geluOpset } from "../network/graph-nodes.ts";
import type { MapperWeights } from "../network/mapper-weights.ts";
import type { NetworkSizes } from "../network/network-sizes.ts";

/** Action, return-to-go, state. */
export const tokensPerStep = 3;
const stateToken = 2;

/** The tokens that the cache has room for: those of all steps. */
export function cachedTokens({ steps }: Pick<NetworkSizes, "steps">): number {
  return tokensPerStep * steps;
}

/** Values of one block's attention, by name. */
export interface CacheNames {
  /** Input [samples, heads, cached tokens, head width]. */
  readonly keys: string;
  /** Input [samples, heads, head width, cached tokens]. */
  readonly values: string;
  /** Outputs: those of this step's tokens, the others' shapes with three tokens. */
  readonly newKeys: string;
  readonly newValues: string;
}

export function cacheNames(block: number): CacheNames {
  const name = (part: string): string => `block${block}.${part}`;
  return {
    keys: name("keys"),
    values: name("values"),
    newKeys: name("new_keys"),
    newValues: name("new_values"),
  };
}

/**
 * The network for so many mappings side by side. Its inputs: `actions` [samples, action width], `returns` [samples, 1], `states`
 * [samples, state width], `times` [samples, 3, width] (the embedding of each token's time step), `hidden` [samples, 1, 3, cached tokens + 3] (added to
 * scores: 0 where a token may look, far below elsewhere), and each block's keys and values. Its outputs: `predicted`
 * [samples, action width], and each block's new keys and values.
 */
export function stepModel(weights: MapperWeights, samples: number): Model {
  const { sizes, schema } = weights;
  const { heads, width, blocks } = sizes;
  const list = new GraphNodes("float32", geluOpset);
  const step = new StepGraph(list, weights.parameters, {
    samples,
    heads,
    headWidth: width / heads,
    cached: cachedTokens(sizes),
  });
  const answer = [samples, actionWidth(schema)];
  let x = step.embedded(actionWidth(schema), schema.state.length);
  for (let index = 0; index < blocks; index++) x = step.block(index, x, index === blocks - 1);
  list.reshape("predicted", step.linear("head", step.layerNorm("normalized", x)), answer);
  return list.model("one step of the mapper", [["predicted", answer], ...step.newInCache]);
}

interface StepSizes {
  readonly samples: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly cached: number;
}

/** The parts of the network, which all add to one list of nodes. */
class StepGraph {
  /** Outputs with what a step adds to the cache, and their shapes. */
  readonly newInCache: (readonly [string, readonly number[]])[] = [];
  private readonly list: GraphNodes;
  private readonly parameters: MapperWeights["parameters"];
  private readonly sizes: StepSizes;
  private readonly width: number;

  constructor(list: GraphNodes, parameters: MapperWeights["parameters"], sizes: StepSizes) {
    this.list = list;
    this.parameters = parameters;
    this.sizes = sizes;
    this.width = sizes.heads * sizes.headWidth;
  }

  /** [samples, 3, width]. */
  embedded(actions: number, states: number): string {
    const { list, sizes, width } = this;
    list.input("hidden", [sizes.samples, 1, tokensPerStep, sizes.cached + tokensPerStep]);
    list.input("times", [sizes.samples, tokensPerStep, width]);
    const kinds = [
      ["actions", actions],
      ["returns", 1],
      ["states", states],
    ] as const;
    const tokens = kinds.map(([name, from]) => {
      const embedded = this.linear(`${name}.embedding`, list.input(name, [sizes.samples, from]));
      return list.reshape(`${name}.token`, embedded, [sizes.samples, 1, width]);
    });
    const together = list.node("tokens", "Concat", tokens, { axis: intAttribute(1) });
    return this.layerNorm("embedded", list.node("timed", "Add", [together, "times"]));
  }

  /** [samples, tokens, width]: all three tokens, or in the last block the state's alone. */
  block(index: number, x: string, isLast: boolean): string {
    const { list } = this;
    const name = `block${index}`;
    const normed = this.layerNorm(`${name}.norm1`, x);
    const [asking, kept] = isLast
      ? [this.stateOnly(`${name}.asking`, normed, 1), this.stateOnly(`${name}.kept`, x, 1)]
      : [normed, x];
    const attended = this.attention(index, normed, asking, isLast ? 1 : tokensPerStep);
    const middle = list.node(`${name}.middle`, "Add", [kept, attended]);
    const hidden = this.linear(`${name}.hidden`, this.layerNorm(`${name}.norm2`, middle));
    const active = list.node(`${name}.active`, "Gelu", [hidden]);
    return list.node(`${name}.out`, "Add", [middle, this.linear(`${name}.back`, active)]);
  }

  /** What `rows` tokens take from all tokens so far. */
  private attention(block: number, x: string, asking: string, rows: number): string {
    const { list, sizes } = this;
    const { samples, heads, headWidth, cached } = sizes;
    const name = `block${block}.attention`;
    const cache = cacheNames(block);
    list.input(cache.keys, [samples, heads, cached, headWidth]);
    list.input(cache.values, [samples, heads, headWidth, cached]);
    const queries = this.heads(`${name}.query`, asking, rows, [0, 2, 3, 1]);
    const keys = this.heads(`${name}.key`, x, tokensPerStep, [0, 2, 1, 3]);
    const values = this.heads(`${name}.value`, x, tokensPerStep, [0, 2, 3, 1]);
    this.newInCache.push(
      [list.node(cache.newKeys, "Identity", [keys]), [samples, heads, tokensPerStep, headWidth]],
      [list.node(cache.newValues, "Identity", [values]), [samples, heads, headWidth, tokensPerStep]],
    );
    const parts = [list.list(`${name}.parts`, [cached, tokensPerStep])];
    const [old, recent] = [`${name}.old`, `${name}.recent`];
    const scores = [
      list.node(`${old}.scores`, "MatMul", [cache.keys, queries]),
      list.node(`${recent}.scores`, "MatMul", [keys, queries]),
    ];
    const weights = this.weights(name, list.node(`${name}.scores`, "Concat", scores, tokenAxis), rows);
    list.split([`${old}.weights`, `${recent}.weights`], "Split", [weights, ...parts], tokenAxis);
    const mixed = list.node(`${name}.mixed`, "Add", [
      list.node(`${old}.mixed`, "MatMul", [cache.values, `${old}.weights`]),
      list.node(`${recent}.mixed`, "MatMul", [values, `${recent}.weights`]),
    ]);
    const together = this.transpose(`${name}.together`, mixed, [0, 3, 1, 2]);
    return this.linear(
      `${name}.projected`,
      list.reshape(`${name}.joined`, together, [samples, rows, this.width]),
    );
  }

  /** Softmax over the tokens, [samples, heads, tokens, rows]; along lines of memory, where it is three times as fast. */
  private weights(name: string, scores: string, rows: number): string {
    const { list, sizes } = this;
    const scale = list.constant(`${name}.scale`, [], Float32Array.of(1 / Math.sqrt(sizes.headWidth)));
    const scaled = list.node(`${name}.scaled`, "Mul", [scores, scale]);
    const hidden = rows === tokensPerStep ? "hidden" : this.stateOnly(`${name}.hidden`, "hidden", 2);
    const lines = this.transpose(`${name}.lines`, scaled, [0, 1, 3, 2]);
    const masked = list.node(`${name}.masked`, "Add", [lines, hidden]);
    const soft = list.node(`${name}.soft`, "Softmax", [masked], { axis: intAttribute(-1) });
    return this.transpose(`${name}.weights`, soft, [0, 1, 3, 2]);
  }

  linear(name: string, x: string): string {
    const { list } = this;
    const bias = this.parameter(`${name}.bias`);
    const weight = this.parameter(`${name}.weight`);
    const product = list.node(`${name}.product`, "MatMul", [
      x,
      list.constant(`${name}.weight`, [weight.length / bias.length, bias.length], weight),
    ]);
    return list.node(name, "Add", [product, list.constant(`${name}.bias`, [bias.length], bias)]);
  }

  layerNorm(name: string, x: string): string {
    const { list, width } = this;
    const parameter = (part: string): string =>
      list.constant(`${name}.${part}`, [width], this.parameter(`${name}.${part}`));
    return list.node(name, "LayerNormalization", [x, parameter("scale"), parameter("bias")]);
  }

  private heads(name: string, x: string, tokens: number, order: readonly number[]): string {
    const { samples, heads, headWidth } = this.sizes;
    const apart = this.list.reshape(`${name}.apart`, this.linear(name, x), [
      samples,
      tokens,
      heads,
      headWidth,
    ]);
    return this.transpose(`${name}.heads`, apart, order);
  }

  private stateOnly(name: string, x: string, axis: number): string {
    const { list } = this;
    const bounds = [
      list.list(`${name}.start`, [stateToken]),
      list.list(`${name}.end`, [stateToken + 1]),
      list.list(`${name}.axis`, [axis]),
    ];
    return list.node(name, "Slice", [x, ...bounds]);
  }

  private transpose(name: string, x: string, order: readonly number[]): string {
    return this.list.node(name, "Transpose", [x], { perm: intsAttribute(order) });
  }

  private parameter(name: string): Float32Array {
    return known(this.parameters.get(name), `parameter ${name}`);
  }
}

const tokenAxis = { axis: intAttribute(2) };
