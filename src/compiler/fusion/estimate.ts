/**
 * What a yellow cell is worth when nothing was measured: bytes that no longer cross between the two blocks, against
 * what the fused loop loses in locality. The same on every machine, exact in whole and half bytes.
 * Saved: a result that only the other block reads is neither written nor read (2 x its bytes), one that others read too
 * is read once less (1 x).
 * Lost: a pass that jumps (Transpose, Gather, Resize, DepthToSpace) reaches half the speed of one that streams, so it
 * costs half its bytes again where it runs inside another loop: over its results behind a Many-to-Many operator, and
 * over what a Many-to-Many operator reads through it, once for each element of its window.
 */
import { known } from "../../base/assert.ts";
import type { OpNode } from "../../graph/ir/graph.ts";
import type { Ecg, EcgOperator, EcgValue } from "./ecg.ts";

export interface YellowEstimate {
  readonly savedBytes: number;
  readonly lostBytes: number;
}

const lossOfJumping = 0.5;

/** Operators whose accesses jump; Expand and Tile copy runs, Reshape moves nothing, broadcasts stay in cache. */
const jumping: ReadonlySet<string> = new Set([
  "DepthToSpace",
  "Gather",
  "GatherElements",
  "GatherND",
  "Resize",
  "ScatterElements",
  "ScatterND",
  "SpaceToDepth",
  "Transpose",
  "Upsample",
]);

/** Estimates fusing two sets of operators, the first feeding the second. */
export function estimateFusion(
  ecg: Ecg,
  first: readonly number[],
  second: readonly number[],
): YellowEstimate {
  const [producers, consumers] = [new Set(first), new Set(second)];
  const both = new Set([...first, ...second]);
  let [savedBytes, lostBytes] = [0, 0];
  for (const value of crossing(ecg, producers, second)) {
    const leaves = value.isNetworkOutput || value.consumers.some((node) => !both.has(node));
    savedBytes += value.bytes * (leaves ? 1 : 2);
    const producer = known(ecg.operators[value.producer ?? -1], "producer");
    for (const node of value.consumers) {
      if (!consumers.has(node)) continue;
      const consumer = known(ecg.operators[node], "consumer");
      if (jumps(consumer) && isReducing(ecg, first)) lostBytes += lossOfJumping * resultBytes(ecg, node);
      if (jumps(producer) && consumer.mappingType === "many-to-many") {
        lostBytes += lossOfJumping * value.bytes * windowSize(consumer.node);
      }
    }
  }
  return { savedBytes, lostBytes };
}

/** The results of the first that the second reads. */
function crossing(ecg: Ecg, producers: ReadonlySet<number>, second: readonly number[]): Set<EcgValue> {
  const values = new Set<EcgValue>();
  for (const node of second) {
    for (const value of known(ecg.reads[node], "reads")) {
      if (value.producer !== undefined && producers.has(value.producer)) values.add(value);
    }
  }
  return values;
}

function isReducing(ecg: Ecg, nodes: readonly number[]): boolean {
  return nodes.some((node) => ecg.operators[node]?.mappingType === "many-to-many");
}

/** A Transpose of axes of size 1 or a Gather of one part only renames what it reads. */
function jumps({ node, mappingType }: EcgOperator): boolean {
  const moves = mappingType !== "one-to-one" && mappingType !== "reorganize";
  return moves && node.domain === "" && jumping.has(node.operator);
}

function resultBytes(ecg: Ecg, node: number): number {
  return known(ecg.results[node], "results").reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How often a convolution or a pool reads an element. */
function windowSize(node: OpNode): number {
  const kernel = node.attributes.get("kernel_shape");
  return kernel?.kind === "ints" ? kernel.value.reduce((product, size) => product * Number(size), 1) : 1;
}
