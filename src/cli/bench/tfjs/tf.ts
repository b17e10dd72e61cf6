/** tfjs and its wasm backend, loaded once. */
import type * as Core from "@tensorflow/tfjs-core";
import { importOptional } from "../optional-package.ts";

export type Tf = typeof Core;
export type TfTensor = Core.Tensor;
export type TfDataType = "float32" | "int32" | "bool";

export const tfjsPackages = { core: "@tensorflow/tfjs-core", wasm: "@tensorflow/tfjs-backend-wasm" } as const;
const install = `${tfjsPackages.core}@4.22.0 ${tfjsPackages.wasm}@4.22.0`;

/** tfjs with the wasm backend chosen and the checks of its development mode off. */
export async function loadTf(): Promise<Tf> {
  const tf = await importOptional<Tf>(tfjsPackages.core, install);
  await importOptional<object>(tfjsPackages.wasm, install);
  tf.enableProdMode();
  await tf.setBackend("wasm");
  await tf.ready();
  return tf;
}

/** A network that tfjs cannot run: the reason says which operator. */
export class UnsupportedByTfjs extends Error {}
