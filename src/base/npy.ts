/**
 * NumPy's .npy files, version 1 to 3: a magic number, a header that is a Python literal, and the elements as they lie in
 * memory. Format: numpy/lib/format.py's documentation ("NEP 1").
 */
import { badInput, type LaminateError } from "./errors.ts";
import { product } from "./integers.ts";

export interface NpyArray {
  /** NumPy's name of the element type, like "<f4": byte order, kind, bytes. */
  readonly descr: string;
  readonly shape: readonly number[];
  /** Little-endian elements in row-major order. */
  readonly bytes: Uint8Array;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

function broken(message: string, where: string, fix = "write the file again with numpy.save"): LaminateError {
  return badInput(message, { where, fix });
}

/** Throws bad-input that names the file for what is no .npy file, Fortran order, big-endian and structured elements. */
export function readNpy(file: Uint8Array, where: string): NpyArray {
  if (!magic.every((byte, index) => file[index] === byte)) throw broken("this is no .npy file", where);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isLong = (file[6] ?? 0) >= 2;
  const start = isLong ? 12 : 10;
  if (file.length < start) throw broken("the .npy file is cut off", where);
  const end = start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  if (file.length < end) throw broken("the .npy file is cut off", where);
  const { descr, shape } = parseHeader(new TextDecoder("latin1").decode(file.subarray(start, end)), where);
  const size = Number(/\d+$/.exec(descr)?.[0] ?? 0);
  const bytes = file.subarray(end, end + product(shape) * size);
  if (bytes.length !== product(shape) * size) {
    throw broken(
      `the shape [${shape}] asks for ${product(shape) * size} bytes, and there are ${bytes.length}`,
      where,
    );
  }
  return { descr, shape, bytes };
}

/** Like {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } */
function parseHeader(
  header: string,
  where: string,
): { readonly descr: string; readonly shape: readonly number[] } {
  const descr = /'descr':\s*'([<>|=]?[a-zA-Z]\d*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw broken("the header of the .npy file is not understood", where, "write an array of plain numbers");
  }
  if (order === "True") {
    throw broken("the elements are in Fortran order", where, "write numpy.ascontiguousarray(array)");
  }
  if (descr.startsWith(">")) {
    throw broken("the elements are big-endian", where, "write array.astype(array.dtype.newbyteorder('<'))");
  }
  const sizes = shape.split(",").flatMap((text) => (text.trim() === "" ? [] : [Number.parseInt(text, 10)]));
  return { descr, shape: sizes };
}

/** The file, version 1.0; its elements begin at a multiple of 64 bytes. */
export function writeNpy({ descr, shape, bytes }: NpyArray): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const literal = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil((10 + literal.length + 1) / 64) * 64;
  const file = new Uint8Array(length + bytes.length);
  file.set(magic);
  file[6] = 1;
  new DataView(file.buffer).setUint16(8, length - 10, true);
  file.set(new TextEncoder().encode(`${literal.padEnd(length - 11)}\n`), 10);
  file.set(bytes, length);
  return file;
}
