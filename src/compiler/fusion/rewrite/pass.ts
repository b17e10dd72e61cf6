/** What a pass of the rewriter is. */
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import type { GraphEditor } from "./graph-editor.ts";

export interface PassOptions {
  /** The graph that the editor began with. */
  readonly typed: TypedGraph;
  /** Whether rules may be used that hold for real numbers, but lose digits or range in floating point. */
  readonly fastMath: boolean;
}

/** Changes a graph in an editor. */
export type Edit = (editor: GraphEditor, options: PassOptions) => void;

/** One step from a graph to an equal one. */
export type Pass = {
  /** As `skip` and `onPass` know it. */
  readonly name: string;
  /** What it does and why it stands where it stands. */
  readonly why: string;
} & ({ readonly edit: Edit } | { readonly run: (typed: TypedGraph) => TypedGraph });
