import { expect, test } from "vitest";
import { readNpy, writeNpy } from "./npy.ts";

const bytes = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);

/** A file with this header. */
function file(header: string): Uint8Array {
  const text = new TextEncoder().encode(header);
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0, ...text, ...bytes);
}

test.each([[[2, 3]], [[6]], [[6, 1, 1]]])("shape %j is written and read", (shape) => {
  const written = writeNpy({ descr: "<f4", shape, bytes });
  // The header is filled up so that the elements begin at a multiple of 64 bytes.
  expect(written.length).toBe(128 + 24);
  expect(readNpy(written, "a.npy")).toEqual({ descr: "<f4", shape, bytes });
});

test("a scalar has an empty tuple", () => {
  const written = writeNpy({ descr: "<i8", shape: [], bytes: new Uint8Array(8) });
  expect(new TextDecoder().decode(written.subarray(10, 70))).toContain("'shape': ()");
  expect(readNpy(written, "a.npy").shape).toEqual([]);
});

test.each([
  ["{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", "the elements are in Fortran order"],
  ["{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", "the elements are big-endian"],
  [
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }",
    "the header of the .npy file is not understood",
  ],
  [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }",
    "the shape [2,4] asks for 32 bytes, and there are 24",
  ],
])("%s is refused", (header, message) => {
  expect(() => readNpy(file(header), "a.npy")).toThrow(
    expect.objectContaining({ code: "bad-input", message, where: "a.npy" }),
  );
});

test("what is no .npy file or cut off is refused", () => {
  expect(() => readNpy(bytes, "a.npy")).toThrow("this is no .npy file");
  expect(() => readNpy(writeNpy({ descr: "<f4", shape: [6], bytes }).subarray(0, 40), "a.npy")).toThrow(
    "cut off",
  );
});
