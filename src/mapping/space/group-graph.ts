/**
 * One group seen from inside: its layers, what they hand each other on chip, and its sinks. On chip are the outputs of
 * layers that other layers of the group read, and tensors from off chip that several of its layers read: a group reads
 * each tensor once, so the readers share a buffer.
 *
 * A source with several readers is a fork. Its region is every layer on a way from a reader to where the ways rejoin,
 * that layer included; all demand on the fork comes through the rejoining layer.
 */
import type { Workload } from "../workload/workload.ts";
import type { LayerRange } from "./mapping.ts";

/** Something that fills ring buffers: a layer of the group, or the loading of one tensor from off chip. */
export interface BufferedSource {
  /** The layer, or undefined for a load, which brings an image at a time as readers ask. */
  readonly producer: number | undefined;
  /** Indices into Workload.tensors: one ring buffer each, all with room for the same number of images. */
  readonly tensors: readonly number[];
  /** Layers of the group that read any of them, ascending; at least one, at least two for a load. */
  readonly readers: readonly number[];
  /** Where there are several readers: the region, ascending. */
  readonly region: readonly number[];
  /** The layer at which the region ends; undefined where its ways never rejoin inside the group. */
  readonly rejoin: number | undefined;
}

export interface GroupGraph {
  readonly range: LayerRange;
  readonly sources: readonly BufferedSource[];
  /** Layers whose outputs no layer of the group reads, in order. */
  readonly sinks: readonly number[];
}

/** The group of the layers in the range. O(layers + edges of the group + its regions). */
export function groupGraph(workload: Workload, range: LayerRange): GroupGraph {
  const { first, last } = range;
  const sources: BufferedSource[] = [];
  const sinks: number[] = [];
  const seenOutside = new Set<number>();
  for (let layer = first; layer <= last; layer++) {
    const { inputs = [], outputs = [] } = workload.layers[layer] ?? {};
    for (const tensor of inputs) {
      if (sourceLayer(workload, tensor) >= first || seenOutside.has(tensor)) continue;
      seenOutside.add(tensor);
      const readers = readersWithin(workload, [tensor], range);
      if (readers.length >= 2) {
        sources.push({
          producer: undefined,
          tensors: [tensor],
          readers,
          ...regionOf(workload, range, readers),
        });
      }
    }
    const tensors = outputs.filter((tensor) => readersWithin(workload, [tensor], range).length > 0);
    if (tensors.length === 0) sinks.push(layer);
    else {
      const readers = readersWithin(workload, tensors, range);
      sources.push({ producer: layer, tensors, readers, ...regionOf(workload, range, readers) });
    }
  }
  return { range, sources, sinks };
}

/** The layer that makes a tensor; -1 for an input of the network. */
export function sourceLayer(workload: Workload, tensor: number): number {
  const source = workload.tensors[tensor]?.source;
  return source?.kind === "layer" ? source.layer : -1;
}

/** The layers of the range that read any of the tensors, ascending. */
export function readersWithin(
  workload: Workload,
  tensors: readonly number[],
  { first, last }: LayerRange,
): readonly number[] {
  const readers = new Set<number>();
  for (const tensor of tensors) {
    for (const consumer of workload.tensors[tensor]?.consumers ?? []) {
      if (consumer >= first && consumer <= last) readers.add(consumer);
    }
  }
  return [...readers].sort((a, b) => a - b);
}

/**
 * Sweeps the layers in order from the first reader; `pending` are those that a swept layer feeds. Where the sweep has
 * nothing else pending than the layer it stands on, every way passes through that layer.
 */
function regionOf(
  workload: Workload,
  range: LayerRange,
  readers: readonly number[],
): { readonly region: readonly number[]; readonly rejoin: number | undefined } {
  if (readers.length < 2) return { region: [], rejoin: undefined };
  const pending = new Set(readers);
  const region: number[] = [];
  let reachesSink = false;
  for (let layer = readers[0] ?? 0; pending.size > 0; layer++) {
    if (!pending.delete(layer)) continue;
    region.push(layer);
    if (pending.size === 0 && !reachesSink) return { region, rejoin: layer };
    const next = readersWithin(workload, workload.layers[layer]?.outputs ?? [], range);
    if (next.length === 0) reachesSink = true;
    for (const successor of next) pending.add(successor);
  }
  return { region, rejoin: undefined };
}
