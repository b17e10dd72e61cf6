import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatBandwidth,
  formatBytes,
  formatCount,
  formatJoules,
  formatSeconds,
  formatSpeedup,
} from "./format.ts";
import {
  type Parsed,
  parseBandwidth,
  parseBudget,
  parseBytes,
  parseDuration,
  parseFrequency,
  parsePicojoules,
  writeBandwidth,
  writeBytes,
  writeDuration,
  writeFrequency,
  writePicojoules,
} from "./units.ts";

function value<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(`${parsed.message}; ${parsed.fix}`);
  return parsed.value;
}

const fixOf = (parsed: Parsed<unknown>): string => (parsed.ok ? "" : parsed.fix);
const complaint = (parsed: Parsed<unknown>): string => (parsed.ok ? "" : `${parsed.message}; ${parsed.fix}`);

test.each([
  ["64MB", 64_000_000],
  ["64 MB", 64_000_000],
  ["64MiB", 67_108_864],
  ["108kB", 108_000],
  ["108KB", 108_000],
  ["0.5KiB", 512],
  ["1.47GB", 1_470_000_000],
  ["1_000B", 1_000],
  ["1TB", 1_000_000_000_000],
])("%s is %d bytes", (text, bytes) => {
  expect(value(parseBytes(text))).toBe(bytes);
});

test("a number without a unit is refused with both readings", () => {
  expect(complaint(parseBytes("64"))).toBe('"64" has no unit; did you mean 64MB or 64MiB?');
  expect(fixOf(parseBandwidth("900"))).toBe("did you mean 900GB/s or 900GiB/s?");
  expect(fixOf(parseFrequency("1"))).toBe("did you mean 1MHz or 1GHz?");
  expect(fixOf(parseBudget("10"))).toBe("did you mean 10s or 10evals?");
});

test("units in the wrong case, cut short or counting bits are named", () => {
  expect(fixOf(parseBytes("64mb"))).toBe("did you mean 64MB?");
  expect(fixOf(parseBytes("64M"))).toBe("did you mean 64MB?");
  expect(complaint(parseBandwidth("900Gb/s"))).toBe('"Gb/s" counts bits; write bytes: 900Gb/s is 112.5GB/s');
  expect(fixOf(parseBandwidth("900GB"))).toBe("did you mean 900GB/s?");
  expect(fixOf(parseBytes("64parsecs"))).toMatch(/^use one of B, kB/);
  expect(complaint(parseBytes("lots"))).toBe(
    '"lots" is not a size; write a number with its unit, like 64MB or 64MiB',
  );
  expect(parseBytes("").ok).toBe(false);
  expect(parseBytes("5constructor").ok).toBe(false);
});

test("bytes are whole, and safe integers", () => {
  expect(complaint(parseBytes("1.0001kB"))).toBe(
    '"1.0001kB" is 1000.1 bytes, not a whole number; did you mean 1000B?',
  );
  expect(complaint(parseBytes("1e300TB"))).toMatch(/too large/);
});

test("frequencies, energies and durations", () => {
  expect(value(parseFrequency("1GHz"))).toBe(1e9);
  expect(value(parseFrequency("200MHz"))).toBe(2e8);
  expect(value(parsePicojoules("0.2pJ"))).toBe(0.2);
  expect(value(parsePicojoules("1.3nJ"))).toBe(1_300);
  expect(value(parseDuration("500ms"))).toBe(0.5);
  expect(value(parseDuration("2min"))).toBe(120);
  expect(value(parseDuration("3µs"))).toBe(3e-6);
});

test("budgets are a time, a count, or both", () => {
  expect(value(parseBudget("10s"))).toEqual({ seconds: 10 });
  expect(value(parseBudget("2000evals"))).toEqual({ evaluations: 2_000 });
  expect(value(parseBudget("10s,2000evals"))).toEqual({ seconds: 10, evaluations: 2_000 });
  expect(value(parseBudget("500ms|2e3 evals"))).toEqual({ seconds: 0.5, evaluations: 2_000 });
  for (const text of ["", "0s", "0evals", "-1s", "1.5evals", "soon", "10s,"])
    expect(parseBudget(text).ok, text).toBe(false);
});

test("what is written reads back as the same number", () => {
  expect(writeBytes(64_000_000)).toBe("64MB");
  expect(writeBytes(29_360_128)).toBe("28MiB");
  expect(writeBytes(1_234_567)).toBe("1234567B");
  expect(writeBandwidth(9e12)).toBe("9TB/s");
  expect(writeFrequency(7e8)).toBe("700MHz");
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      expect(value(parseBytes(writeBytes(bytes)))).toBe(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e24, noNaN: true }), (rate) => {
      expect(value(parseBandwidth(writeBandwidth(rate)))).toBe(rate);
      expect(value(parseFrequency(writeFrequency(rate)))).toBe(rate);
      expect(value(parsePicojoules(writePicojoules(rate)))).toBe(rate);
    }),
  );
});

test("quantities for people have three digits and the unit that suits them", () => {
  expect(formatBytes(16_390_000)).toBe("16.4 MB");
  expect(formatBytes(999_900)).toBe("1 MB");
  expect(formatBytes(512)).toBe("512 B");
  expect(formatBytes(0)).toBe("0 B");
  expect(formatSeconds(0.001472)).toBe("1.47 ms");
  expect(formatSeconds(3e-10)).toBe("300 ps");
  expect(formatSeconds(0)).toBe("0 s");
  expect(formatBandwidth(9e11)).toBe("900 GB/s");
  expect(formatJoules(0.0032)).toBe("3.2 mJ");
  expect(formatCount(1_814_073_344)).toBe("1.81 G");
  expect(formatCount(64)).toBe("64");
  expect(formatSpeedup(1.3704)).toBe("1.37x");
});

test("reading what is printed for people loses at most half of the third digit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 15 }), (bytes) => {
      expect(Math.abs(value(parseBytes(formatBytes(bytes))) - bytes) / bytes).toBeLessThanOrEqual(0.0051);
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: 1e-8, max: 1e5, noNaN: true }), (seconds) => {
      const back = value(parseDuration(formatSeconds(seconds)));
      expect(Math.abs(back - seconds) / seconds).toBeLessThanOrEqual(0.0051);
    }),
  );
});

test.each([
  [5e-6, "5us"],
  [1e-7, "100ns"],
  [1.5e-6, "1.5us"],
  [0, "0s"],
  [90, "90s"],
])("%d seconds are written %s, and read back", (seconds, text) => {
  expect(writeDuration(seconds)).toBe(text);
  expect(value(parseDuration(text))).toBe(seconds);
});
