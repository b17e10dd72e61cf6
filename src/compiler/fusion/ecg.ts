/**
 * The extended computational graph of DNNFusion (section 3.1): the operators that run, each with its mapping type at its
 * call site and its algebraic properties, and the results that flow between them. Constant nodes (Constant, and all
 * that is known without running the network) are no operators; Identity runs nothing and is not counted, though it
 * has its place in a block. Linear in the graph.
 */
import { known } from "../../base/assert.ts";
import type { OpNode, TypedGraph } from "../../graph/ir/graph.ts";
import { elementBits } from "../../graph/ir/tensor.ts";
import type { Algebra } from "../../graph/ops/algebra.ts";
import { rowOf } from "../../graph/ops/registry.ts";
import type { MappingType } from "../../graph/ops/row.ts";
import { mappingTypeAt } from "./call-site.ts";
import { activationsRead, type DataFlow } from "./data-flow.ts";
import { rolesOf } from "./roles.ts";

/** A node that runs, as the plan sees it. */
export interface EcgOperator {
  /** Index into graph.nodes. */
  readonly index: number;
  readonly node: OpNode;
  readonly mappingType: MappingType;
  /** Computes with weights or contracts two activations: Conv, Gemm, MatMul, LSTM. */
  readonly heavy: boolean;
  /** Not understood, or holds a subgraph, or makes what is no tensor: stays alone. */
  readonly barrier: boolean;
  /** False for Identity. */
  readonly counted: boolean;
  readonly algebra: Algebra;
}

/** An activation: a network input or an intermediate result. */
export interface EcgValue {
  readonly name: string;
  /** The node that makes it; undefined for a network input. */
  readonly producer: number | undefined;
  /** The operators that read it, ascending. */
  readonly consumers: readonly number[];
  readonly isNetworkOutput: boolean;
  /** Bytes as stored, a symbolic dimension taken as `assumedSize`: good for comparing, not for allocating. */
  readonly bytes: number;
}

export interface Ecg {
  readonly typed: TypedGraph;
  readonly flow: DataFlow;
  /** By node index; undefined for constant nodes. */
  readonly operators: readonly (EcgOperator | undefined)[];
  readonly values: ReadonlyMap<string, EcgValue>;
  /** Per node, the activations that it reads, each once. */
  readonly reads: readonly (readonly EcgValue[])[];
  /** Per node, its results. */
  readonly results: readonly (readonly EcgValue[])[];
}

/** What a dimension counts as that is not known, and the elements of a value of which nothing is. */
const assumedSize = 64;
const assumedElements = 4096;

export function extendGraph(typed: TypedGraph): Ecg {
  const { flow, roles } = rolesOf(typed);
  const { nodes } = typed.graph;
  const site = { typed, constants: flow.constants };
  const operators = nodes.map((node, index): EcgOperator | undefined => {
    const role = known(roles[index], "role");
    if (role === "constant") return undefined;
    const mappingType = mappingTypeAt(node, site);
    return {
      index,
      node,
      mappingType: mappingType ?? "many-to-many",
      heavy: role === "heavy",
      barrier: role === "barrier" || mappingType === undefined || !makesTensors(typed, node),
      counted: node.operator !== "Identity",
      algebra: rowOf(node)?.algebra ?? {},
    };
  });
  const values = valuesOf(typed, flow, operators);
  const activation = (name: string): readonly EcgValue[] => {
    const value = values.get(name);
    return value === undefined ? [] : [value];
  };
  return {
    typed,
    flow,
    operators,
    values,
    reads: nodes.map((_, index) => activationsRead(flow, index).flatMap(activation)),
    results: nodes.map((node, index) => (operators[index] ? node.outputs.flatMap(activation) : [])),
  };
}

/** Sequences and maps have no element type. */
function makesTensors(typed: TypedGraph, node: OpNode): boolean {
  return node.outputs.some((name) => name !== "" && typed.types.get(name)?.elementType !== "undefined");
}

function valuesOf(
  typed: TypedGraph,
  flow: DataFlow,
  operators: readonly (EcgOperator | undefined)[],
): ReadonlyMap<string, EcgValue> {
  const values = new Map<string, EcgValue>();
  const add = (name: string, producer: number | undefined): void => {
    if (name === "" || flow.constants.has(name)) return;
    const consumers = (flow.consumersOf.get(name) ?? []).filter((node) => operators[node] !== undefined);
    const isNetworkOutput = flow.networkOutputs.has(name);
    values.set(name, { name, producer, consumers, isNetworkOutput, bytes: bytesOf(typed, name) });
  };
  for (const { name } of typed.graph.inputs) add(name, undefined);
  typed.graph.nodes.forEach(({ outputs }, index) => {
    if (operators[index] !== undefined) for (const name of outputs) add(name, index);
  });
  return values;
}

function bytesOf(typed: TypedGraph, name: string): number {
  const type = typed.types.get(name);
  const elements = type?.shape?.reduce<number>(
    (count, size) => count * (typeof size === "number" ? size : assumedSize),
    1,
  );
  return ((elements ?? assumedElements) * (elementBits[type?.elementType ?? "float32"] || 32)) / 8;
}

/**
 * The intermediate results that need no memory once the operators run in these blocks (`irRemovable`): all their
 * consumers are in their producer's block, and the network does not give them away.
 */
export function removableResults(ecg: Ecg, blockOf: readonly number[]): ReadonlySet<string> {
  const removable = new Set<string>();
  for (const { name, producer, consumers, isNetworkOutput } of ecg.values.values()) {
    if (producer === undefined || isNetworkOutput) continue;
    if (consumers.every((consumer) => blockOf[consumer] === blockOf[producer])) removable.add(name);
  }
  return removable;
}
