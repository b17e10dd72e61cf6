/**
 * Threads of compiled networks in Node. This file also goes into every model.js, which must load in pages and
 * pass through bundlers, so Node's modules are asked for when they are needed and never imported.
 */
import type { HostThread, StartThread } from "../base/host.ts";

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

function isNode(): boolean {
  return typeof process === "object" && typeof process.getBuiltinModule === "function";
}
