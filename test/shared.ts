/** The read-only material that lies beside the checkout on some machines: real networks, layer tables, vectors. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";

const root = fileURLToPath(new URL("../../shared/", import.meta.url));

/** Whether it is there. */
export const hasShared: boolean = existsSync(root);

/** The path of something in it. */
export function sharedPath(...parts: readonly string[]): string {
  return [root.replace(/\/$/, ""), ...parts].join("/");
}

/** A group of tests that need it; without it the group is skipped and says how many cases that are. */
export function describeShared(name: string, cases: number | string, body: () => void): void {
  if (hasShared) describe(name, body);
  else test.skip(`${name}: ${cases} cases skipped, ../shared is not there`, () => {});
}
