/** `laminate fusion`: which operators of a network run as one, and why. */
import { type Command, Option } from "commander";
import { usageError } from "../base/errors.ts";
import { nearestName } from "../base/nearest.ts";
import type { FusionPlan } from "../compiler/fusion/fusion-plan.ts";
import { explainNode, printPlan, summaryText } from "../compiler/fusion/print-plan.ts";
import { fusionDocument } from "../report/fusion-document.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { readModel } from "./load-model.ts";
import { addJsonOption, addModelOptions, type JsonOption, type ModelOptions } from "./options.ts";
import { addPlanOptions, type PlanOptions, planAsAsked } from "./plan-options.ts";
import {
  addRewriteOptions,
  graphAfterPass,
  type RewriteOptions,
  rewrittenAsAsked,
} from "./rewrite-options.ts";

interface FusionOptions extends ModelOptions, PlanOptions, RewriteOptions, JsonOption {
  readonly why?: string;
  readonly emit?: "plan";
}

export function addFusion(program: Command, cli: Cli): void {
  const emit = new Option("--emit <what>", "print the whole plan, block by block");
  const command = program
    .command("fusion <model>")
    .description("show which operators run as one block, by DNNFusion's table of mapping types, and why");
  addJsonOption(addRewriteOptions(addPlanOptions(addModelOptions(command))))
    .addOption(new Option("--why <node>", "only what the plan says of one node").conflicts("json"))
    .addOption(emit.choices(["plan"]).conflicts(["json", "why"]))
    .addHelpText(
      "after",
      examples(
        "fusion resnet18",
        "fusion bert.onnx --exceptions none --emit plan",
        "fusion resnet18 --plan fixed",
        "fusion resnet18 --rewrite",
        "fusion resnet18 --print-after fold-batch-normalization",
        "fusion resnet18 --profile here.json --emit plan",
      ),
    )
    .action((model: string, options: FusionOptions) => fusion(cli, model, options));
}

function fusion(cli: Cli, modelName: string, options: FusionOptions): void {
  const { typed: read, name } = readModel(modelName, options);
  if (options.printAfter !== undefined) {
    cli.terminal.print(graphAfterPass(read, options, options.printAfter).trimEnd());
    return;
  }
  // What tune has measured are the operators of the network as it is compiled.
  const rewrites = options.profile === undefined ? options : { ...options, rewrite: true };
  const typed = rewrittenAsAsked(read, rewrites);
  const plan = planAsAsked(typed, options);
  if (options.why !== undefined) cli.terminal.print(reasonsOf(plan, options.why));
  else if (options.json) printDocument(cli, fusionDocument(name, plan));
  else cli.terminal.print(`${name}: ${options.emit === "plan" ? printPlan(plan).trimEnd() : planText(plan)}`);
}

function planText(plan: FusionPlan): string {
  const made = new Map<string, number>();
  for (const name of plan.blocks.flatMap(({ exceptions }) => exceptions))
    made.set(name, (made.get(name) ?? 0) + 1);
  const byException = [...made].map(([name, count]) => `${name} ${count}`);
  return [
    summaryText(plan),
    ...(byException.length === 0 ? [] : [`blocks made by exceptions: ${byException.join(", ")}`]),
  ].join("\n");
}

function reasonsOf(plan: FusionPlan, node: string): string {
  const text = explainNode(plan, node);
  if (text !== undefined) return text;
  const near = nearestName(
    node,
    plan.typed.graph.nodes.map(({ name }) => name),
  );
  throw usageError(`the network has no node "${node}"`, {
    where: "--why",
    fix: near === undefined ? "--emit plan lists the nodes" : `did you mean "${near}"?`,
  });
}
