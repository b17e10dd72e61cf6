/**
 * Packages that a published laminate does not depend on: loaded when they are asked for, from beside laminate or from the
 * folder in which the command runs.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { usageError } from "../../base/errors.ts";

/**
 * The package's exports. The caller names its type, since a bundler must not see the import, and what to install.
 *
 * @throws LaminateError usage that says how to install it
 */
export async function importOptional<T>(name: string, install: string): Promise<T> {
  try {
    return exportsOf<T>(await import(name));
  } catch (error) {
    if (!isNotFound(error, name)) throw error;
  }
  const path = resolveFromHere(name);
  if (path !== undefined) return exportsOf<T>(await import(pathToFileURL(path).href));
  throw usageError(`the package ${name} is not installed`, {
    where: "--against",
    fix: `npm install --no-save ${install}, in this folder or beside laminate`,
  });
}

/** A CommonJS package has everything in its default export, an ES module may have one thing of it there. */
function exportsOf<T>(module: object): T {
  const isCommonJs = "default" in module && Object(module.default).__esModule === true;
  return (isCommonJs ? module.default : module) as T;
}

function isNotFound(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "ERR_MODULE_NOT_FOUND" &&
    error.message.includes(`'${name}'`)
  );
}

function resolveFromHere(name: string): string | undefined {
  try {
    return createRequire(join(process.cwd(), "here.js")).resolve(name);
  } catch {
    return undefined;
  }
}

/** The folder that a package's files lie in, as Node would find it. */
export function packageFolder(name: string): string {
  for (const start of [import.meta.url, join(process.cwd(), "here.js")]) {
    const folder = createRequire(start)
      .resolve.paths(name)
      ?.map((path) => join(path, name))
      .find((path) => hasManifest(path));
    if (folder !== undefined) return folder;
  }
  return dirname(createRequire(join(process.cwd(), "here.js")).resolve(name));
}

function hasManifest(folder: string): boolean {
  try {
    readFileSync(join(folder, "package.json"));
    return true;
  } catch {
    return false;
  }
}

/** The version in the package's manifest. */
export function packageVersionOf(name: string): string {
  const manifest: { readonly version?: string } = JSON.parse(
    readFileSync(join(packageFolder(name), "package.json"), "utf8"),
  );
  return manifest.version ?? "unknown";
}
