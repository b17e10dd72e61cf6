import * as fc from "fast-check";
import { expect, test } from "vitest";
import { countVarints, unpackVarints } from "./varints.ts";
import { packVarints } from "./wire-encode.ts";

test("packed 64-bit numbers come back exactly", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), (values) => {
      const packed = packVarints(values);
      expect(countVarints(packed)).toBe(values.length);
      expect(unpackVarints(packed, "t")).toEqual(values);
    }),
  );
});

test("every edge of the encoding's groups of seven bits", () => {
  const edges = Array.from({ length: 64 }, (_, bit) => [1n << BigInt(bit), (1n << BigInt(bit)) - 1n]).flat();
  const signed = edges.map((value) => BigInt.asIntN(64, value));
  expect(unpackVarints(packVarints(signed), "t")).toEqual(signed);
});

test("a number cut short or too long is refused", () => {
  expect(() => unpackVarints(Uint8Array.of(0x80), "t")).toThrow("ends within a number");
  expect(() => unpackVarints(new Uint8Array(10).fill(0xff), "t")).toThrow("ends within a number");
});
