/** The network as a strip of layers that wraps like text; fused groups are joined and share a colour. */

import { known } from "../../base/assert.ts";
import { formatBytes, formatCount } from "../../base/format.ts";
import type { Problem } from "../../mapping/cost/problem.ts";
import type { Mapping } from "../../mapping/space/mapping.ts";
import { outputBytes } from "../inspect-document.ts";
import { keepEnd, nameLines, sharedStart, shortName } from "../layer-names.ts";
import { html, type Markup, type Piece, trusted } from "./markup.ts";
import { type GroupView, groupByLayer, groupColours } from "./view.ts";

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
  const names = layers.map(({ name }) => shortName(name));
  const look: StripLook = {
    groupOf: groupByLayer(input.groups),
    mostMacs: Math.max(1, ...layers.map(({ macs }) => macs)),
    sharedStart: sharedStart(names),
    dense: layers.length > 150,
  };
  return html`<ol class="strip ${look.dense && "dense"}">${layers.map((_, layer) => chip(input, layer, look))}</ol>
<p class="legend">${legend(input)} Under a name: its group and the images per pass. The line is the layer's share of the largest layer's MACs; point at a layer for its
figures.</p>`;
}

function legend({ groups, failing }: StripInput): Markup {
  if (failing.length > 0) return html`${swatches(["failing"])} the group that does not fit.`;
  if (groups.length === 0) return html``;
  const colours = Array.from({ length: groupColours }, (_, colour) => `g${colour}`);
  return html`${swatches(colours)} layers joined in one colour run as one group, their tensors staying on chip;
${swatches(["alone"])} a layer on its own.`;
}

function swatches(looks: readonly string[]): Markup {
  return html`<span class="swatches" aria-hidden="true">${looks.map((look) => html`<i class="${look}"></i>`)}</span>`;
}

/** What all chips share. */
interface StripLook {
  readonly groupOf: ReadonlyMap<number, GroupView>;
  readonly mostMacs: number;
  readonly sharedStart: string;
  readonly dense: boolean;
}

function chip({ problem, mapping, failing }: StripInput, layer: number, look: StripLook): Markup {
  const { groupOf, mostMacs, dense } = look;
  const entry = known(problem.workload.layers[layer], `layer ${layer}`);
  const placed = mapping?.[layer];
  const group = groupOf.get(layer);
  const joins = group !== undefined && groupOf.get(layer - 1) === group;
  const continues = group !== undefined && groupOf.get(layer + 1) === group;
  const classes = [
    failing.includes(layer) ? "failing" : group?.colour === undefined ? "alone" : `g${group.colour}`,
    joins && "joins",
    continues && "continues",
  ];
  const passes = placed && (dense ? ` · ${placed.pass}` : ` · pass ${placed.pass}`);
  const title = [
    entry.name,
    `${entry.kind}, ${formatCount(entry.macs)} MACs per image`,
    `weights ${formatBytes(entry.weightBytes)}, output ${formatBytes(outputBytes(problem.workload, entry))} per image`,
    placed &&
      `${placed.pass} of ${problem.batch} images per pass, output ${placed.output === "stage" ? "staged on chip" : "written off chip"}`,
    group &&
      `group ${group.number}${group.lanes > 1 ? ` in lane ${group.cost.lane}` : ""}, bound by ${group.cost.bound}`,
  ];
  return html`<li class="${classes.filter(Boolean).join(" ")}" title="${title.filter(Boolean).join("\n")}">${nameMarkup(entry.name, look)}<span class="tag">${group ? `G${group.number}` : ""}${passes}</span><span class="macs" style="width:${((entry.macs / mostMacs) * 100).toFixed(1)}%"></span></li>`;
}

/** The name stands out under the part of the network that it is in; it may take two lines. */
function nameMarkup(name: string, { sharedStart: start, dense }: StripLook): Markup {
  const [place, own] = nameLines(shortName(name).slice(start.length) || shortName(name));
  const path = place !== "" && html`<span class="path">${keepEnd(place, dense ? 13 : 16)}</span>`;
  return html`${path}<span class="name">${breakable(keepEnd(own, dense ? 20 : 23))}</span>`;
}

/** Lines break after the separators of a name rather than anywhere. */
function breakable(name: string): Piece {
  return name
    .split(/(?<=[/_.-])/)
    .flatMap((part, at): Piece[] => (at === 0 ? [part] : [trusted("<wbr>"), part]));
}
