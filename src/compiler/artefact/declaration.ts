/** The types of a compiled network: model.d.ts, with the network's own names, shapes and element types. */
import { arrayName, typeText } from "../runtime/elements.ts";
import type { ModelManifest, ModelTensor } from "../runtime/manifest.ts";

/** The text of model.d.ts. */
export function declarationText(manifest: ModelManifest): string {
  const { inputs, outputs, threads } = manifest;
  return `export interface Inputs {
${fields(inputs)}}

/** Elements in row-major order. */
export interface Outputs {
${fields(outputs)}}

export interface LoadOptions {
  /** Threads to run on, the caller's among them; ${threads}, unless given. One where there cannot be more: see Model.notes. */
  readonly threads?: number;
  /** The folder of kernels.wasm and weights.bin, when that is not the one of model.js; it ends with a slash. */
  readonly base?: string | URL;
}

export interface RunOptions {
  /** Gives views of the network's memory and no copies: they hold until the next run, and must not be written to. */
  readonly views?: boolean;
}

export interface Model {
  readonly name: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly threads: number;
  readonly relaxedSimd: boolean;
  /** What is not as it was asked for, and why. */
  readonly notes: readonly string[];
  /** Rejects with an error that names the input when a name, type or size is wrong. */
  run(inputs: Inputs, options?: RunOptions): Promise<Outputs>;
  /** The same for callers that cannot wait for a promise; it throws where \`run\` rejects. */
  runNow(inputs: Inputs, options?: RunOptions): Outputs;
  /** Ends its threads and lets go of its memory. */
  dispose(): void;
}

export interface TensorInfo {
  readonly name: string;
  readonly elementType: string;
  readonly shape: readonly number[];
}

/** Reads and checks the files beside model.js. */
export declare function load(options?: LoadOptions): Promise<Model>;
`;
}

function fields(tensors: readonly ModelTensor[]): string {
  return tensors
    .map((tensor) => {
      return `  /** ${typeText(tensor)} */\n  readonly ${JSON.stringify(tensor.name)}: ${arrayName(tensor)};\n`;
    })
    .join("");
}
