/**
 * Attention: two products with a softmax between them become one kernel that never holds the matrix of scores, only a few
 * rows of it (kernels/attention.ts). What scores become before the softmax (scale, mask) is an expression of the product's
 * result, as in every epilogue; what follows the second product is its epilogue. DNNFusion's table keeps the two products
 * apart (section 3.2); the fusion plan's rule `attention` brings them into one block. Where anything does not fit, the
 * operators are lowered one by one.
 */

import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import { type AttentionSizes, attention, planAttention, type ScoreEpilogue } from "../kernels/attention.ts";
import type { Place } from "../kernels/place.ts";
import { type Affine, flatten, loopAffine, sameAffine, unflatten } from "../loops/affine.ts";
import type { Expr } from "../loops/expr.ts";
import type { Code, Local } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";
import type { KernelBuffers } from "./assembly.ts";
import { makeAvailable } from "./available.ts";
import type { BlockState } from "./block.ts";
import { type Context, newReader } from "./context.ts";
import { indexMapOf } from "./index-maps.ts";
import {
  addPacking,
  batchedOrCopied,
  broadcastShape,
  contiguousRows,
  twoBatches,
  viewIn,
} from "./matrices.ts";
import { operandBuffer } from "./operands.ts";
import { reducedAxesOf } from "./row-operators.ts";
import { shapeOf } from "./shapes.ts";
import { lowerTiled, TileEmitter, type TileLoops, tileLoops } from "./tiles.ts";
import { allocateView } from "./views.ts";

/** The nodes of one attention, and where in the first product's loops each element of the softmax's operand is made. */
interface Pattern {
  readonly first: OpNode;
  readonly softmax: OpNode;
  readonly second: SecondProduct;
  readonly loops: TileLoops;
  /** The index of what softmax takes, by the loops. */
  readonly operandAt: readonly Affine[];
  /** Values between the first product and the softmax, which are in no memory. */
  readonly between: ReadonlySet<string>;
  /** Of the first product. */
  readonly batches: readonly number[];
}

/** Lowers the attention whose first product this is; false where it is none. */
export function lowerAttention(state: BlockState, first: OpNode, label: string): boolean {
  const pattern = findPattern(state, first);
  if (pattern === undefined) return false;
  const { context } = state;
  const { typed } = context;
  const { softmax, second, loops, batches } = pattern;
  const [queries = "", keys = ""] = first.inputs;
  const [, values = ""] = second.node.inputs;
  makeAvailable(state, values);
  makeMasksAvailable(state, pattern);
  const [batch, heads, rows, columns] = [loops.batch, loops.z, loops.x, loops.filter].map(
    ({ extent }) => extent,
  ) as [number, number, number, number];
  const [shapeQ, shapeK, shapeV] = [queries, keys, values].map((name) => shapeOf(typed, name)) as [
    readonly number[],
    readonly number[],
    readonly number[],
  ];
  const [depth = 1, valueDepth = 1] = [shapeQ.at(-1), shapeV.at(-1)];
  const two = [batch, heads] as const;
  const queryOperand = { name: queries, view: contiguousRows(state, queries, shapeQ), shape: shapeQ };
  const queryView = batchedOrCopied(context, queryOperand, batches, two);
  const [ofBatch = 0, ofHead = 0, ofRow = 0] = queryView.strides;
  const sizes: AttentionSizes = {
    batch,
    heads,
    rows,
    columns,
    depth,
    valueDepth,
    queryStrides: { batch: ofBatch, head: ofHead, row: ofRow },
    queryOffset: 0,
  };
  const plan = planAttention(sizes, context.relaxed);
  const pack = (node: OpNode, name: string, shape: readonly number[], own: readonly number[]) => {
    const view = batchedOrCopied(context, { name, view: viewIn(state, name, shape), shape }, own, two);
    return addPacking(context, {
      name: node.name,
      sizes: node === first ? plan.keys : plan.values,
      view,
      label,
    });
  };
  const packedKeys = pack(first, keys, shapeK, batches);
  const packedValues = pack(second.node, values, shapeV, second.batches);
  const scratch = operandBuffer(allocateView(`${softmax.name}.rows`, "float32", [plan.scratchFloats]));
  const { buffers, value } = scoresOf(context, pattern);
  for (const node of [first, softmax, second.node]) state.done.add(node);
  for (const name of second.weights) state.needed.delete(name);
  const valueLoops = { ...loops, filter: { name: "element", extent: valueDepth } };
  const work = product([batch, heads, rows, columns]) * (depth + valueDepth);
  lowerTiled(state, {
    node: second.node,
    name: "attention",
    loops: valueLoops,
    indices: [...second.leftAt.slice(0, -1), loopAffine(valueLoops.filter)],
    value: (sum) => sum,
    bias: undefined,
    parts: [
      {
        operands: [operandBuffer(queryView), packedKeys, packedValues, scratch, ...buffers.placed],
        changes: [scratch],
        sizes: { ...sizes, zeroesNaN: second.zeroesNaN, loops, buffers: buffers.buffers, value },
        make: (head) =>
          attention({
            ...head,
            ...sizes,
            zeroesNaN: second.zeroesNaN,
            scoreAddresses: buffers.buffers.map(({ name }) => `score_${name}`),
            scores: (builder, addresses) =>
              new ScoreCode(context, loops, builder, { buffers, addresses, value }),
          }),
        work,
      },
    ],
    label,
  });
  return true;
}

