/** What a step of training changes: parameters, their moments, and how many steps were made. */
import { product } from "../../base/integers.ts";
import type { FeatureSchema } from "../environment/schema.ts";
import { firstParameters, type NetworkSizes, parameterShapes } from "../network/network-sizes.ts";

/** Never changed: each step makes a new one. */
export interface TrainerState {
  /** Steps made. */
  readonly step: number;
  /** By the names of `parameterShapes`. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** First and second moment by parameter. */
  readonly moments: ReadonlyMap<string, readonly [Float32Array, Float32Array]>;
}

/** Before the first step: parameters from the seed, or those that are given. */
export function firstState(
  sizes: NetworkSizes,
  schema: FeatureSchema,
  from: number | ReadonlyMap<string, Float32Array>,
): TrainerState {
  const parameters = typeof from === "number" ? firstParameters(sizes, schema, from) : from;
  const moments = [...parameterShapes(sizes, schema)].map(([name, shape]) => {
    const zeros = (): Float32Array => new Float32Array(product(shape));
    return [name, [zeros(), zeros()]] as const;
  });
  return { step: 0, parameters, moments: new Map(moments) };
}
