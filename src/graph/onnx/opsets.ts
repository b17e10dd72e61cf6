/** The operator sets that a model imports. */

import { badInput } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import { newestOpset } from "../ir/standard.ts";
import type { OperatorSetIdProto } from "./schema.ts";

/** Standard ONNX has two names; here it is "". */
export function domainOf(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

/** Domain to version, checked. A file older than IR version 3 states none and means opset 1. */
export function opsetsOf(
  imports: readonly OperatorSetIdProto[],
  irVersion: number,
  where: string,
): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  if (imports.length === 0 && irVersion < 3) opsets.set("", 1);
  for (const { domain, version } of imports) addOpset(opsets, domainOf(domain), Number(version ?? 0n), where);
  return opsets;
}

function addOpset(opsets: Map<string, number>, domain: string, version: number, where: string): void {
  if (domain === "" && version > newestOpset) {
    throw badInput(`opset ${version} is not supported; 1 to ${newestOpset} are`, {
      where,
      fix: `export with opset_version=${newestOpset} or below, or use onnx.version_converter`,
    });
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    throw badInput(`opset ${version} of domain ${quote(domain)} does not exist`, {
      where,
      fix: "opset versions start at 1: export the model again",
    });
  }
  const other = opsets.get(domain);
  if (other !== undefined && other !== version) {
    throw badInput(`opsets ${other} and ${version} of domain ${quote(domain)} at once`, {
      where,
      fix: "import each domain once: export the model again",
    });
  }
  opsets.set(domain, version);
}

/** The version that a node's domain has; an operator set of someone else that is not imported counts as version 1. */
export function nodeOpset(opsets: ReadonlyMap<string, number>, domain: string): number | undefined {
  return opsets.get(domain) ?? (domain === "" ? undefined : 1);
}
