/** Writes files whole or not at all: a crash or Ctrl-C never leaves half a result behind. */
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileError } from "./read-file.ts";

/**
 * Writes to a temporary file in the same folder, then renames it. Folders on the way are made.
 *
 * @throws LaminateError bad-input that names the path
 */
export function writeFileAtomically(path: string, data: string | Uint8Array): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  try {
    makeFolders(folder);
    // Devices and pipes (/dev/stdout) cannot be renamed onto.
    if (isSpecial(path)) {
      writeFileSync(path, data);
      return;
    }
    writeFileSync(temporary, data);
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw fileError(path, error);
  }
}

/**
 * Writes files into one folder, which is made: all of them under temporary names first, then renamed in their order. So
 * a full disk or Ctrl-C leaves the folder as it was; put the file that refers to the others last.
 *
 * @throws LaminateError bad-input that names the path
 */
export function writeFilesAtomically(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  const pairs = [...files].map(([name, data]) => ({
    path: join(folder, name),
    temporary: join(folder, `.${name}.${process.pid}.tmp`),
    data,
  }));
  let current = folder;
  try {
    makeFolders(folder);
    for (const { path, temporary, data } of pairs) {
      current = path;
      writeFileSync(temporary, data);
    }
    for (const { path, temporary } of pairs) {
      current = path;
      renameSync(temporary, path);
    }
  } catch (error) {
    for (const { temporary } of pairs) removeQuietly(temporary);
    throw fileError(current, error);
  }
}

/** mkdir with `recursive` never returns where a file system answers ENOENT to every attempt, as /proc does. */
function makeFolders(folder: string): void {
  const parent = dirname(folder);
  if (existsSync(folder)) return;
  if (parent !== folder) makeFolders(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  }
}

/** The first error is the one to tell. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder is not there either.
  }
}

function isSpecial(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile();
}
