/** Weights of the learned mapper that come with the package: weights/general.safetensors beside its package.json. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.ts";

/** Path of the file; undefined where it is not there. */
export function shippedWeights(root: string = packageRoot()): string | undefined {
  const path = join(root, "weights", "general.safetensors");
  return existsSync(path) ? path : undefined;
}
