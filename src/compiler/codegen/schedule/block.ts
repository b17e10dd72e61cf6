/**
 * A block while it is lowered: which of its values must be in memory, what can be computed already, and where the elements
 * of one kernel's results go when the block's other operators follow.
 */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { type Affine, sameAffine } from "../loops/affine.ts";
import { isElementwise } from "../operators/elementwise.ts";
import type { Context } from "./context.ts";
import { broadcastIndices, indexMapOf } from "./index-maps.ts";
import { nestOf } from "./nest-operators.ts";
import { isExpression } from "./read-value.ts";
import { shapeOf, staticShapeOf } from "./shapes.ts";

type Indices = readonly Affine[];

/** Operators whose kernels read an operand from memory, by operand. */
const readsMemory: Readonly<Record<string, readonly number[]>> = {
  Conv: [0],
  ConvTranspose: [0],
  Gemm: [0, 1],
  MatMul: [0, 1],
  MaxPool: [0],
  AveragePool: [0],
};

export class BlockState {
  readonly context: Context;
  readonly nodes: readonly OpNode[];
  /** Values that must be in memory when the block is done. */
  readonly needed: Set<string>;
  /** Nodes whose kernels are made. */
  readonly done = new Set<OpNode>();
  private readonly indexOf = new Map<OpNode, number>();
  private readonly consumers = new Map<string, OpNode[]>();
  private readonly inside = new Set<string>();

  constructor(context: Context, block: number) {
    this.context = context;
    const { plan, typed } = context;
    const at = known(plan.blocks[block], "block").nodes;
    this.nodes = at.flatMap((index) =>
      plan.ecg.operators[index] === undefined ? [] : [known(typed.graph.nodes[index], "node")],
    );
    this.nodes.forEach((node, position) => {
      this.indexOf.set(node, position);
      for (const name of node.outputs) if (name !== "") this.inside.add(name);
      for (const name of new Set(node.inputs))
        this.consumers.set(name, [...(this.consumers.get(name) ?? []), node]);
    });
    this.needed = new Set(this.nodes.flatMap((node) => this.neededOf(node)));
  }

  /** The block's nodes that read a value. */
  consumersOf(name: string): readonly OpNode[] {
    return this.consumers.get(name) ?? [];
  }

  isInside(name: string): boolean {
    return this.inside.has(name);
  }

  /** Needed values that are in no memory yet, in the order in which they are made. */
  pending(): readonly string[] {
    const { memory } = this.context;
    return this.nodes.flatMap((node) =>
      node.outputs.filter((name) => this.needed.has(name) && !memory.has(name)),
    );
  }

  /** Whether somebody outside the block reads a value. */
  leaves(name: string): boolean {
    const { ecg, blockOf } = this.context.plan;
    const value = ecg.values.get(name);
    if (value === undefined) return false;
    const block = blockOf[value.producer ?? -1];
    return value.isNetworkOutput || value.consumers.some((consumer) => blockOf[consumer] !== block);
  }

  private neededOf(node: OpNode): readonly string[] {
    const { plan, typed, placement } = this.context;
    const results = node.outputs.filter((name) => {
      if (!plan.ecg.values.has(name)) return false;
      return this.leaves(name) || node.operator === "Concat" || placement.isPart(name);
    });
    const isNest = nestOf(this.context.memory, node) !== undefined;
    const operands = isNest
      ? node.inputs
      : (readsMemory[node.operator] ?? []).map((at) => node.inputs[at] ?? "");
    const stretched = isExpression(this.context.memory, node)
      ? node.inputs.filter((name) => this.isStretched(name, node))
      : [];
    return [
      ...results,
      ...[...operands, ...stretched].filter((name) => this.inside.has(name) && !typed.values.has(name)),
    ];
  }

  /** What is computed for few elements and read for many is computed once, unless it only moves elements. */
  private isStretched(name: string, reader: OpNode): boolean {
    const { typed } = this.context;
    if (!this.inside.has(name) || indexMapOf(typed, reader) !== undefined) return false;
    const [from, to] = [shapeOf(typed, name), shapeOf(typed, reader.outputs[0] ?? "")];
    const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
    return count(from) < count(to) && this.isComputed(name) && !this.followsFromReduction(name);
  }

  private isComputed(name: string): boolean {
    const producer = this.context.producerOf(name);
    if (producer === undefined || !this.inside.has(name)) return false;
    const map = indexMapOf(this.context.typed, producer.node, producer.output);
    return map === undefined || this.isComputed(map.operand);
  }

  /** Values of one row follow from its sums: kernels of rows compute them where they are. */
  private followsFromReduction(name: string): boolean {
    const producer = this.context.producerOf(name);
    if (producer === undefined || !this.inside.has(name)) return false;
    if (!isExpression(this.context.memory, producer.node)) return producer.node.operator.startsWith("Reduce");
    return producer.node.inputs.some((input) => this.followsFromReduction(input));
  }

  /** Whether a value can be computed from what is in memory and from values held by the kernel being made. */
  isAvailable(
    name: string,
    held: ReadonlySet<string> = new Set(),
    seen = new Map<string, boolean>(),
  ): boolean {
    if (name === "" || held.has(name) || this.context.memory.has(name)) return true;
    const old = seen.get(name);
    if (old !== undefined) return old;
    const producer = this.context.producerOf(name);
    const can =
      producer !== undefined &&
      this.inside.has(name) &&
      isExpression(this.context.memory, producer.node) &&
      producer.node.inputs.every((input) => this.isAvailable(input, held, seen));
    seen.set(name, can);
    return can;
  }

