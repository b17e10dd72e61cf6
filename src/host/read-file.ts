/**
 * Reads whole files into memory once. Node's own readFile refuses files above 2 GiB and may hold a file twice while it
 * joins chunks; models are read here in slices into one array of the right size.
 */
import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { badInput, type LaminateError } from "../base/errors.ts";

/** One read call cannot move more than 2 GiB - 1. */
const sliceBytes = 2 ** 28;

/**
 * The bytes of a regular file.
 *
 * @throws LaminateError bad-input when it is missing, a directory, unreadable or larger than memory allows
 */
export function readWholeFile(path: string): Uint8Array<ArrayBuffer> {
  const file = attempt(path, () => openSync(path, "r"));
  try {
    const { size } = regularFile(
      path,
      attempt(path, () => fstatSync(file)),
    );
    const bytes = allocate(path, size);
    let filled = 0;
    while (filled < size) {
      const count = attempt(path, () =>
        readSync(file, bytes, filled, Math.min(sliceBytes, size - filled), null),
      );
      if (count === 0) break;
      filled += count;
    }
    // A file that shrank while it was read: hand on what there is, its reader will say that it is truncated.
    return filled === size ? bytes : bytes.subarray(0, filled);
  } finally {
    closeSync(file);
  }
}

/** The text of a UTF-8 file of at most 64 MB, without a byte order mark. */
export function readTextFile(path: string): string {
  const bytes = readWholeFile(path);
  if (bytes.length > 64e6)
    throw badInput("the file is too large for a text of this kind", { where: path, fix: "check the path" });
  return new TextDecoder().decode(bytes);
}

/** The system's word on why a path cannot be used, as an error that names it. */
export function fileError(path: string, error: unknown): LaminateError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [message, fix] = fileErrorTexts[code] ?? [
    `the file cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    "check the path and the disk",
  ];
  return badInput(message, { where: path, fix });
}

const fileErrorTexts: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  ENOENT: ["there is no such file", "check the path"],
  ENOTDIR: ["there is no such file: a part of its path is not a folder", "check the path"],
  EISDIR: ["this is a folder, not a file", "give the path of a file in it"],
  EACCES: ["the file may not be accessed", "check its permissions"],
  EPERM: ["the file may not be accessed", "check its permissions"],
  ENAMETOOLONG: ["the path is too long", "check the path"],
  ELOOP: ["the path goes round in circles of links", "check its links"],
  ENOSPC: ["the disk is full", "free some space, or write elsewhere"],
  EROFS: ["the disk is read-only", "write elsewhere"],
  EMFILE: ["too many files are open", "close some, or raise the limit (ulimit -n)"],
};

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw fileError(path, error);
  }
}

function regularFile(path: string, stats: Stats): Stats {
  if (stats.isFile()) return stats;
  if (stats.isDirectory()) throw fileError(path, Object.assign(new Error(), { code: "EISDIR" }));
  throw badInput("this is not a regular file", { where: path, fix: "save it as a file first" });
}

function allocate(path: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch {
    const gigabytes = (size / 1e9).toFixed(1);
    throw badInput(`the file of ${gigabytes} GB does not fit in memory`, {
      where: path,
      fix: "use a machine with more memory, or move the weights to external data",
    });
  }
}
