import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkOrigin,
  type LatencyProfile,
  mergeEntries,
  type ProfileEntry,
  parseProfile,
  printProfile,
} from "./latency-profile.ts";

const origin = {
  laminate: "1.2.3",
  processor: "a processor",
  engine: "an engine 1",
  simd: "simd",
  threads: 2,
};
const key = (digit: string): string => digit.repeat(32);
const entry = (seconds: number | null): ProfileEntry => ({ seconds, operators: "Conv Relu" });
const profile: LatencyProfile = {
  origin,
  entries: new Map([
    [key("b"), entry(0.25)],
    [key("a"), entry(null)],
  ]),
};

const refused = (message: RegExp, fix: RegExp, where = "p.json") =>
  expect.objectContaining({
    code: "bad-input",
    where: expect.stringContaining(where),
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  });

test("the text has an entry on each line, sorted", () => {
  expect(printProfile(profile)).toBe(`{"format":"laminate.profile/1",
"origin":{"laminate":"1.2.3","processor":"a processor","engine":"an engine 1","simd":"simd","threads":2},
"entries":[
{"key":"${key("a")}","seconds":null,"operators":"Conv Relu"},
{"key":"${key("b")}","seconds":0.25,"operators":"Conv Relu"}
]}
`);
  const empty = { origin, entries: new Map() };
  expect(parseProfile(printProfile(empty), "p.json")).toEqual(empty);
});

test("what is written is read again", () => {
  const latency = fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }));
  const keys = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 });
  const entries = fc.array(fc.tuple(keys, fc.record({ seconds: latency, operators: fc.string() })));
  fc.assert(
    fc.property(entries, (list) => {
      const one = { origin, entries: new Map(list) };
      expect(parseProfile(printProfile(one), "p.json")).toEqual(one);
    }),
    { numRuns: 50 },
  );
});

describe("refused, with the place and the way out", () => {
  const text = printProfile(profile);

  test("every part of a profile", () => {
    const end = text.trimEnd().length;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: end - 1 }), (length) => {
        expect(() => parseProfile(text.slice(0, length), "p.json")).toThrow(
          refused(/no profile, or only a part/, /tune again/),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["nothing", "null", /format is none/],
    ["another document", '{"schema":"laminate.map/1"}', /format is none/],
    [
      "another version",
      text.replace("profile/1", "profile/2"),
      /"laminate.profile\/2".*profile\/1 is expected/,
    ],
  ])("%s", (_, given, message) => {
    expect(() => parseProfile(given, "p.json")).toThrow(refused(message, /laminate tune has written/));
  });

  test.each([
    ["a latency below 0", text.replace("0.25", "-1"), "entries.1.seconds"],
    ["a latency that is none", text.replace("0.25", '"fast"'), "entries.1.seconds"],
    ["a key that is none", text.replace(key("b"), "b"), "entries.1.key"],
    ["no origin", text.replace('"origin"', '"origins"'), "origin"],
  ])("%s", (_, given, where) => {
    expect(() => parseProfile(given, "p.json")).toThrow(refused(/./, /tune again/, where));
  });

  test.each([
    ["laminate", "1.2.4", /another version of laminate: 1.2.3, and here it is 1.2.4/],
    ["processor", "other", /another processor/],
    ["engine", "an engine 2", /another engine/],
    ["simd", "relaxed simd", /another SIMD/],
    ["threads", 1, /another number of threads: 2, and here it is 1/],
  ])("another %s", (part, value, message) => {
    expect(() => checkOrigin(profile, { ...origin, [part]: value }, "p.json")).toThrow(
      refused(message, /another file/),
    );
  });

  test("but not any number of threads, where none is asked for", () => {
    const { threads: _, ...here } = origin;
    expect(() => checkOrigin(profile, here, "p.json")).not.toThrow();
  });
});

test("merged entries have the lesser latency, and what compiled once stays", () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map(key);
  const old = new Map([
    [a ?? "", entry(2)],
    [b ?? "", entry(2)],
    [c ?? "", entry(null)],
  ]);
  const fresh = new Map([
    [a ?? "", entry(1)],
    [b ?? "", entry(null)],
    [c ?? "", entry(3)],
    [d ?? "", entry(4)],
  ]);
  const merged = mergeEntries(old, fresh);
  expect([a, b, c, d].map((one) => merged.get(one ?? "")?.seconds)).toEqual([1, 2, 3, 4]);
});