  /** Whether a value is computed, inside the block and without memory in between, from one of these. */
  dependsOn(name: string, held: ReadonlySet<string>, seen = new Map<string, boolean>()): boolean {
    if (held.has(name)) return true;
    if (!this.inside.has(name) || this.context.memory.has(name)) return false;
    const old = seen.get(name);
    if (old !== undefined) return old;
    seen.set(name, false);
    const producer = this.context.producerOf(name);
    const does = producer?.node.inputs.some((input) => this.dependsOn(input, held, seen)) ?? false;
    seen.set(name, does);
    return does;
  }

  /** What the block makes a value of, element by element and in its shape: the x of RMSNorm's sum of x^2. */
  sourcesOf(name: string, found = new Set<string>()): ReadonlySet<string> {
    const { typed, producerOf } = this.context;
    const node = producerOf(name)?.node;
    if (node === undefined || !this.inside.has(name) || !isElementwise(node)) return found;
    const shape = staticShapeOf(typed, name)?.join();
    for (const input of node.inputs) {
      if (input === "" || found.has(input) || staticShapeOf(typed, input)?.join() !== shape) continue;
      found.add(input);
      this.sourcesOf(input, found);
    }
    return found;
  }

  /**
   * Where each element goes: for every value that the block computes element by element from `start`, the index at which
   * the element stands that `start` has at its index. `held` are values that are known besides, each at one index only,
   * such as the sums of a row; `beside` those that are reached already.
   */
  reach(
    start: string,
    indices: Indices,
    held: ReadonlyMap<string, Indices> = new Map(),
    beside: ReadonlyMap<string, Indices> = new Map(),
  ): ReadonlyMap<string, Indices> {
    const { typed, memory } = this.context;
    const reached = new Map<string, Indices>([...beside, [start, indices]]);
    const producer = this.context.producerOf(start)?.node;
    const from = producer === undefined ? -1 : (this.indexOf.get(producer) ?? -1);
    for (const node of this.nodes.slice(from + 1)) {
      if (!isExpression(memory, node) || node.operator === "Concat") continue;
      const operand = node.inputs.find((name) => reached.has(name));
      if (operand === undefined) continue;
      const at = known(reached.get(operand), "index");
      const map = indexMapOf(typed, node);
      const [output = ""] = node.outputs;
      if (map !== undefined) {
        const isOnly = node.outputs.filter((name) => name !== "").length === 1;
        if (map.forward !== undefined && isOnly) reached.set(output, map.forward(at));
        continue;
      }
      if (!isElementwise(node)) continue;
      const shape = staticShapeOf(typed, output) ?? [];
      const fits = node.inputs.every((name) => {
        if (name === "") return true;
        if (reached.has(name)) return sameShape(staticShapeOf(typed, name) ?? [], shape);
        const from = broadcastIndices(padded(at, shape.length), staticShapeOf(typed, name) ?? []);
        return this.isKnownAt(name, from, held) && !this.follows(name, reached, held);
      });
      // Another operand that is reached must be so at the same element.
      const agree = node.inputs.every((name) => {
        const other = reached.get(name);
        return other === undefined || sameIndices(other, at);
      });
      if (fits && agree) reached.set(output, padded(at, shape.length));
    }
    return reached;
  }

  /** Whether a value can be computed at an index: what is held is known at one index only. */
  private isKnownAt(name: string, at: Indices, held: ReadonlyMap<string, Indices>): boolean {
    const { memory, typed } = this.context;
    const place = held.get(name);
    if (place !== undefined) return sameIndices(place, at);
    if (memory.has(name)) return true;
    const producer = this.context.producerOf(name);
    if (producer === undefined || !this.isAvailable(name, new Set(held.keys()))) return false;
    const { node, output } = producer;
    const map = indexMapOf(typed, node, output);
    if (map !== undefined) return this.isKnownAt(map.operand, map.backward(at), held);
    if (!isElementwise(node)) return !this.dependsOn(name, new Set(held.keys()));
    return node.inputs.every(
      (input) =>
        input === "" || this.isKnownAt(input, broadcastIndices(at, staticShapeOf(typed, input) ?? []), held),
    );
  }

  /** Whether a value is computed from one of these, where neither memory nor what is held is in between. */
  private follows(
    name: string,
    from: ReadonlyMap<string, Indices>,
    held: ReadonlyMap<string, Indices>,
    seen = new Set<string>(),
  ): boolean {
    if (from.has(name)) return true;
    if (held.has(name) || seen.has(name) || !this.inside.has(name) || this.context.memory.has(name))
      return false;
    seen.add(name);
    const inputs = this.context.producerOf(name)?.node.inputs ?? [];
    return inputs.some((input) => this.follows(input, from, held, seen));
  }

  /**
   * Of the values reached, those that must be stored: the needed ones, and those that something reads which is not
   * computed along with them.
   */
  mustStore(reached: ReadonlyMap<string, Indices>): readonly string[] {
    const { memory } = this.context;
    return [...reached.keys()].filter((name) => {
      if (memory.has(name)) return false;
      if (this.needed.has(name)) return true;
      return this.consumersOf(name).some((node) =>
        node.outputs.some((output) => output !== "" && !reached.has(output)),
      );
    });
  }
}

/** The same but for leading axes of size 1. */
function sameShape(a: readonly number[], b: readonly number[]): boolean {
  const shift = b.length - a.length;
  return b.every((size, axis) => size === (a[axis - shift] ?? 1)) && shift >= 0;
}

export function sameIndices(a: Indices, b: Indices): boolean {
  return a.length === b.length && a.every((index, axis) => sameAffine(index, b[axis] ?? index));
}

/** Broadcasting may add leading axes of size 1. */
function padded(indices: Indices, rank: number): Indices {
  const missing = rank - indices.length;
  return missing <= 0 ? indices : [...new Array<Affine>(missing).fill({ offset: 0, terms: [] }), ...indices];
}
