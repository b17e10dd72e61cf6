/** A map result as text for a terminal: what was asked, what came out, the groups, the vector. */
import { formatBytes, formatJoules, formatSeconds, formatSpeedup, threeDigits } from "../base/format.ts";
import type { MapDocument } from "../report/map-schema.ts";
import { proofText } from "../report/proof-text.ts";
import { groupTable } from "../report/tables.ts";
import type { Terminal } from "./terminal.ts";

export function mapText(document: MapDocument, { color }: Terminal): string {
  const title = color.bold(`${document.model} on ${document.accelerator}`);
  const asked = [
    `batch ${document.batch}`,
    `${formatBytes(document.memoryBytes)} on chip`,
    `${document.mapper}, for ${document.objective}`,
    ...(document.paperMode ? ["paper mode"] : []),
  ];
  const head = `${title}: ${asked.join(", ")}`;
  if (!document.feasible) return `${head}\n\n${noAnswerText(document)}`;
  const facts = factsOf(document).map(([name, value]) => `${color.dim(name.padEnd(13))} ${value}`);
  return [head, "", ...facts, "", groupTable(document), ...vectorLines(document)].join("\n");
}

function noAnswerText({ infeasible, mapping }: MapDocument): string {
  if (mapping.length > 0) return "The mapping does not fit.";
  return infeasible === null ? "No mapping was found." : "No mapping fits.";
}

function factsOf(document: MapDocument): readonly (readonly [name: string, value: string])[] {
  const { baseline } = document;
  const against = (value: number | null, format: (value: number) => string): string =>
    value === null ? "" : ` (layer by layer ${format(value)})`;
  return [
    ["speed-up", shown(document.speedup, formatSpeedup)],
    [
      "latency",
      shown(document.latencySeconds, formatSeconds) + against(baseline.latencySeconds, formatSeconds),
    ],
    ["off chip", shown(document.offChipBytes, formatBytes) + against(baseline.offChipBytes, formatBytes)],
    ["on chip", `${shown(document.peakFootprintBytes, formatBytes)} at the peak${physicalNote(document)}`],
    ["energy", shown(document.energyJoules, formatJoules)],
    ["proof", proofLine(document)],
    [
      "search",
      `${document.evaluations.toLocaleString("en-US")} ${document.evaluations === 1 ? "evaluation" : "evaluations"} in ${formatSeconds(document.elapsedSeconds)}${stoppedNote(document)}`,
    ],
    ...gainLine(document),
  ];
}

function proofLine(document: MapDocument): string {
  const [claim, condition] = proofText(document);
  return condition === "" ? claim : `${claim} (${condition})`;
}

/** For energy and traffic the speed-up is not what was sought. */
function gainLine({ objective, gain }: MapDocument): readonly (readonly [string, string])[] {
  if (objective === "latency" || gain === null) return [];
  return [["gain", `${threeDigits(gain)}x less ${objective} than layer by layer`]];
}

function physicalNote({ physical, physicalPeakFootprintBytes }: MapDocument): string {
  if (physical) return "";
  const needed = shown(physicalPeakFootprintBytes, formatBytes);
  return ` by the paper's rule; not physical: real buffers need ${needed}`;
}

function stoppedNote({ stopped }: MapDocument): string {
  return stopped === "finished" ? "" : `, ended by ${stopped === "budget" ? "its budget" : "Ctrl-C"}`;
}

function vectorLines({ vector }: MapDocument): readonly string[] {
  return vector === null ? [] : ["", `vector [${vector.join(",")}]`];
}

function shown(value: number | null, format: (value: number) => string): string {
  return value === null ? "-" : format(value);
}
