/**
 * The pull schedule of a group with what each firing moves: the quantities behind the slices of a trace. Their sums are
 * the terms of the cost model, byte for byte, because both follow the same rules (docs/cost-model.md): a tensor from
 * outside is read once by a group, a tensor that someone outside needs is written once, weights cross once per pass.
 * O(passes of the group).
 */
import { known } from "../base/assert.ts";
import { sum } from "../base/integers.ts";
import type { GroupCost } from "../mapping/cost/evaluation.ts";
import type { Problem } from "../mapping/cost/problem.ts";
import { type GroupGraph, groupGraph, sourceLayer } from "../mapping/space/group-graph.ts";
import type { LayerRange } from "../mapping/space/mapping.ts";
import { type Firing, pullSchedule } from "../mapping/space/pull-schedule.ts";
import type { Workload } from "../mapping/workload/workload.ts";

/** A transfer across the chip's border. */
export interface Transfer {
  /** "load weights", "load NAME" or "store NAME". */
  readonly name: string;
  readonly bytes: number;
}

/** One firing, or several of one layer taken together. */
export interface Step {
  /** The layer's name; `load TENSOR` where an input is loaded for several layers. */
  readonly name: string;
  readonly firstImage: number;
  readonly images: number;
  /** Passes taken together. */
  readonly passes: number;
  readonly macs: number;
  readonly onChipBytes: number;
  readonly transfers: readonly Transfer[];
  /** Bytes in ring buffers when the step has fired, before it frees what it read; the most of them, if several. */
  readonly liveBytes: number;
}

/** The firings of a group in order. */
export function* groupSteps(problem: Problem, group: GroupCost): Generator<Step> {
  const { workload, batch } = problem;
  const range = rangeOf(group);
  const graph = groupGraph(workload, range);
  const passOf = (layer: number): number => known(group.passes[layer - range.first], "pass size");
  const moves = new Map(group.layers.map((layer) => [layer, layerMoves(workload, graph, layer)] as const));
  const occupancy = ringOccupancy(workload, graph);
  for (const firing of pullSchedule(graph, passOf, batch)) {
    const liveBytes = occupancy(firing);
    yield firing.kind === "load"
      ? loadStep(workload, firing, liveBytes)
      : layerStep(firing, known(moves.get(firing.layer), "moves of a layer"), liveBytes);
  }
}

/**
 * Takes the firings of each layer within a window together: a long schedule becomes readable, and its sums stay.
 *
 * @param window firings per window; 1 leaves everything as it is
 */
export function* mergeSteps(steps: Iterable<Step>, window: number): Generator<Step> {
  let merged = new Map<string, Step>();
  let count = 0;
  for (const step of steps) {
    const before = merged.get(step.name);
    merged.set(step.name, before === undefined ? step : joinSteps(before, step));
    if (++count % window === 0) {
      yield* merged.values();
      merged = new Map();
    }
  }
  yield* merged.values();
}

/** What one layer moves, per pass and per image. */
interface LayerMoves {
  readonly name: string;
  readonly macs: number;
  readonly weightBytes: number;
  readonly onChipBytes: number;
  readonly loads: readonly Transfer[];
  readonly stores: readonly Transfer[];
}

function layerMoves(workload: Workload, graph: GroupGraph, index: number): LayerMoves {
  const { first, last } = graph.range;
  const layer = known(workload.layers[index], "layer");
  const tensor = (at: number) => known(workload.tensors[at], "tensor");
  const shared = new Set(graph.sources.flatMap((s) => (s.producer === undefined ? s.tensors : [])));
  const loaded = layer.inputs.filter((at) => sourceLayer(workload, at) < first && !shared.has(at));
  const stored = layer.outputs.filter((at) => {
    const { isNetworkOutput, consumers } = tensor(at);
    return isNetworkOutput || consumers.some((consumer) => consumer > last);
  });
  return {
    name: layer.name,
    macs: layer.macs,
    weightBytes: layer.weightBytes,
    onChipBytes: sum([...layer.inputs, ...layer.outputs].map((at) => tensor(at).bytes)),
    loads: loaded.map((at) => ({ name: `load ${tensor(at).name}`, bytes: tensor(at).bytes })),
    stores: stored.map((at) => ({ name: `store ${tensor(at).name}`, bytes: tensor(at).bytes })),
  };
}

function layerStep({ firstImage, images }: Firing, moves: LayerMoves, liveBytes: number): Step {
  const all = ({ name, bytes }: Transfer): Transfer => ({ name, bytes: bytes * images });
  const transfers = [
    { name: "load weights", bytes: moves.weightBytes },
    ...moves.loads.map(all),
    ...moves.stores.map(all),
  ];
  return {
    name: moves.name,
    ...{ firstImage, images, passes: 1, liveBytes },
    macs: moves.macs * images,
    onChipBytes: moves.onChipBytes * images + moves.weightBytes,
    transfers: transfers.filter(({ bytes }) => bytes > 0),
  };
}

function loadStep(workload: Workload, firing: Firing & { kind: "load" }, liveBytes: number): Step {
  const { name, bytes } = known(workload.tensors[firing.tensor], "tensor");
  const { firstImage, images } = firing;
  const transfers = [{ name: "for several layers", bytes: bytes * images }];
  return {
    name: `load ${name}`,
    ...{ firstImage, images, passes: 1, macs: 0, onChipBytes: 0, transfers, liveBytes },
  };
}

/** Follows the ring buffers: bytes that they hold once a firing has made its images. */
function ringOccupancy(workload: Workload, { sources }: GroupGraph): (firing: Firing) => number {
  const made = new Map<string, number>();
  const imagesOf = (node: string): number => made.get(node) ?? 0;
  const rings = sources.map(({ tensors, producer, readers }) => ({
    imageBytes: sum(tensors.map((tensor) => known(workload.tensors[tensor], "tensor").bytes)),
    maker: producer === undefined ? `load ${tensors[0]}` : `layer ${producer}`,
    readers: readers.map((reader) => `layer ${reader}`),
  }));
  return (firing) => {
    const node = firing.kind === "load" ? `load ${firing.tensor}` : `layer ${firing.layer}`;
    const upTo = firing.firstImage + firing.images;
    // What a firing read is freed only after it: its own progress counts for its output, not yet for its inputs.
    const live = rings.map(({ imageBytes, maker, readers }) => {
      const images = (maker === node ? upTo : imagesOf(maker)) - Math.min(...readers.map(imagesOf));
      return imageBytes * images;
    });
    made.set(node, upTo);
    return sum(live);
  };
}

function joinSteps(a: Step, b: Step): Step {
  const bytes = new Map(a.transfers.map((transfer) => [transfer.name, transfer.bytes] as const));
  for (const transfer of b.transfers) {
    bytes.set(transfer.name, (bytes.get(transfer.name) ?? 0) + transfer.bytes);
  }
  return {
    name: a.name,
    firstImage: a.firstImage,
    images: a.images + b.images,
    passes: a.passes + b.passes,
    macs: a.macs + b.macs,
    onChipBytes: a.onChipBytes + b.onChipBytes,
    transfers: [...bytes].map(([name, total]) => ({ name, bytes: total })),
    liveBytes: Math.max(a.liveBytes, b.liveBytes),
  };
}

function rangeOf(group: GroupCost): LayerRange {
  return {
    first: known(group.layers[0], "first layer of a group"),
    last: known(group.layers.at(-1), "last layer"),
  };
}
