/** What a mapper claims of its answer, in a few words. */
import { threeDigits } from "../base/format.ts";
import type { MapDocument } from "./map-schema.ts";

/** The claim and its condition: ["optimal", "in space X"], ["within 3.1 %", ...], ["none", ...]. */
export function proofText({
  proof,
}: Pick<MapDocument, "proof">): readonly [claim: string, condition: string] {
  const space = proof.space === "" ? "" : `in the space "${proof.space}"`;
  if (proof.optimal) return ["optimal", space];
  if (proof.gap === null) return ["none", "no lower bound claimed"];
  return [`within ${threeDigits(proof.gap * 100)} %`, `of the best ${space}`.trim()];
}

/** The claim of an answer that fits; of another, why there is none. */
export function outcomeText(document: MapDocument): string {
  if (document.feasible) return proofText(document)[0];
  return document.infeasible === null ? "none found" : "does not fit";
}
