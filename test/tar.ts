/** Reads tar archives (POSIX ustar), as far as the conformance vectors need it. */
import { gunzipSync } from "node:zlib";

const blockBytes = 512;

/** The regular files of a gzipped archive, by name, as views. */
export function readTarGz(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const bytes = new Uint8Array(gunzipSync(archive));
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + blockBytes <= bytes.length; ) {
    const header = bytes.subarray(at, at + blockBytes);
    const name = text(header, 0, 100);
    if (name === "") break;
    const prefix = text(header, 345, 155);
    const size = Number.parseInt(text(header, 124, 12), 8);
    const isFile = header[156] === 0 || header[156] === "0".charCodeAt(0);
    const body = bytes.subarray(at + blockBytes, at + blockBytes + size);
    if (isFile) files.set(prefix === "" ? name : `${prefix}/${name}`, body);
    at += blockBytes * (1 + Math.ceil(size / blockBytes));
  }
  return files;
}

function text(header: Uint8Array, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
}
