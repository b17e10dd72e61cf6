/** A graph with its nodes gathered into blocks: what a fusion planner returns and the workload is extracted from. */
import type { TypedGraph } from "../../graph/ir/graph.ts";

/** Operators that run as one: at most one heavy operator (Conv, ConvTranspose, Gemm, MatMul, ...) and what joined it. */
export interface Block {
  /** Indices into graph.nodes, ascending, which is a topological order. */
  readonly nodes: readonly number[];
}

/** Every node of the graph is in exactly one block; the blocks are in a topological order of the quotient graph. */
export interface FusedGraph {
  readonly typed: TypedGraph;
  readonly blocks: readonly Block[];
}
