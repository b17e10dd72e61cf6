/** Tests that need a browser: headless Chromium, and pages served from this machine. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright-core";
import { describe, test } from "vitest";
import { chromiumAdvice, findChromium } from "../scripts/chromium.js";

/** A group of tests with a browser; without one it is skipped and says how many cases that are. */
export function describeBrowser(name: string, cases: number, body: () => void): void {
  if (findChromium() !== undefined) describe(name, body);
  else test.skip(`${name}: ${cases} cases skipped, there is no chromium (${chromiumAdvice})`, () => {});
}

/** With the features of the shipped version, and without its traffic of its own. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium() ?? "chromium",
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface SiteOptions {
  /** With the headers that let a page share memory between threads. */
  readonly isolated?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Site {
  /** Its address, with a slash at the end. */
  readonly url: string;
  close(): void;
}

const types: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  wasm: "application/wasm",
};

/** Serves files by name; all others are missing. */
export async function serveFiles(
  files: ReadonlyMap<string, Uint8Array | string>,
  { isolated = false, headers = {} }: SiteOptions = {},
): Promise<Site> {
  const isolation = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  };
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://localhost").pathname.slice(1) || "index.html";
    const body = files.get(name);
    const type = types[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": type,
      ...(isolated ? isolation : {}),
      ...headers,
    });
    response.end(body ?? "there is no such file");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
