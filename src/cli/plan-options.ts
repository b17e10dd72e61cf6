/** The options that say how a network's operators are fused, for every verb that plans. */
import { type Command, Option } from "commander";
import { usageError } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { planFixed, planNone } from "../compiler/fusion/fixed-plan.ts";
import type { FusionPlan, PlanKind } from "../compiler/fusion/fusion-plan.ts";
import { exceptionNames, planFusion } from "../compiler/fusion/plan.ts";
import type { TypedGraph } from "../graph/ir/graph.ts";
import { latencyFromFile } from "./profile-file.ts";

export interface PlanOptions {
  readonly plan?: PlanKind;
  readonly exceptions?: readonly string[];
  /** A file of measured latencies. */
  readonly profile?: string;
}

export function addPlanOptions(command: Command): Command {
  const plan = new Option("--plan <kind>", "table (default), fixed patterns to compare with, or none");
  return command
    .addOption(plan.choices(["table", "fixed", "none"]))
    .option(
      "--exceptions <names>",
      `fusions beyond the table: all (default), none, or some of ${exceptionNames.join(",")}`,
      exceptionsOf,
    )
    .option(
      "--profile <file>",
      "decide the table's yellow cells by latencies that laminate tune has measured here",
    );
}

/**
 * The plan that the options ask for. With a profile the network must be as it is compiled, after rewriting: those are the
 * operators that were measured.
 */
export function planAsAsked(
  typed: TypedGraph,
  { plan = "table", exceptions, profile }: PlanOptions,
): FusionPlan {
  if (plan !== "table" && profile !== undefined) {
    throw usageError(`the plan "${plan}" asks no profile`, {
      where: "--profile",
      fix: "leave it out, or give --plan table",
    });
  }
  if (plan !== "table" && exceptions !== undefined) {
    throw usageError(`the plan "${plan}" has no exceptions`, {
      where: "--exceptions",
      fix: "leave it out, or give --plan table",
    });
  }
  switch (plan) {
    case "table":
      return planFusion(typed, {
        exceptions: exceptions ?? exceptionNames,
        ...(profile === undefined ? {} : { latencyOf: latencyFromFile(profile, typed) }),
      });
    case "fixed":
      return planFixed(typed);
    case "none":
      return planNone(typed);
    default:
      plan satisfies never;
      return planNone(typed);
  }
}

function exceptionsOf(text: string): readonly string[] {
  if (text === "all") return exceptionNames;
  if (text === "none") return [];
  return text.split(",").map((part) => {
    const name = part.trim();
    if (exceptionNames.includes(name)) return name;
    throw usageError(`"${name}" is no exception`, {
      where: "--exceptions",
      fix: suggestName(name, ["all", "none", ...exceptionNames], "exceptions"),
    });
  });
}
