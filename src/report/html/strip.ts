/** The network as a strip of layers that wraps like text; fused groups are joined and share a colour. */

import { known } from "../../base/assert.ts";
import { formatBytes, formatCount } from "../../base/format.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { outputBytes } from "../inspect-document.ts";
import { shortName } from "../layer-names.ts";
import { html, type Markup } from "./markup.ts";
import { type GroupView, groupByLayer } from "./view.ts";

export interface StripInput {
  readonly problem: Problem;
  readonly mapping: Mapping | undefined;
  readonly groups: readonly GroupView[];
  /** Layers of the group that does not fit. */
  readonly failing: readonly number[];
}

/** One chip per layer: name, group, pass size, and a line as long as its share of the MACs. */
export function strip(input: StripInput): Markup {
  const { layers } = input.problem.workload;
  const groupOf = groupByLayer(input.groups);
  const most = Math.max(1, ...layers.map(({ macs }) => macs));
  const chips = layers.map((_, layer) => chip(input, layer, groupOf, most));
  const dense = layers.length > 150 ? "dense" : "";
  return html`<ol class="strip ${dense}">${chips}</ol>
<p class="legend"><span class="swatches" aria-hidden="true">${[0, 1, 2, 3, 4, 5].map((c) => html`<i class="g${c}"></i>`)}</span>
layers joined in one colour run as one group, their tensors staying on chip; <span class="swatches" aria-hidden="true"><i class="alone"></i></span> a layer on its own.
The line under a name is the layer's MACs; point at a layer for its figures.</p>`;
}

function chip(
  { problem, mapping, failing }: StripInput,
  layer: number,
  groupOf: ReadonlyMap<number, GroupView>,
  mostMacs: number,
): Markup {
  const entry = known(problem.workload.layers[layer], `layer ${layer}`);
  const placed = mapping?.[layer];
  const group = groupOf.get(layer);
  const joins = group !== undefined && groupOf.get(layer - 1) === group;
  const continues = group !== undefined && groupOf.get(layer + 1) === group;
  const look = [
    failing.includes(layer) ? "failing" : group?.colour === undefined ? "alone" : `g${group.colour}`,
    joins && "joins",
    continues && "continues",
  ];
  const passes = placed === undefined ? "" : ` · pass ${placed.pass}`;
  const title = [
    entry.name,
    `${entry.kind}, ${formatCount(entry.macs)} MACs per image`,
    `weights ${formatBytes(entry.weightBytes)}, output ${formatBytes(outputBytes(problem.workload, entry))} per image`,
    placed &&
      `${placed.pass} of ${problem.batch} images per pass, output ${placed.output === "stage" ? "staged on chip" : "written off chip"}`,
    group && `group ${group.number}, bound by ${group.cost.bound}`,
  ];
  return html`<li class="${look.filter(Boolean).join(" ")}" title="${title.filter(Boolean).join("\n")}"><span class="name">${shortName(entry.name)}</span><span class="tag">${group ? `G${group.number}` : ""}${passes}</span><span class="macs" style="width:${((entry.macs / mostMacs) * 100).toFixed(1)}%"></span></li>`;
}
