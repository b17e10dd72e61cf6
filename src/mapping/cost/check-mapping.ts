/** Refuses mappings that are none of the workload or of the accelerator. O(layers). */
import { badInput } from "../../base/errors.ts";
import { sum } from "../../base/integers.ts";
import type { Section } from "../space/lanes.ts";
import type { LayerMapping, LayerRange, Mapping } from "../space/mapping.ts";
import type { Workload } from "../workload/workload.ts";
import type { CompleteProblem } from "./problem.ts";

/** Refuses what no layer can have. */
export function checkMapping({ batch, workload, accelerator }: CompleteProblem, mapping: Mapping): void {
  if (mapping.length !== workload.layers.length) {
    throw badInput(`the mapping has ${mapping.length} layers and the workload ${workload.layers.length}`, {
      where: "mapping",
      fix: `give one entry for each layer of ${workload.name} (laminate inspect lists them)`,
    });
  }
  mapping.forEach((entry, layer) => {
    const problem = faultOf(entry, batch, accelerator.cores);
    if (problem) throw badInput(problem, { where: `mapping[${layer}] (${workload.layers[layer]?.name})` });
  });
}

/** The number of cores that a group runs on: cores are started for a group, so all of its layers have the same. */
export function coresOf(workload: Workload, mapping: Mapping, { first, last }: LayerRange): number {
  const cores = mapping[first]?.cores ?? 1;
  for (let layer = first + 1; layer <= last; layer++) {
    const other = mapping[layer]?.cores;
    if (other === cores) continue;
    const names = [workload.layers[first]?.name, workload.layers[layer]?.name];
    throw badInput(`the layer runs on ${other} cores, and ${names[0]} of the same group on ${cores}`, {
      where: `mapping[${layer}] (${names[1]})`,
      fix: "give all layers of a group the same cores, or sync a layer between the two",
    });
  }
  return cores;
}

/** Refuses lanes that together take more cores than there are: a lane takes the most of any of its groups. */
export function checkCores(
  { workload, accelerator }: CompleteProblem,
  mapping: Mapping,
  ranges: readonly LayerRange[],
  sections: readonly Section[],
): void {
  for (const section of sections) {
    if (section.length === 1) continue;
    const first = (group: number | undefined): number => ranges[group ?? 0]?.first ?? 0;
    const taken = section.map((lane) => Math.max(...lane.map((group) => mapping[first(group)]?.cores ?? 1)));
    if (sum(taken) <= accelerator.cores) continue;
    const layer = first(section[0]?.[0]);
    throw badInput(
      `lanes side by side on ${taken.join(" + ")} cores: the accelerator has ${accelerator.cores}, and no core is in two lanes`,
      {
        where: `mapping[${layer}] (${workload.layers[layer]?.name})`,
        fix: "give the lanes that begin here fewer cores, or fewer lanes",
      },
    );
  }
}

function faultOf(
  { pass, output, weights, cores, lane }: LayerMapping,
  batch: number,
  coreCount: number,
): string | undefined {
  if (!Number.isInteger(pass) || pass < 1 || pass > batch)
    return `pass ${pass} is not a whole number from 1 to ${batch}`;
  if (output !== "stage" && output !== "sync") return `output "${output}" is neither "stage" nor "sync"`;
  if (weights !== "streamed") return `weights "${weights}": only "streamed" weights are supported`;
  if (!Number.isInteger(cores) || cores < 1 || cores > coreCount)
    return `${cores} cores: the accelerator has ${coreCount}, and a layer runs on 1 to ${coreCount}`;
  if (lane !== undefined && (!Number.isInteger(lane) || lane < 0))
    return `lane ${lane} is not a whole number from 0 on`;
  return undefined;
}
