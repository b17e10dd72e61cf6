/**
 * The code of every model.js: bundled with what it imports when laminate is built, and held as text by write-artefact.ts.
 * No other file of the library imports it. It is the one place that brings Node and the web together.
 */
import type { ReadInto } from "../../base/host.ts";
import { readNodeFile } from "../../host/node-file.ts";
import { nodeThreads } from "../../host/node-threads.ts";
import type { ModelManifest } from "../runtime/manifest.ts";
import { type RunningModel, startModel } from "../runtime/start-model.ts";
import { webThreads } from "../runtime/web-threads.ts";

export interface LoadOptions {
  readonly threads?: number;
  /** The folder that the other files are in, when that is not the one of model.js. */
  readonly base?: string | URL;
}

/** Loads the network that the manifest describes; `urls` has its files beside model.js. */
export function loadModel(
  manifest: ModelManifest,
  urls: Readonly<Record<string, URL>>,
  { threads = manifest.threads, base }: LoadOptions = {},
): Promise<RunningModel> {
  const read: ReadInto = (name, target) => {
    const url = base === undefined ? urls[name] : new URL(name, base);
    if (url === undefined) throw new Error(`internal: no address for ${name}`);
    return url.protocol === "file:" ? readNodeFile(url, target) : fetchInto(url, target);
  };
  const startThread = nodeThreads() ?? webThreads();
  return startModel(manifest, read, startThread === undefined ? { threads } : { threads, startThread });
}

/** Chunk by chunk, so that large weights are in memory once. */
async function fetchInto(url: URL, target: Uint8Array): Promise<number> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url} answers ${response.status}`);
  const reader = response.body.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return length;
    if (length < target.length) target.set(value.subarray(0, target.length - length), length);
    length += value.length;
  }
}
