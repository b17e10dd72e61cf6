/** Random floats between -1 and 1 from a seed. */
import { seededRandom } from "../../../../base/random.ts";

export function randomFloats(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => 2 * random.uniform() - 1);
}