function findPattern(state: BlockState, first: OpNode): Pattern | undefined {
  const { context } = state;
  const { typed, memory } = context;
  const [queries = "", keys = ""] = first.inputs;
  const [scores = ""] = first.outputs;
  const [shapeQ, shapeK] = [shapeOf(typed, queries), shapeOf(typed, keys)];
  // A constant side is packed when the network is compiled.
  if (memory.isConstant(queries) || memory.isConstant(keys) || shapeQ.length < 2 || shapeK.length < 2) return;
  const batches = broadcastShape(shapeQ.slice(0, -2), shapeK.slice(0, -2));
  const two = twoBatches(batches);
  if (two === undefined) return;
  const [batch, heads] = two;
  const rows = shapeQ.at(-2) ?? 1;
  const loops = tileLoops(batch, [heads, 1, rows], shapeK.at(-1) ?? 1);
  const [x, column] = [loopAffine(loops.x), loopAffine(loops.filter)];
  const matrix = flatten([loops.batch, loops.z].map(loopAffine), [batch, heads]);
  const scoresAt = [...unflatten(matrix, batches), x, column];
  const reached = state.reach(scores, scoresAt);
  const softmax = state.nodes.find((node) => {
    const isSoftmax = node.operator === "Softmax" && reached.has(node.inputs[0] ?? "");
    const axes = isSoftmax ? reducedAxesOf(context, node) : undefined;
    return axes?.length === 1 && axes[0] === shapeOf(typed, node.inputs[0] ?? "").length - 1;
  });
  if (softmax === undefined) return undefined;
  const [operand = ""] = softmax.inputs;
  const operandAt = reached.get(operand) ?? [];
  /** Whether a value has the scores' rows, whatever its batches. */
  const hasRows = (name: string, at: readonly Affine[]): boolean => {
    const shape = shapeOf(typed, name);
    const [row, last] = at.slice(-2);
    return (
      shape.length >= 2 &&
      shape.at(-2) === rows &&
      shape.at(-1) === loops.filter.extent &&
      row !== undefined &&
      sameAffine(row, x) &&
      last !== undefined &&
      sameAffine(last, column) &&
      sameAffine(flatten(at.slice(0, -2), shape.slice(0, -2)), matrix)
    );
  };
  const between = hasRows(operand, operandAt) ? valuesBetween(state, scores, softmax, reached) : undefined;
  const second = between && secondProduct(state, softmax, operandAt);
  if (second === undefined || between === undefined) return undefined;
  if (!hasRows(second.node.inputs[0] ?? "", second.leftAt)) return undefined;
  return { first, softmax, second, loops, operandAt, between, batches };
}

/** The values on the way from the scores to the softmax; undefined where anybody else wants one of them. */
function valuesBetween(
  state: BlockState,
  scores: string,
  softmax: OpNode,
  reached: ReadonlyMap<string, unknown>,
): ReadonlySet<string> | undefined {
  const { context } = state;
  const between = new Set<string>();
  const collect = (name: string): void => {
    if (!reached.has(name) || between.has(name)) return;
    between.add(name);
    if (name !== scores) for (const input of context.producerOf(name)?.node.inputs ?? []) collect(input);
  };
  collect(softmax.inputs[0] ?? "");
  const isOurs = (node: OpNode): boolean => node === softmax || between.has(node.outputs[0] ?? "");
  const isHidden = [...between].every(
    (name) =>
      !state.leaves(name) &&
      !context.placement.hasOwnPlace(name) &&
      context.memory.storedType(name) === "float32" &&
      state.consumersOf(name).every(isOurs),
  );
  return between.has(scores) && isHidden ? between : undefined;
}

