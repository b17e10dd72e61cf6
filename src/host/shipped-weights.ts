/** Weights of the learned mapper that come with the package: weights/NAME.safetensors beside its package.json. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.ts";

/** The file of the first of these names that is there; undefined where none is. */
export function shippedWeights(names: readonly string[], root: string = packageRoot()): string | undefined {
  return names.map((name) => join(root, "weights", `${name}.safetensors`)).find((path) => existsSync(path));
}
