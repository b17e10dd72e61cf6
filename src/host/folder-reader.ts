/** Reads the files beside a model (external data), each one once. */
import { existsSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { badInput } from "../base/errors.ts";
import type { FileReader } from "../base/host.ts";
import { readWholeFile } from "./read-file.ts";

/**
 * A reader whose names are relative to the folder. Many tensors share one file, so files are kept.
 *
 * A model may come from anywhere: names that lead out of the folder are refused, as the ONNX specification asks.
 */
export function folderReader(folder: string): FileReader {
  const files = new Map<string, Uint8Array | undefined>();
  return {
    read(name) {
      if (!files.has(name)) files.set(name, readInside(folder, name));
      return files.get(name);
    },
  };
}

function readInside(folder: string, name: string): Uint8Array | undefined {
  // A NUL ends a path for the system, whatever follows it.
  if (name === "" || name.includes("\0")) return undefined;
  const path = resolve(folder, name);
  const inside = relative(folder, path);
  if (isAbsolute(name) || isAbsolute(inside) || inside.split(/[\\/]/)[0] === "..") {
    throw badInput(`external data "${name}" lies outside the model's folder`, {
      where: folder,
      fix: "move the data beside the model and correct its location in the file",
    });
  }
  return existsSync(path) ? readWholeFile(path) : undefined;
}