interface SecondProduct {
  readonly node: OpNode;
  /** Batches of its left side, and that side's index by the loops. */
  readonly batches: readonly number[];
  readonly leftAt: readonly Affine[];
  /** The softmax's result, and other names of it. */
  readonly weights: readonly string[];
  readonly zeroesNaN: boolean;
}

/** The product that alone takes the softmax's result, on its left, where the right side can be in memory now. */
function secondProduct(
  state: BlockState,
  softmax: OpNode,
  operandAt: readonly Affine[],
): SecondProduct | undefined {
  const { typed, memory, placement } = state.context;
  const weights: string[] = [];
  let [name = ""] = softmax.outputs;
  const reached = state.reach(name, operandAt);
  const guarded = withoutNaN(state, name);
  const zeroesNaN = guarded !== undefined;
  if (guarded !== undefined) {
    weights.push(name);
    name = guarded;
  }
  // Reshapes give the weights another name.
  for (;;) {
    const [node, ...others] = state.consumersOf(name);
    if (node === undefined || others.length > 0 || state.leaves(name) || placement.hasOwnPlace(name)) return;
    weights.push(name);
    const [left, values = ""] = node.inputs;
    const leftAt = reached.get(name);
    const map = indexMapOf(typed, node);
    const [output = ""] = node.outputs;
    if (map !== undefined && reached.has(output)) {
      name = output;
      continue;
    }
    const isProduct = node.operator === "MatMul" && isStandard(node);
    if (!isProduct || leftAt === undefined || left !== name || values === name) return;
    const batches = shapeOf(typed, name).slice(0, -2);
    const shape = shapeOf(typed, values);
    const own = shape.slice(0, -2);
    const fits =
      shape.length >= 2 &&
      memory.storedType(values) === "float32" &&
      own.length <= batches.length &&
      broadcastShape(batches, own).join() === batches.join();
    return fits && state.isAvailable(values) ? { node, batches, leftAt, weights, zeroesNaN } : undefined;
  }
}

/** What Where(IsNaN(weights), 0, weights) is called, where nobody wants them otherwise. */
function withoutNaN(state: BlockState, weights: string): string | undefined {
  const { memory, placement } = state.context;
  const consumers = state.consumersOf(weights);
  const test = consumers.find(({ operator }) => operator === "IsNaN");
  const choice = consumers.find(({ operator }) => operator === "Where");
  const [tested = ""] = test?.outputs ?? [];
  const [condition, zero = "", otherwise] = choice?.inputs ?? [];
  const fits =
    consumers.length === 2 &&
    condition === tested &&
    otherwise === weights &&
    memory.isConstant(zero) &&
    Array.from(memory.constantNumbers(zero)).every((number) => number === 0) &&
    state.consumersOf(tested).length === 1 &&
    ![weights, tested].some((name) => state.leaves(name) || placement.hasOwnPlace(name));
  return fits ? choice?.outputs[0] : undefined;
}

/** Masks that the block computes for many rows, and that must be in memory anyway, are there first. */
function makeMasksAvailable(state: BlockState, { between, first }: Pattern): void {
  const { context } = state;
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (name === "" || seen.has(name) || !state.isInside(name) || context.memory.has(name)) return;
    seen.add(name);
    if (state.needed.has(name) && !between.has(name)) makeAvailable(state, name);
    else if (name !== first.outputs[0]) context.producerOf(name)?.node.inputs.forEach(visit);
  };
  for (const name of between) visit(name);
}

interface Scores {
  readonly buffers: KernelBuffers;
  readonly value: Expr;
}

/** What softmax takes, as an expression of the first product's sum. */
function scoresOf(context: Context, { first, softmax, operandAt }: Pattern): Scores {
  const { reader, buffers } = newReader(context);
  const sum: Expr = { kind: "accumulator", type: "f32" };
  reader.hold(first.outputs[0] ?? "", () => sum);
  const value = reader.read(softmax.inputs[0] ?? "", operandAt);
  return { buffers, value };
}

class ScoreCode implements ScoreEpilogue {
  private readonly tile: TileEmitter;
  private readonly value: Expr;

  constructor(
    context: Context,
    loops: TileLoops,
    builder: FunctionBuilder,
    { buffers, addresses, value }: Scores & { readonly addresses: readonly Local[] },
  ) {
    this.tile = new TileEmitter(context, loops, builder, buffers, addresses);
    this.tile.emitter.countReaders([value]);
    this.value = value;
  }

  emitScore(place: Place, value: Code): Code {
    this.tile.enter(place);
    this.tile.emitter.bindings.accumulator = value;
    return this.tile.emitter.vector(this.value);
  }
}
