/**
 * Mappings to be drawn side by side, after DNNFuser's figure 3: what each mapper found, and what the figure prints. As text here, as a
 * page in figure3-page.ts. Pure.
 */
import { formatSpeedup } from "../../src/base/format.ts";

/** One mapping. */
export interface DrawnMapping {
  readonly name: string;
  /** [mB_0 .. mB_N]: images per pass; -1 for a sync. */
  readonly vector: readonly number[];
  /** Undefined for a mapping of the paper's: its network has other layers, and its machine another model. */
  readonly found: { readonly speedup: number; readonly peakBytes: number } | undefined;
}

/** Mappings of one network in one memory. */
export interface Panel {
  readonly network: string;
  readonly megabytes: number;
  readonly batch: number;
  readonly optimum: number;
  readonly mappings: readonly DrawnMapping[];
}

/** The places first..last of a vector that run as one group, both included. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** A group ends with each sync, and with the network. The input's place belongs to the first group where it is staged. */
export function runsOf(vector: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  let first = 0;
  vector.forEach((entry, at) => {
    if (entry !== -1 && at < vector.length - 1) return;
    runs.push({ first, last: at });
    first = at + 1;
  });
  return runs;
}

/** Groups of the layers, without an input that is read from off chip, and the layers of the largest. */
export function groupFacts(vector: readonly number[]): { readonly groups: number; readonly longest: number } {
  const runs = runsOf(vector)
    .map(({ first, last }) => last - Math.max(1, first) + 1)
    .filter((layers) => layers > 0);
  return { groups: runs.length, longest: Math.max(...runs) };
}

/** `3 groups, largest 9 layers`. */
export function factsText(vector: readonly number[]): string {
  const { groups, longest } = groupFacts(vector);
  const layers = longest === 1 ? "layer" : "layers";
  return `${groups} ${groups === 1 ? "group" : "groups"}, largest ${longest} ${layers}`;
}

/** What is said of a mapping beside its bars. */
export function figuresText({ found }: DrawnMapping, optimum: number): string {
  if (found === undefined) return "as printed";
  const share = (100 * found.speedup) / optimum;
  return `${formatSpeedup(found.speedup)}, ${share.toFixed(1)} % of the optimum, ${(found.peakBytes / 1e6).toFixed(1)} MB`;
}

const eighths = "▁▂▃▄▅▆▇█";

/** A line of layers, and for each mapping one of bars over one of numbers, as the paper prints them; a sync has no bar. */
export function panelText({ network, megabytes, batch, optimum, mappings }: Panel): string {
  const most = Math.max(...mappings.map(({ vector }) => vector.length));
  const names = ["layer", ...mappings.map(({ name }) => name)];
  const width = Math.max(...names.map((name) => name.length)) + 1;
  const line = (name: string, cells: readonly (string | number)[]): string =>
    (name.padEnd(width) + cells.map((cell) => String(cell).padStart(4)).join("")).trimEnd();
  return [
    `${network}, batch ${batch}, ${megabytes} MB; images per pass, -1 for a sync`,
    line(
      "layer",
      Array.from({ length: most }, (_, at) => at),
    ),
    ...mappings.flatMap((mapping) => [
      line(
        "",
        mapping.vector.map((entry) => barText(entry, batch)),
      ),
      line(mapping.name, mapping.vector),
      `${" ".repeat(width)}  ${figuresText(mapping, optimum)}; ${factsText(mapping.vector)}`,
    ]),
  ].join("\n");
}

function barText(entry: number, batch: number): string {
  return entry === -1 ? "·" : (eighths[Math.ceil((8 * entry) / batch) - 1] ?? "");
}
