/**
 * Lanes: independent branches of a network side by side, each on cores of its own.
 *
 * Groups that follow each other and have lanes 0, .. 0, 1, .. 1, 2, .. make a section. The groups of one lane run in order; the
 * lanes of a section run side by side; a section ends where a group has no lane or lane 0 begins anew. A group without a lane is a
 * section by itself. As lanes are runs of the layer order, no tensor between two lanes of a section means that neither waits for the
 * other. O(layers + edges).
 */
import { badInput } from "../../base/errors.ts";
import type { Workload } from "../workload/workload.ts";
import { sourceLayer } from "./group-graph.ts";
import type { LayerRange, Mapping } from "./mapping.ts";

/** What runs side by side: for each lane its groups, as indices in the order in which they run. One lane for a group by itself. */
export type Section = readonly (readonly number[])[];

/**
 * The sections of a mapping, `groups` being its groups; they run one after another.
 *
 * @throws LaminateError (bad-input) for lanes that make no section, and for a tensor that goes from one lane to another, naming
 * the layer
 */
export function sectionsOf(
  workload: Workload,
  mapping: Mapping,
  groups: readonly LayerRange[],
): readonly Section[] {
  if (mapping.every(({ lane }) => lane === undefined)) return groups.map((_, group) => [[group]]);
  const sections: number[][][] = [];
  // The lanes of the section that may go on.
  let open: number[][] | undefined;
  const at = (group: number): string => {
    const { first } = groups[group] ?? { first: 0 };
    return `mapping[${first}] (${workload.layers[first]?.name})`;
  };
  groups.forEach((range, group) => {
    const lane = laneOf(workload, mapping, range);
    const last = open === undefined ? -1 : open.length - 1;
    if (lane !== undefined && lane === last) open?.at(-1)?.push(group);
    else if (lane !== undefined && lane > 0 && lane === last + 1 && last >= 0) open?.push([group]);
    else if (lane !== undefined && lane > 0)
      throw badInput(`lane ${lane} follows ${laneName(last < 0 ? undefined : last)}`, {
        where: at(group),
        fix: "number the lanes of a section 0, 1, 2, .. in the order of the layers",
      });
    else {
      const section = [[group]];
      sections.push(section);
      open = lane === 0 ? section : undefined;
    }
  });
  for (const section of sections) {
    const [group = 0] = section[0] ?? [];
    if (section.length > 1) checkIndependent(workload, groups, section);
    else if (mapping[groups[group]?.first ?? 0]?.lane !== undefined)
      throw badInput("the section that begins here has one lane, and nothing runs beside it", {
        where: at(group),
        fix: "give the groups of another branch lane 1, or leave the lane out",
      });
  }
  return sections;
}

/** The lane of a group. */
function laneOf(workload: Workload, mapping: Mapping, { first, last }: LayerRange): number | undefined {
  const lane = mapping[first]?.lane;
  for (let layer = first + 1; layer <= last; layer++) {
    const other = mapping[layer]?.lane;
    if (other === lane) continue;
    const names = [workload.layers[first]?.name, workload.layers[layer]?.name];
    throw badInput(`the layer has ${laneName(other)}, and ${names[0]} of the same group ${laneName(lane)}`, {
      where: `mapping[${layer}] (${names[1]})`,
      fix: "give all layers of a group the same lane, or sync a layer between the two",
    });
  }
  return lane;
}

const laneName = (lane: number | undefined): string => (lane === undefined ? "no lane" : `lane ${lane}`);

/** Refuses a section in which a layer reads what another lane makes. */
function checkIndependent(workload: Workload, groups: readonly LayerRange[], section: Section): void {
  const start = groups[section[0]?.[0] ?? 0]?.first ?? 0;
  section.forEach((lane, number) => {
    const first = groups[lane[0] ?? 0]?.first ?? 0;
    const last = groups[lane.at(-1) ?? 0]?.last ?? 0;
    for (let layer = first; layer <= last; layer++) {
      for (const tensor of workload.layers[layer]?.inputs ?? []) {
        const source = sourceLayer(workload, tensor);
        if (source < start || source >= first) continue;
        const { name } = workload.layers[layer] ?? {};
        throw badInput(
          `lane ${number} reads what ${workload.layers[source]?.name} makes, in another lane of its section`,
          {
            where: `mapping[${layer}] (${name})`,
            fix: "lanes run side by side: let the two share a lane, or end the section before this layer",
          },
        );
      }
    }
  });
}
