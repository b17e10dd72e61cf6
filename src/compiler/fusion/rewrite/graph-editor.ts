/**
 * A graph while a pass changes it. Nodes stand in a list that stays in topological order, since a new node is put right
 * before the node that it replaces or feeds; the readers of every value are known, and what is not read any more is
 * taken out at once. The names of the network's inputs and outputs stay. Each change costs the readers that it touches.
 */
import { known } from "../../../base/assert.ts";
import { capturedValues, nodeReads, subgraphs } from "../../../graph/ir/captures.ts";
import type { Attribute, Graph, OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import { NewNames } from "../../../graph/ir/new-names.ts";
import { valueOfTensor } from "../../../graph/ir/runtime-tensor.ts";
import { type NumberArray, numbersOf } from "../../../graph/ir/runtime-value.ts";
import type { Tensor, TensorType } from "../../../graph/ir/tensor.ts";
import { staticShape } from "../../../graph/ops/fold.ts";

/** What is said of a new node; its name and those of its results are made up. */
export interface NewNode {
  readonly operator: string;
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly attributes?: ReadonlyMap<string, Attribute>;
}

/** A node's place in the list. */
interface Spot {
  node: OpNode;
  previous: Spot | undefined;
  next: Spot | undefined;
}

/** Whether a constant's elements are numbers that can be had. */
export function hasNumbers({ elementType, data }: Tensor): boolean {
  if (data.kind === "scaled") return hasNumbers(data.of);
  return data.kind !== "missing" && data.kind !== "strings" && !elementType.startsWith("complex");
}

export class GraphEditor {
  readonly #original: TypedGraph;
  readonly #constants: Map<string, Tensor>;
  readonly #types: Map<string, TensorType>;
  readonly #spots = new Map<string, Spot>();
  readonly #producers = new Map<string, Spot>();
  readonly #readers = new Map<string, Set<Spot>>();
  /** Values that subgraphs take from around them: their names stay. */
  readonly #captured = new Set<string>();
  readonly #outputs: ReadonlySet<string>;
  readonly #names: NewNames;
  readonly #numbers = new Map<Tensor, NumberArray>();
  #first: Spot | undefined;
  #last: Spot | undefined;
  #changes = 0;

  constructor(typed: TypedGraph) {
    const { graph } = typed;
    this.#original = typed;
    this.#constants = new Map(graph.constants);
    this.#types = new Map(typed.types);
    this.#outputs = new Set(graph.outputs.map(({ name }) => name));
    this.#names = new NewNames(graph);
    for (const node of graph.nodes) {
      this.#link(node, undefined);
      for (const { graph: inner } of subgraphs(node))
        for (const name of capturedValues(inner)) this.#captured.add(name);
    }
  }

  /** How many changes were made. */
  get changes(): number {
    return this.#changes;
  }

  /** The nodes in order, as they are now; those that are taken out while one goes on are left out. */
  *nodes(): Generator<OpNode> {
    const names: string[] = [];
    for (let spot = this.#first; spot !== undefined; spot = spot.next) names.push(spot.node.name);
    for (const name of names) {
      const spot = this.#spots.get(name);
      if (spot !== undefined) yield spot.node;
    }
  }

  /** The node of that name, as it is now; undefined once it is taken out. */
  nodeNamed(name: string): OpNode | undefined {
    return this.#spots.get(name)?.node;
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producer(value: string | undefined): OpNode | undefined {
    return value === undefined ? undefined : this.#producers.get(value)?.node;
  }

  readers(value: string): readonly OpNode[] {
    return Array.from(this.#readers.get(value) ?? [], ({ node }) => node);
  }

  isOutput(value: string): boolean {
    return this.#outputs.has(value);
  }

  /** Whether the one node is all that needs the value. */
  isOnlyFor(value: string, reader: OpNode): boolean {
    const readers = this.#readers.get(value);
    if (this.#outputs.has(value) || readers?.size !== 1) return false;
    return readers.has(known(this.#spots.get(reader.name), reader.name));
  }

  constant(value: string | undefined): Tensor | undefined {
    return value === undefined ? undefined : this.#constants.get(value);
  }

  /** The elements of a constant as numbers, undefined where it is none or they are not there. Synthetic ones are made. */
  numbers(value: string | undefined, mostElements = Number.POSITIVE_INFINITY): NumberArray | undefined {
    const tensor = this.constant(value);
    if (tensor === undefined || !hasNumbers(tensor)) return undefined;
    if (tensor.shape.reduce((a, b) => a * b, 1) > mostElements) return undefined;
    const old = this.#numbers.get(tensor);
    if (old !== undefined) return old;
    const numbers = numbersOf(valueOfTensor(tensor, `tensor "${value}"`));
    // Weights are read once; keeping them would double a network in memory.
    if (numbers.length <= 4096) this.#numbers.set(tensor, numbers);
    return numbers;
  }

  type(value: string | undefined): TensorType | undefined {
    if (value === undefined) return undefined;
    return this.#constants.get(value) ?? this.#types.get(value);
  }

  /** The shape where all sizes are numbers. */
  shape(value: string | undefined): readonly number[] | undefined {
    return staticShape(this.type(value)?.shape);
  }

  addConstant(tensor: Tensor, hint: string): string {
    const name = this.#names.take(hint);
    this.#constants.set(name, tensor);
    this.#types.set(name, { elementType: tensor.elementType, shape: tensor.shape });
    return name;
  }

  /** Puts a node right before another one, and says its first result's name. */
  insert(before: OpNode, added: NewNode, hint: string, ...types: readonly TensorType[]): string {
    const [outputs, node] = this.#made(added, hint, types);
    this.#link(node, this.#spots.get(before.name));
    this.#changes++;
    return known(outputs[0], "a result");
  }

  /** A node in the place of another one, with the same name and results. */
  replace(old: OpNode, by: NewNode): OpNode {
    const spot = known(this.#spots.get(old.name), old.name);
    const outputs = spot.node.outputs.slice(0, spot.node.outputs.findLastIndex((name) => name !== "") + 1);
    const node: OpNode = { ...spot.node, ...by, outputs, domain: "", attributes: by.attributes ?? new Map() };
    this.#exchange(spot, node);
    return node;
  }

  /** Gives a node the name of one that was taken out, so that it is found again under it. */
  rename(old: OpNode, name: string): void {
    if (this.#spots.has(name)) return;
    const spot = known(this.#spots.get(old.name), old.name);
    this.#spots.delete(old.name);
    spot.node = { ...spot.node, name };
    this.#spots.set(name, spot);
  }

  /** The same node with other inputs. */
  setInputs(old: OpNode, inputs: readonly string[]): OpNode {
    const spot = known(this.#spots.get(old.name), old.name);
    const node = { ...spot.node, inputs };
    this.#exchange(spot, node);
    return node;
  }

  /** Makes a value, which a node makes so far, a constant. */
  makeConstant(value: string, tensor: Tensor): void {
    const spot = known(this.#producers.get(value), value);
    spot.node = { ...spot.node, outputs: spot.node.outputs.map((name) => (name === value ? "" : name)) };
    this.#producers.delete(value);
    this.#constants.set(value, tensor);
    this.#types.set(value, { elementType: tensor.elementType, shape: tensor.shape });
    this.#changes++;
    this.#prune([spot]);
  }

  /** Lets everything read another value instead; false, and nothing done, where a name must stay. */
  substitute(old: string, by: string): boolean {
    const spot = this.#producers.get(old);
    if (spot === undefined || old === by || this.#captured.has(old)) return false;
    if (this.#outputs.has(old) && !this.#handOver(old, by)) return false;
    if (this.#producers.get(old) === spot) this.#redirect(old, by);
    this.#changes++;
    this.#prune([spot]);
    return true;
  }

  /** The same for a node of one result, in any case: where a name must stay, it becomes an Identity. */
  forward(node: OpNode, by: string): void {
    const [result = ""] = node.outputs;
    if (this.substitute(result, by)) return;
    if (node.operator === "Identity" && node.inputs[0] === by) return;
    this.replace(node, { operator: "Identity", opset: node.opset, inputs: [by] });
  }

  /** Takes out a node that nobody reads, and what only it needed; false where it is needed. */
  remove(node: OpNode): boolean {
    const spot = this.#spots.get(node.name);
    if (spot !== undefined) this.#prune([spot]);
    return spot !== undefined && !this.#spots.has(node.name);
  }

  /** The graph as it is now: the very one that was given where nothing was changed. */
  build(): TypedGraph {
    if (this.#changes === 0) return this.#original;
    const { graph, values, unsupported } = this.#original;
    const nodes = [...this.nodes()];
    const needed = new Set<string>(this.#outputs);
    for (const name of this.#readers.keys()) needed.add(name);
    const constants = new Map([...this.#constants].filter(([name]) => needed.has(name)));
    const there = new Set<string>([...constants.keys(), ...graph.inputs.map(({ name }) => name)]);
    for (const { outputs } of nodes) for (const name of outputs) if (name !== "") there.add(name);
    const kept = <T>(map: ReadonlyMap<string, T>): Map<string, T> =>
      new Map([...map].filter(([name]) => there.has(name)));
    const result: Graph = { ...graph, nodes, constants, statedTypes: kept(graph.statedTypes) };
    const before = new Set(graph.nodes.map(({ name }) => name));
    return {
      graph: result,
      types: kept(this.#types),
      values: new Map([...kept(values)].filter(([name]) => !constants.has(name))),
      unsupported: unsupported.filter(({ node }) => this.#spots.has(node) || !before.has(node)),
    };
  }

  #made(added: NewNode, hint: string, types: readonly TensorType[]): readonly [readonly string[], OpNode] {
    const outputs = types.map((type) => {
      const name = this.#names.take(hint);
      this.#types.set(name, type);
      return name;
    });
    const name = this.#names.take(`${hint}/${added.operator}`);
    return [outputs, { ...added, name, domain: "", outputs, attributes: added.attributes ?? new Map() }];
  }

  #link(node: OpNode, before: Spot | undefined): void {
    const previous = before === undefined ? this.#last : before.previous;
    const spot: Spot = { node, previous, next: before };
    if (previous === undefined) this.#first = spot;
    else previous.next = spot;
    if (before === undefined) this.#last = spot;
    else before.previous = spot;
    this.#spots.set(node.name, spot);
    for (const output of node.outputs) if (output !== "") this.#producers.set(output, spot);
    for (const value of nodeReads(node)) this.#addReader(value, spot);
  }

  #addReader(value: string, spot: Spot): void {
    const readers = this.#readers.get(value);
    if (readers === undefined) this.#readers.set(value, new Set([spot]));
    else readers.add(spot);
  }

  #dropReader(value: string, spot: Spot): void {
    const readers = this.#readers.get(value);
    readers?.delete(spot);
    if (readers?.size === 0) this.#readers.delete(value);
  }

  #exchange(spot: Spot, node: OpNode): void {
    const before = nodeReads(spot.node);
    spot.node = node;
    for (const value of before) this.#dropReader(value, spot);
    for (const value of nodeReads(node)) this.#addReader(value, spot);
    this.#changes++;
    this.#prune(before.flatMap((value) => this.#producers.get(value) ?? []));
  }

  #redirect(old: string, by: string): void {
    for (const spot of this.#readers.get(old) ?? []) {
      spot.node = { ...spot.node, inputs: spot.node.inputs.map((name) => (name === old ? by : name)) };
      this.#addReader(by, spot);
    }
    this.#readers.delete(old);
  }

  /** The network's output `old` is to be what `by` is: `by` takes its name, where it may. */
  #handOver(old: string, by: string): boolean {
    const tensor = this.#constants.get(by);
    const from = known(this.#producers.get(old), old);
    const unnamed = (): void => {
      from.node = { ...from.node, outputs: from.node.outputs.map((name) => (name === old ? "" : name)) };
    };
    if (tensor !== undefined) {
      unnamed();
      this.#producers.delete(old);
      this.#constants.set(old, tensor);
      return true;
    }
    const to = this.#producers.get(by);
    if (to === undefined || this.#outputs.has(by) || this.#captured.has(by)) return false;
    unnamed();
    to.node = { ...to.node, outputs: to.node.outputs.map((name) => (name === by ? old : name)) };
    this.#producers.set(old, to);
    this.#producers.delete(by);
    this.#redirect(by, old);
    return true;
  }

  /** Takes out the nodes none of whose results is needed, and then what they needed. */
  #prune(candidates: readonly Spot[]): void {
    const open = [...candidates];
    for (let spot = open.pop(); spot !== undefined; spot = open.pop()) {
      const isNeeded = spot.node.outputs.some((name) => this.#readers.has(name) || this.#outputs.has(name));
      if (isNeeded || this.#spots.get(spot.node.name) !== spot) continue;
      this.#unlink(spot);
      for (const value of nodeReads(spot.node)) {
        const producer = this.#producers.get(value);
        if (producer !== undefined) open.push(producer);
      }
    }
  }

  #unlink(spot: Spot): void {
    const { node, previous, next } = spot;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.#spots.delete(node.name);
    for (const output of node.outputs) this.#producers.delete(output);
    for (const value of nodeReads(node)) this.#dropReader(value, spot);
    this.#changes++;
  }
}
