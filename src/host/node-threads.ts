/**
 * Threads and files of compiled networks in Node. This file also goes into every model.js, which must load in pages and
 * pass through bundlers, so Node's modules are asked for when they are needed and never imported.
 */
import type { HostThread, ReadInto, StartThread } from "../base/host.ts";

/** Starts threads by node:worker_threads; undefined outside Node. */
export function nodeThreads(): StartThread | undefined {
  return isNode() ? startNodeThread : undefined;
}

function startNodeThread(script: string, message: unknown): HostThread {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const text = `const { parentPort, workerData } = require("node:worker_threads");
(${script})(workerData, (reply) => parentPort.postMessage(reply));`;
  const worker = new Worker(text, { eval: true, workerData: message, execArgv: [] });
  worker.unref();
  const started = new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("it ended at once")));
  });
  return { started, stop: () => void worker.terminate() };
}

/** Reads files of a folder, given as a file: URL that ends with a slash or any file of it; undefined outside Node. */
export function nodeFiles(base: string | URL): ReadInto | undefined {
  return isNode() ? (name, target) => readFileInto(new URL(name, base), target) : undefined;
}

async function readFileInto(url: URL, target: Uint8Array): Promise<number> {
  const file = await process.getBuiltinModule("node:fs/promises").open(url);
  try {
    let at = 0;
    while (at < target.length) {
      const { bytesRead } = await file.read(target, at, Math.min(target.length - at, 2 ** 28), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

function isNode(): boolean {
  return typeof process === "object" && typeof process.getBuiltinModule === "function";
}
