/**
 * One row per operator: everything the interpreter, the compiler and the mapper must know of it. Parts that need more add
 * fields to the same row; gradients, which are written with operators, are rows of graph/autodiff.
 */
import type { LaminateError } from "../../base/errors.ts";
import type { Graph, OpNode } from "../ir/graph.ts";
import type { TensorType } from "../ir/tensor.ts";
import { type Algebra, algebraOfOperator } from "./algebra.ts";
import type { Elements, Fact } from "./fact.ts";
import type { Kernel } from "./kernels/kernel.ts";
import type { SymbolTable } from "./symbols.ts";

/** How an operator's output elements depend on its input elements (DNNFusion, PLDI 2021, table 2). */
export type MappingType = "one-to-one" | "one-to-many" | "many-to-many" | "reorganize" | "shuffle";

/** A node with what is known of its inputs: what a row's rules are given. */
export interface Call {
  readonly node: OpNode;
  /** One entry per input of the node; undefined where an optional one is left out. */
  readonly inputs: readonly (Fact | undefined)[];
  readonly symbols: SymbolTable;
  /** The elements of a small value, as far as they are known. */
  elements(fact: Fact | undefined): Elements | undefined;
  /** The error to throw when the network contradicts itself at this node. */
  error(message: string, fix?: string): LaminateError;
  /** Infers a subgraph of the node; it sees the values around the node. */
  subgraph(graph: Graph, inputs: readonly Fact[]): readonly Fact[];
  /** The same for a subgraph that may never run: a contradiction inside it is returned, not thrown. */
  trySubgraph(graph: Graph, inputs: readonly Fact[]): readonly Fact[] | LaminateError;
}

/** A node with the types of its inputs and outputs. */
export interface TypedCall {
  readonly node: OpNode;
  readonly inputs: readonly (TensorType | undefined)[];
  readonly outputs: readonly (TensorType | undefined)[];
}

export interface OperatorRow {
  readonly operator: string;
  /** "" for standard ONNX. */
  readonly domain: string;
  /** The opsets at which the operator changed that are supported, ascending; the first is where support starts. */
  readonly versions: readonly number[];
  /** The fewest and the most inputs over all its versions; the first of them are required. */
  readonly arity: readonly [least: number, most: number];
  /** DNNFusion's type of the operator as such; a call site may refine it (broadcasts, constant operands). */
  readonly mappingType: MappingType;
  /** Whether it computes with weights or contracts two activations, so that a fused block has at most one of it. */
  readonly heavy: boolean;
  /** The laws of algebra that it keeps; {} where there is none that a rewrite could use. */
  readonly algebra: Algebra;
  /** The outputs' types; elements too where the types cannot be told without them. */
  readonly infer: (call: Call) => readonly Fact[];
  /** The outputs' elements from the inputs' elements; asked only for outputs small enough to be shapes. */
  readonly fold?: (call: Call, outputs: readonly Fact[]) => readonly (Elements | undefined)[];
  /** Multiply-accumulates; undefined where a dimension is a symbol. Rows without the rule have none. */
  readonly macs?: (call: TypedCall) => number | undefined;
  /** The outputs' values from the inputs' values. Which rows have one stands in docs/operators.md. */
  readonly kernel?: Kernel;
}

/** The parts of a row that are not the same for nearly all operators. */
export type RowParts = Omit<OperatorRow, "algebra" | "domain" | "heavy" | "mappingType"> &
  Partial<Pick<OperatorRow, "domain" | "heavy" | "mappingType">>;

/** A row of standard ONNX, light and many-to-many unless it says otherwise. */
export function row(parts: RowParts): OperatorRow {
  const algebra = (parts.domain ?? "") === "" ? algebraOfOperator.get(parts.operator) : undefined;
  return { domain: "", heavy: false, mappingType: "many-to-many", algebra: algebra ?? {}, ...parts };
}
