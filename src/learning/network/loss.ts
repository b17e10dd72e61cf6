/**
 * What training makes small. All losses are means over the steps of a batch, each step counted by its weight, so that steps which
 * only pad a trajectory (weight 0) change neither the loss nor its gradient.
 *
 * mse is the paper's (after the Decision Transformer): the squared difference between the action and the answer.
 *
 * decision is the surprise at the decision, by its notation. Of choices it is the cross-entropy of the one that was taken. Of shares of
 * the batch it says apart what a decision is made of. Whether to sync is a classification: binary cross-entropy, the logit being
 * the distance of the answer from where readAction divides sync from stage. How many images a pass makes is a
 * number: squared error, where the tensor is staged. So a share that is a little wrong costs little, and a sync that is answered by a stage costs much, as it does in a mapping.
 */

import { intAttribute } from "../../graph/ir/node-attributes.ts";
import { actionWidth, type FeatureSchema } from "../environment/schema.ts";
import type { GraphNodes } from "./graph-nodes.ts";

export const lossNames = ["mse", "decision"] as const;
export type LossName = (typeof lossNames)[number];

/** The logit is this much for each unit of the answer: targets one apart are then 98 % certain. */
const steepness = 8;

/** Adds the loss of the prediction to the nodes; reads `actions`, `weights` and, for decision, `synced`. */
export function writeLoss(
  nodes: GraphNodes,
  loss: LossName,
  schema: FeatureSchema,
  predicted: string,
): string {
  const total = nodes.total("weight", "weights");
  const sum =
    loss === "mse" ? squaredError(nodes, schema, predicted) : decisionError(nodes, schema, predicted);
  return nodes.node("loss", "Div", [sum, total]);
}

function squaredError(nodes: GraphNodes, schema: FeatureSchema, predicted: string): string {
  const error = nodes.node("error", "Sub", [predicted, "actions"]);
  const weighted = nodes.node("weighted", "Mul", [nodes.node("squared", "Mul", [error, error]), "weights"]);
  const mean = nodes.scalar("action.share", 1 / actionWidth(schema));
  return nodes.node("error.sum", "Mul", [nodes.total("error.total", weighted), mean]);
}

function decisionError(nodes: GraphNodes, { action }: FeatureSchema, predicted: string): string {
  if (action.kind === "choice") {
    const likely = nodes.node("likely", "LogSoftmax", [predicted], { axis: intAttribute(-1) });
    const taken = nodes.node("taken", "Mul", [likely, "actions"]);
    const surprise = nodes.node("surprise", "Neg", [taken]);
    return nodes.total("error.sum", nodes.node("weighted", "Mul", [surprise, "weights"]));
  }
  const middle = nodes.scalar("sync.middle", action.sync / 2);
  const logit = nodes.node("logit", "Mul", [
    nodes.node("away", "Sub", [middle, predicted]),
    nodes.scalar("steepness", steepness),
  ]);
  // -log sigmoid(logit) for a sync, -log(1 - sigmoid(logit)) for a stage.
  const soft = nodes.node("soft", "Softplus", [logit]);
  const wrong = nodes.node("wrong", "Sub", [soft, nodes.node("right", "Mul", [logit, "synced"])]);
  const error = nodes.node("error", "Sub", [predicted, "actions"]);
  const squared = nodes.node("squared", "Mul", [error, error]);
  const staged = nodes.node("staged", "Sub", [nodes.scalar("whole", 1), "synced"]);
  const told = nodes.node("told", "Mul", [squared, staged]);
  const both = nodes.node("both", "Add", [wrong, told]);
  return nodes.total("error.sum", nodes.node("weighted", "Mul", [both, "weights"]));
}

/** Whether the loss reads `synced`. */
export function readsSynced(loss: LossName, { action }: FeatureSchema): boolean {
  return loss === "decision" && action.kind === "share";
}
