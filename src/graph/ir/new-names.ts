/** Names for what a pass makes: STEM~1, STEM~2, ... such that no value or node has them, in subgraphs either. */
import { subgraphs } from "./captures.ts";
import type { Graph } from "./graph.ts";

export class NewNames {
  readonly #taken = new Set<string>();
  /** Where the search for a new name of this stem goes on. */
  readonly #counts = new Map<string, number>();

  constructor(graph: Graph) {
    this.#takeAll(graph);
  }

  /** A name that says what it stems from. */
  take(hint: string): string {
    const stem = hint.replace(/~\d+$/, "");
    let count = this.#counts.get(stem) ?? 1;
    while (this.#taken.has(`${stem}~${count}`)) count++;
    this.#counts.set(stem, count + 1);
    this.#taken.add(`${stem}~${count}`);
    return `${stem}~${count}`;
  }

  /** The name as it is where it is free, else one that stems from it. */
  claim(name: string): string {
    if (this.#taken.has(name)) return this.take(name);
    this.#taken.add(name);
    return name;
  }

  #takeAll(graph: Graph): void {
    for (const name of graph.constants.keys()) this.#taken.add(name);
    for (const { name } of [...graph.inputs, ...graph.outputs]) this.#taken.add(name);
    for (const node of graph.nodes) {
      this.#taken.add(node.name);
      for (const output of node.outputs) this.#taken.add(output);
      for (const { graph: inner } of subgraphs(node)) this.#takeAll(inner);
    }
  }
}
