/**
 * How a layer is dealt out over cores. Where an accelerator names no channel granularity, work divides evenly, to any
 * fraction. Where it names one, a core is given whole units of that many output channels, or whole rows of output,
 * whichever leaves the slowest core less to do; docs/cost-model.md, Several cores, derives the formulas. O(1) a layer.
 */
import { ceilDiv } from "../../base/integers.ts";
import { sourceLayer } from "../space/group-graph.ts";
import { type Layer, tensorBytes, type Workload } from "../workload/workload.ts";

/** What of a layer's output a core makes: some channels of every row, or some rows of every channel. */
export type Split = "channels" | "rows";

/** A layer as one of the cores of a group sees it. */
export interface CoreShare {
  readonly split: Split;
  /** Rows of the layer's row loop for one image. */
  readonly rows: number;
  /** Rows that a core is given; all of them where channels are dealt out. */
  readonly ownRows: number;
  /** Cores that are given any. */
  readonly busyCores: number;
  /** Part of the weights that a core works with. */
  readonly weightShare: number;
  /** Work of the slowest core over the layer's MACs, channels that fill no unit included, with no row made twice. */
  readonly slowestShare: number;
}

/** The shares of all layers on so many cores. O(layers). */
export function coreShares(workload: Workload, cores: number, granularity: number): readonly CoreShare[] {
  const shares: CoreShare[] = [];
  for (const layer of workload.layers) {
    const rows = loopRows(workload, layer);
    const ownRows = ceilDiv(rows, cores);
    const units = ceilDiv(layer.dimensions.K, granularity);
    const ownUnits = ceilDiv(units, cores);
    // A layer without MACs goes on with what it finds, however that is dealt out.
    const split =
      layer.macs === 0
        ? (shares[sourceLayer(workload, layer.inputs[0] ?? -1)]?.split ?? "rows")
        : ownUnits * rows <= units * ownRows
          ? "channels"
          : "rows";
    const unitShare = granularity / layer.dimensions.K;
    shares.push(
      split === "rows"
        ? {
            split,
            rows,
            ownRows,
            busyCores: ceilDiv(rows, ownRows),
            weightShare: 1,
            slowestShare: (units * unitShare * ownRows) / rows,
          }
        : {
            split,
            rows,
            ownRows: rows,
            busyCores: ceilDiv(units, ownUnits),
            weightShare: Math.min(1, ownUnits * unitShare),
            slowestShare: ownUnits * unitShare,
          },
    );
  }
  return shares;
}

/** Rows of the loop that is dealt out; those of its output where a layer has no heavy operator. */
function loopRows(workload: Workload, layer: Layer): number {
  if (layer.macs > 0) return layer.dimensions.N * layer.dimensions.Y;
  const bytes = tensorBytes(workload, layer.outputs);
  return layer.outputRowBytes > 0 ? Math.max(1, Math.floor(bytes / layer.outputRowBytes)) : 1;
}

/** What a core needs of a staged tensor: some rows that it can make itself, or what other cores have made. */
export type Need = { readonly kind: "rows"; readonly rows: number } | { readonly kind: "gathered" };

const gathered: Need = { kind: "gathered" };

/** A layer and its share. */
export interface DealtLayer {
  readonly layer: Layer;
  readonly share: CoreShare;
}

/** What a core needs of the output of `producer` to make so many rows of `reader`. */
export function needOf(producer: DealtLayer, reader: DealtLayer, readerRows: number): Need {
  const { rows, split } = producer.share;
  const { kind } = reader.layer;
  if (split !== reader.share.split) return gathered;
  if (split === "channels") {
    // What works on each channel by itself finds its own channels where it is.
    return kind === "depthwise" || reader.layer.macs === 0 ? { kind: "rows", rows } : gathered;
  }
  if (kind === "convolution" || kind === "depthwise" || kind === "transposed-convolution") {
    const window = windowOf(reader, readerRows);
    return { kind: "rows", rows: Math.ceil(window.rows * ratio(rows, window.allRows)) };
  }
  if (rows === reader.share.rows && kind !== "attention") return { kind: "rows", rows: readerRows };
  // Pooling of its own; what takes in the whole map is joined from what all cores have made.
  return kind === "vector" && reader.share.rows > 1
    ? { kind: "rows", rows: Math.ceil((readerRows * rows) / reader.share.rows) }
    : gathered;
}

/** Input rows that a window operator reads for so many rows of its loop, and those it reads for all of them. */
function windowOf({ layer, share }: DealtLayer, rows: number): { rows: number; allRows: number } {
  const { R, dilationY, strideY } = layer.dimensions;
  const reach = (R - 1) * dilationY + 1;
  return layer.kind === "transposed-convolution"
    ? { rows: rows + ceilDiv(reach, strideY) - 1, allRows: share.rows }
    : { rows: (rows - 1) * strideY + reach, allRows: share.rows * strideY };
}

/**
 * Rows of the producer's loop for each row that the reader's window counts: more than 1 where a pooling lies between. Padding
 * makes small differences, which are none.
 */
function ratio(producerRows: number, readerRows: number): number {
  const rows = producerRows / readerRows;
  return rows > 0.75 && rows < 1.5 ? 1 : rows;
}
