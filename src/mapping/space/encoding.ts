/**
 * DNNFuser's vector [mB_0 .. mB_N] (section 3, equation 1) <-> mapping. mB_i is the pass size of layer i, -1 writes its
 * output off chip; mB_0 is the network input's. The vector has no pass size for a synced layer: such a layer takes the
 * pass size of the tensor staged before it in the chain, and a layer with nothing staged before it makes one pass.
 */
import { badInput } from "../../base/errors.ts";
import type { LayerMapping, Mapping } from "./mapping.ts";

/** A decoded vector: the mapping, and how many images of the network's input are staged (undefined for -1). */
export interface DecodedVector {
  readonly mapping: Mapping;
  readonly inputImages: number | undefined;
}

/** What the code of a vector must fit. */
export interface VectorShape {
  readonly layerCount: number;
  readonly batch: number;
  /** Cores of the accelerator: a vector has no place for fewer. */
  readonly cores: number;
}

/**
 * The mapping that a vector of layerCount + 1 entries, each -1 or 1..batch, stands for.
 *
 * @throws LaminateError (bad-input) for a wrong length or entry, naming its place
 */
export function decodeMapping(vector: readonly number[], shape: VectorShape): DecodedVector {
  const { layerCount, batch, cores } = shape;
  if (vector.length !== layerCount + 1) {
    throw badInput(`the mapping vector has ${vector.length} entries; this workload needs ${layerCount + 1}`, {
      where: "mapping",
      fix: `give [mB_0, mB_1, .. mB_${layerCount}]: the input's entry and one for each layer (laminate inspect lists the layers)`,
    });
  }
  vector.forEach((entry, index) => {
    if (entry === -1 || (Number.isInteger(entry) && entry >= 1 && entry <= batch)) return;
    throw badInput(`mB_${index} is ${entry}`, {
      where: `mapping[${index}]`,
      fix: `use -1 (write off chip) or a whole number of images from 1 to ${batch}`,
    });
  });
  let staged = vector[0] ?? -1;
  const mapping = vector.slice(1).map((entry): LayerMapping => {
    const pass = entry !== -1 ? entry : staged !== -1 ? staged : batch;
    staged = entry;
    return { pass, output: entry === -1 ? "sync" : "stage", weights: "streamed", cores };
  });
  return { mapping, inputImages: vector[0] === -1 ? undefined : vector[0] };
}

/**
 * The vector of a mapping, with mB_0 = -1; undefined when a synced layer has a pass size that no vector can carry, and when
 * a layer does not run on all cores or has a lane.
 */
export function encodeMapping(
  mapping: Mapping,
  { batch, cores }: Pick<VectorShape, "batch" | "cores">,
): readonly number[] | undefined {
  if (mapping.some((entry) => entry.cores !== cores || entry.lane !== undefined)) return undefined;
  const vector = [-1];
  let implied = batch;
  for (const { pass, output } of mapping) {
    if (output === "sync" && pass !== implied) return undefined;
    vector.push(output === "sync" ? -1 : pass);
    implied = output === "sync" ? batch : pass;
  }
  return vector;
}
