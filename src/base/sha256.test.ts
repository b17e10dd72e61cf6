import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256, sha256OfBytes } from "./sha256.ts";

test("the example of FIPS 180-4", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("any text has the digest that Node's own implementation gives", () => {
  const text = fc.string({ unit: "binary", maxLength: 150 });
  fc.assert(
    fc.property(text, (one) => sha256(one) === createHash("sha256").update(one).digest("hex")),
    { numRuns: 50 },
  );
});

test("bytes have the digest of the text that they are", () => {
  expect(sha256OfBytes(Uint8Array.of(0x61, 0x62, 0x63))).toBe(sha256("abc"));
});
