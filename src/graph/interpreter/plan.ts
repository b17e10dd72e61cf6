/** When the values of a graph may be let go. */
import { nodeReads } from "../ir/captures.ts";
import type { Graph } from "../ir/graph.ts";
import type { RuntimeValue } from "../ir/runtime-value.ts";

/** A graph made ready to run. */
export interface Plan {
  readonly graph: Graph;
  /** For each node, the values that nothing reads after it. */
  readonly lastReads: readonly (readonly string[])[];
  /** Constants that were made already, where they are kept. */
  readonly constants: Map<string, RuntimeValue>;
}

/** O(reads). */
export function planOf(graph: Graph): Plan {
  const last = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const name of [...node.outputs, ...nodeReads(node)]) last.set(name, index);
  });
  for (const { name } of graph.outputs) last.delete(name);
  const lastReads: string[][] = graph.nodes.map(() => []);
  for (const [name, index] of last) lastReads[index]?.push(name);
  return { graph, lastReads, constants: new Map() };
}
