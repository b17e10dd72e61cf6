/** Threads in pages and in their workers: Worker on a Blob, which stays right when a bundler moves the code. */
import type { HostThread, StartThread } from "../../base/host.ts";

/** Starts threads by the web's Worker; undefined where there is none, as in Node. */
export function webThreads(): StartThread | undefined {
  return typeof Worker === "function" && typeof Blob === "function" ? startWebThread : undefined;
}

function startWebThread(script: string, message: unknown): HostThread {
  const text = `const main = ${script};\nonmessage = ({ data }) => main(data, (reply) => postMessage(reply));\n`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url);
  const started = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(new Error(event.message || "the page's security policy forbids it"));
  }).finally(() => URL.revokeObjectURL(url));
  worker.postMessage(message);
  return { started, stop: () => worker.terminate() };
}
