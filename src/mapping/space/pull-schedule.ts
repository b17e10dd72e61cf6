/**
 * The order in which the passes of a group fire. Layers fire on pull: the sinks are asked in order for each next image;
 * a layer fires only when a consumer lacks the input of its next pass, after pulling its own inputs. Before the layer at
 * which the ways from a fork rejoin pulls its inputs, the fork is pulled for all that this pass will draw from it, so
 * that no branch runs ahead of another by chance of order. It never deadlocks, because a group's graph is acyclic.
 * O(sum of pass counts x (edges + regions)).
 */
import { ceilDiv } from "../../base/integers.ts";
import type { BufferedSource, GroupGraph } from "./group-graph.ts";

/** One pass: a layer makes images firstImage .. firstImage + images - 1, or a shared input is loaded from off chip. */
export type Firing =
  | { readonly kind: "layer"; readonly layer: number; readonly firstImage: number; readonly images: number }
  | { readonly kind: "load"; readonly tensor: number; readonly firstImage: number; readonly images: number };

type Who =
  | { readonly kind: "layer"; readonly layer: number }
  | { readonly kind: "load"; readonly tensor: number };

/** What the walk keeps of a layer or of a load. */
interface Node {
  readonly who: Who;
  readonly pass: number;
  /** What it pulls before each pass: first the forks that rejoin here, then its inputs. */
  readonly forks: Fork[];
  readonly inputs: Node[];
  /** Layers of the group that read it. */
  readonly readers: Node[];
  /** Images made so far. */
  done: number;
}

interface Fork {
  readonly source: Node;
  /** The region's nodes, last first, the rejoining one left out. */
  readonly upstream: readonly Node[];
}

/** The firings of a group, in order. `passOf` gives the images per pass of a layer of the workload. */
export function pullSchedule(
  group: GroupGraph,
  passOf: (layer: number) => number,
  batch: number,
): readonly Firing[] {
  const firings: Firing[] = [];
  walk(group, passOf, batch, (node, images) => {
    firings.push({ ...node.who, firstImage: node.done, images });
  });
  return firings;
}

/**
 * The most images that the ring buffers of each source hold at any moment of the pull schedule. A pass's inputs are held
 * until it has fired, and an image until the slowest reader has had it.
 *
 * @returns images, by index into group.sources
 */
export function walkedRingImages(
  group: GroupGraph,
  passOf: (layer: number) => number,
  batch: number,
): readonly number[] {
  const high = group.sources.map(() => 0);
  const indexOf = new Map(group.sources.map((source, index) => [keyOf(source), index]));
  walk(group, passOf, batch, (node, images) => {
    const index = indexOf.get(node.who.kind === "layer" ? node.who.layer : `load ${node.who.tensor}`);
    if (index === undefined) return;
    const slowest = node.readers.reduce((least, reader) => Math.min(least, reader.done), batch);
    high[index] = Math.max(high[index] ?? 0, node.done + images - slowest);
  });
  return high;
}

function keyOf(source: BufferedSource): number | string {
  return source.producer ?? `load ${source.tensors[0]}`;
}

/** Visits every firing just before its images count as done. */
function walk(
  group: GroupGraph,
  passOf: (layer: number) => number,
  batch: number,
  fire: (node: Node, images: number) => void,
): void {
  const collector = buildNodes(group, passOf);
  const pull = (node: Node, images: number): void => {
    while (node.done < images) {
      const next = Math.min(batch, node.done + node.pass);
      pullInputs(node, next);
      fire(node, next - node.done);
      node.done = next;
    }
  };
  const pullInputs = (node: Node, next: number): void => {
    for (const fork of node.forks) pull(fork.source, demand(fork, node, next, batch));
    for (const input of node.inputs) pull(input, next);
  };
  for (let image = 1; image <= batch; image++) {
    pullInputs(collector, image);
    collector.done = image;
  }
}

/** Images that a fork must have made so that the layer at which it rejoins can have made `images`. */
function demand(fork: Fork, rejoin: Node, images: number, batch: number): number {
  const targets = new Map<Node, number>([[rejoin, images]]);
  const needOf = (node: Node): number =>
    node.readers.reduce((need, reader) => Math.max(need, targets.get(reader) ?? 0), 0);
  for (const node of fork.upstream) {
    const need = node.readers.length === 0 ? images : needOf(node);
    targets.set(node, Math.min(batch, node.pass * ceilDiv(need, node.pass)));
  }
  return needOf(fork.source);
}

/** Builds the nodes; returns the collector, which pulls the sinks one image at a time. */
function buildNodes(group: GroupGraph, passOf: (layer: number) => number): Node {
  const newNode = (who: Who, pass: number): Node => ({
    who,
    pass,
    forks: [],
    inputs: [],
    readers: [],
    done: 0,
  });
  const layers = new Map<number, Node>();
  for (let layer = group.range.first; layer <= group.range.last; layer++) {
    layers.set(layer, newNode({ kind: "layer", layer }, passOf(layer)));
  }
  const nodesOf = (indices: readonly number[]): Node[] => indices.flatMap((layer) => layers.get(layer) ?? []);
  const collector = newNode({ kind: "layer", layer: -1 }, 1);
  collector.inputs.push(...nodesOf(group.sinks));
  for (const source of group.sources) {
    const node =
      source.producer === undefined
        ? newNode({ kind: "load", tensor: source.tensors[0] ?? -1 }, 1)
        : (layers.get(source.producer) ?? collector);
    for (const reader of nodesOf(source.readers)) {
      reader.inputs.push(node);
      node.readers.push(reader);
    }
    if (source.readers.length < 2) continue;
    const [rejoin] = source.rejoin === undefined ? [collector] : nodesOf([source.rejoin]);
    const upstream = nodesOf(source.region.filter((layer) => layer !== source.rejoin)).reverse();
    rejoin?.forks.push({ source: node, upstream });
  }
  return collector;
}
