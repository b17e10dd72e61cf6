/** Where this package lies, built or not, and which version it is. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the package's own package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isOurs(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("internal: laminate's own package.json is missing");
    folder = parent;
  }
  return folder;
}

/** "0.1.0". */
export function packageVersion(): string {
  return manifest(join(packageRoot(), "package.json")).version ?? "unknown";
}

function isOurs(path: string): boolean {
  return existsSync(path) && manifest(path).name === "laminate";
}

function manifest(path: string): { readonly name?: string; readonly version?: string } {
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  const { name, version } = Object(value) as Record<string, unknown>;
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof version === "string" ? { version } : {}),
  };
}
