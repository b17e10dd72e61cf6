/** What tests of pages look at: whether the markup is whole, and the data inside. */
import { expect } from "vitest";

/** Elements that close themselves. */
const empty = new Set(["meta", "line", "rect", "polygon", "path", "circle", "wbr", "!doctype"]);

/** Every element that opens closes, in order; text of scripts and styles is skipped. */
export function expectWellFormed(text: string): void {
  const markup = text.replace(/<(script|style)\b([^>]*)>[\s\S]*?<\/\1>/g, "<$1$2></$1>");
  const open: string[] = [];
  for (const [tag, slash, name = ""] of markup.matchAll(/<(\/?)([!a-z][a-z0-9]*)\b[^>]*>/gi)) {
    if (slash === "/") expect(open.pop(), tag).toBe(name);
    else if (!empty.has(name)) open.push(name);
  }
  expect(open).toEqual([]);
}

/** The JSON that a page holds in the script element of that id. */
export function embedded(text: string, id: string): unknown {
  const json = new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`, "s").exec(text)?.[1];
  return JSON.parse(json ?? "");
}
