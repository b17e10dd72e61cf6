/** The options that say whether and how a network is rewritten before it is fused. */
import { type Command, Option } from "commander";
import { checkPassName, optimizeGraph, passNames } from "../compiler/fusion/rewrite/optimize.ts";
import type { TypedGraph } from "../graph/ir/graph.ts";
import { printGraph } from "../graph/ir/print.ts";

export interface RewriteOptions {
  readonly rewrite?: boolean;
  readonly fastMath?: boolean;
  readonly printAfter?: string;
}

export function addRewriteOptions(command: Command): Command {
  const fastMath = new Option("--fast-math", "rewrite by rules too that may lose digits or overflow");
  const printAfter = new Option(
    "--print-after <pass>",
    `only the graph after this pass: ${passNames.join(", ")}`,
  );
  return command
    .option("--rewrite", "rewrite the network first: constants folded, rules of algebra applied")
    .addOption(fastMath.implies({ rewrite: true }))
    .addOption(
      printAfter.argParser(passNameOf).implies({ rewrite: true }).conflicts(["json", "why", "emit"]),
    );
}

function passNameOf(text: string): string {
  checkPassName(text, "--print-after");
  return text;
}

/** The network as the options want it. */
export function rewrittenAsAsked(typed: TypedGraph, options: RewriteOptions): TypedGraph {
  return options.rewrite ? optimizeGraph(typed, { fastMath: options.fastMath ?? false }) : typed;
}

/** The graph after a pass, as text. */
export function graphAfterPass(typed: TypedGraph, options: RewriteOptions, pass: string): string {
  let text = "";
  const onPass = (name: string, now: TypedGraph): void => {
    if (name === pass) text = printGraph(now);
  };
  optimizeGraph(typed, { fastMath: options.fastMath ?? false, onPass });
  return text;
}
