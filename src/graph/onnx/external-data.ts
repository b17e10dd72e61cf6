/**
 * Tensors whose elements lie outside the file (TensorProto.external_data): in another file, at a place of it, or
 * nowhere, where the location is the recipe `synthetic:LOW:HIGH:SEED` of pseudo-random elements.
 */

import { badInput } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import type { TensorData } from "../ir/tensor.ts";
import { type Place, placeText } from "./place.ts";
import type { StringStringEntryProto } from "./schema.ts";

/** Gives the bytes of a file beside the model; undefined if there is none. May return a view. */
export type ReadExternal = (location: string) => Uint8Array | undefined;

const number = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const recipe = new RegExp(`^synthetic:(${number}):(${number}):(-?\\d{1,16})$`);

/** The data that the entries describe, `byteLength` bytes of it; nothing is read or allocated for a recipe. */
export function externalData(
  entries: readonly StringStringEntryProto[],
  byteLength: number,
  readExternal: ReadExternal | undefined,
  where: Place,
): TensorData {
  const byKey = new Map(entries.map(({ key, value }) => [key ?? "", value ?? ""]));
  const location = byKey.get("location") ?? "";
  if (location.startsWith("synthetic:")) return syntheticData(location, where);
  checkLocation(location, where);
  const offset = wholeNumber(byKey.get("offset"), "offset", where) ?? 0;
  const length = wholeNumber(byKey.get("length"), "length", where) ?? byteLength;
  if (length !== byteLength) {
    throw badInput(`external data of ${length} bytes for a tensor of ${byteLength}`, {
      where: placeText(where),
      fix: "save the model with its external data again",
    });
  }
  const file = readExternal?.(location);
  if (file === undefined) return { kind: "missing", location, ...(offset === 0 ? {} : { offset }) };
  if (offset + length > file.length) {
    throw badInput(
      `bytes ${offset} to ${offset + length} of ${quote(location)} are asked for, which has ${file.length}`,
      { where: placeText(where), fix: "the external data file may be truncated or of another model" },
    );
  }
  return { kind: "bytes", bytes: new Uint8Array(file.buffer, file.byteOffset + offset, length) };
}

/** The recipe that `syntheticData` reads. */
export function syntheticLocation(data: TensorData & { kind: "synthetic" }): string {
  return `synthetic:${data.low}:${data.high}:${data.seed}`;
}

function syntheticData(location: string, where: Place): TensorData {
  const [, lowText, highText, seedText] = recipe.exec(location) ?? [];
  const [low, high, seed] = [Number(lowText), Number(highText), Number(seedText)];
  if (!Number.isFinite(low) || !Number.isFinite(high) || !Number.isSafeInteger(seed) || low > high) {
    throw badInput(`${quote(location)} is not a recipe of synthetic elements`, {
      where: placeText(where),
      fix: "write it as synthetic:LOW:HIGH:SEED with LOW <= HIGH and a whole SEED",
    });
  }
  return { kind: "synthetic", low, high, seed };
}

/** Only files beside the model: a model from a stranger must not make us read the rest of the disk. */
function checkLocation(location: string, where: Place): void {
  const outside =
    location === "" ||
    location.includes("\0") ||
    /^(?:[/\\]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/.test(location) ||
    location.split(/[/\\]/).includes("..");
  if (!outside) return;
  throw badInput(`external data at ${quote(location)} is refused`, {
    where: placeText(where),
    fix: "external data must be named relative to the model's folder and lie inside it",
  });
}

function wholeNumber(text: string | undefined, key: string, where: Place): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw badInput(`external data with ${key} ${quote(text)}`, {
    where: placeText(where),
    fix: `${key} must be a whole number of bytes`,
  });
}
