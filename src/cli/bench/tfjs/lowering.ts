/** From an ONNX node to steps of tfjs. */
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { ProgramBuilder } from "./program-builder.ts";

/** Adds the steps of a node; throws UnsupportedByTfjs where tfjs has none. */
export type Lowering = (builder: ProgramBuilder, node: OpNode) => void;

/** By ONNX operator. */
export type LoweringTable = Readonly<Record<string, Lowering>>;
