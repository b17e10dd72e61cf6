/**
 * The work of every group on a number of cores: what does not depend on pass sizes beside the bytes that cross the chip's
 * border. Groups whose work divides evenly come from prefix sums. Where layers are dealt out in whole rows and channels, a
 * layer makes the rows that later layers of its group need on the same core, so its work depends on where the group
 * ends: one row of a table for each last layer, made backwards as far as it is asked for. O(edges) each.
 */
import { peakMacsPerCycle } from "../accelerator/accelerator.ts";
import { sourceLayer } from "../space/group-graph.ts";
import { type Layer, tensorBytes, type Workload } from "../workload/workload.ts";
import { coreShares, needOf } from "./core-split.ts";
import type { CompleteProblem } from "./problem.ts";

/** All quantities are for the whole batch. */
export interface GroupWork {
  /** MACs of all cores, those of rows that several of them make included. */
  macs(first: number, last: number): number;
  /** Cycles that the slowest core computes. */
  computeCycles(first: number, last: number): number;
  /** On-chip traffic of activations, in bytes. */
  onChipActivationBytes(first: number, last: number): number;
  /** How often the cores of the group wait for each other: at its end, and before each layer that gathers. */
  waits(first: number, last: number): number;
  /** What a layer must have on chip besides staged tensors, on all cores of its group together. */
  workingSetBytes(layer: number): number;
}

/** `elementBytes`: bytes of one weight, a tile of which is the least that an array works from. */
export function createGroupWork(problem: CompleteProblem, cores: number, elementBytes: number): GroupWork {
  const { channelGranularity } = problem.accelerator;
  return channelGranularity === undefined
    ? evenWork(problem, cores, elementBytes)
    : dealtWork(problem, cores, elementBytes, channelGranularity);
}

function evenWork(
  { workload, batch, accelerator }: CompleteProblem,
  cores: number,
  elementBytes: number,
): GroupWork {
  const { layers } = workload;
  const peak = peakMacsPerCycle(accelerator, cores);
  const macsBefore = prefixSums(layers.map((layer) => layer.macs * batch));
  const onChipBefore = prefixSums(layers.map((layer) => batch * activationBytes(workload, layer)));
  const workingSets = Float64Array.from(layers, (layer) =>
    Math.ceil(
      layer.inputWindowBytes + layer.outputRowBytes + Math.min(layer.weightBytes, peak * elementBytes),
    ),
  );
  const between = (before: Float64Array, first: number, last: number): number =>
    (before[last + 1] ?? 0) - (before[first] ?? 0);
  const macs = (first: number, last: number): number => between(macsBefore, first, last);
  return {
    macs,
    computeCycles: (first, last) => macs(first, last) / peak,
    onChipActivationBytes: (first, last) => between(onChipBefore, first, last),
    waits: () => 1,
    workingSetBytes: (layer) => workingSets[layer] ?? 0,
  };
}

function prefixSums(values: readonly number[]): Float64Array {
  const before = new Float64Array(values.length + 1);
  values.forEach((value, index) => {
    before[index + 1] = (before[index] ?? 0) + value;
  });
  return before;
}

function activationBytes(workload: Workload, layer: Layer): number {
  return tensorBytes(workload, [...layer.inputs, ...layer.outputs]);
}

/** The groups that end at one layer; index i: the group that starts i layers before it. */
interface EndingRow {
  readonly macs: number[];
  readonly cycles: number[];
  readonly onChip: number[];
  readonly waits: number[];
  /** Rows that a core makes of each layer, by the same index. */
  readonly rows: number[];
}

function dealtWork(
  problem: CompleteProblem,
  cores: number,
  elementBytes: number,
  granularity: number,
): GroupWork {
  const { workload, batch, accelerator } = problem;
  const { layers } = workload;
  const corePeak = peakMacsPerCycle(accelerator, 1);
  const shares = coreShares(workload, cores, granularity);
  const dealt = layers.map((layer, index) => ({ layer, share: shares[index] as (typeof shares)[number] }));
  const activations = layers.map((layer) => batch * activationBytes(workload, layer));
  const workingSets = Float64Array.from(dealt, ({ layer, share }) => {
    const outputShare = share.split === "channels" ? share.weightShare : 1;
    const tile = Math.min(layer.weightBytes * share.weightShare, corePeak * elementBytes);
    return cores * Math.ceil(layer.inputWindowBytes + layer.outputRowBytes * outputShare + tile);
  });
  const readers = layers.map((layer) => readersOf(workload, layer));
  const gathersFrom = cores === 1 ? layers.map(() => -1) : layers.map((_, reader) => lastGathered(reader));

  /** The last layer whose output this one gathers from other cores; -1 for none. */
  function lastGathered(reader: number): number {
    let latest = -1;
    for (const tensor of layers[reader]?.inputs ?? []) {
      const source = sourceLayer(workload, tensor);
      const [from, to] = [dealt[source], dealt[reader]];
      if (from && to && source > latest && needOf(from, to, to.share.ownRows).kind === "gathered")
        latest = source;
    }
    return latest;
  }

  const table: (EndingRow | undefined)[] = new Array(layers.length).fill(undefined);

  /** Adds the groups that start a layer earlier. */
  function extend(row: EndingRow, last: number): void {
    const index = row.rows.length;
    const at = last - index;
    const own = dealt[at] as (typeof dealt)[number];
    const { rows, ownRows, busyCores, slowestShare } = own.share;
    let made = ownRows;
    let gathering = 0;
    for (const reader of readers[at] ?? []) {
      if (reader > last) break;
      const need = needOf(own, dealt[reader] as typeof own, row.rows[last - reader] as number);
      if (need.kind === "rows") made = Math.max(made, Math.min(rows, need.rows));
      if (gathersFrom[reader] === at) gathering++;
    }
    // Cores that stand `ownRows` apart and make `made` rows each make the difference twice at each border between them.
    const repeated = 1 + ((busyCores - 1) * (made - ownRows)) / rows;
    const macs = own.layer.macs * batch;
    const before = index - 1;
    row.rows.push(made);
    row.macs.push((row.macs[before] ?? 0) + macs * repeated);
    row.cycles.push((row.cycles[before] ?? 0) + (macs * slowestShare * (made / ownRows)) / corePeak);
    row.onChip.push((row.onChip[before] ?? 0) + (activations[at] ?? 0) * repeated);
    row.waits.push((row.waits[before] ?? 1) + gathering);
  }

  const rowOf = (first: number, last: number): EndingRow => {
    let row = table[last];
    if (row === undefined) {
      row = { macs: [], cycles: [], onChip: [], waits: [], rows: [] };
      table[last] = row;
    }
    while (row.rows.length <= last - first) extend(row, last);
    return row;
  };
  return {
    macs: (first, last) => rowOf(first, last).macs[last - first] as number,
    computeCycles: (first, last) => rowOf(first, last).cycles[last - first] as number,
    onChipActivationBytes: (first, last) => rowOf(first, last).onChip[last - first] as number,
    waits: (first, last) => rowOf(first, last).waits[last - first] as number,
    workingSetBytes: (layer) => workingSets[layer] ?? 0,
  };
}

/** The layers that read any output of this one, ascending, without duplicates. */
function readersOf(workload: Workload, layer: Layer): readonly number[] {
  const readers = new Set<number>();
  for (const tensor of layer.outputs)
    for (const consumer of workload.tensors[tensor]?.consumers ?? []) readers.add(consumer);
  return [...readers].sort((a, b) => a - b);
}
