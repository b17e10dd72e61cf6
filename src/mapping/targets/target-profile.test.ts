import { describe, expect, test } from "vitest";
import { parseAccelerator } from "../accelerator/parse-accelerator.ts";
import { presets } from "../accelerator/presets/presets.ts";
import { printAccelerator } from "../accelerator/print-accelerator.ts";
import { analyticTarget } from "./analytic-target.ts";
import { defaultGrid } from "./measure-grid.ts";
import { acceleratorOrigin, type TargetOrigin } from "./target-origin.ts";
import { characteriseTarget, parseTargetProfile, printTargetProfile } from "./target-profile.ts";
import { syntheticOrigin, syntheticTarget } from "./testing/synthetic-target.ts";

const laminate = "1.0.0";
const ofAccelerator = await characteriseTarget(analyticTarget(presets.quadNpu, { laminate }), {
  settings: defaultGrid,
  draws: 5,
});
const ofMachine = await characteriseTarget(
  syntheticTarget(
    { rule: "units", granularity: 8, ridge: 0, halfMacs: [2e5, 5e5] },
    { seed: 1, scatter: 0.02 },
  ),
  { settings: { ...defaultGrid, repeats: 2 }, draws: 5 },
);

describe("a profile", () => {
  test("is read as it was written, a measurement on a line", () => {
    for (const profile of [ofAccelerator, ofMachine]) {
      const text = printTargetProfile(profile);
      expect(parseTargetProfile(text, "p.json", profile.origin)).toEqual(profile);
      const lines = text.split("\n").filter((line) => line.includes('"sweep"'));
      expect(lines).toHaveLength(profile.measurements.length);
    }
    expect(ofMachine.settings.repeats).toBe(2);
    expect(ofAccelerator.settings.repeats).toBe(1);
  });

  test("holds for the same numbers under another name, from a file too", () => {
    const copy = parseAccelerator(
      printAccelerator({ ...presets.quadNpu, name: "mine", description: "ours" }),
      "mine.yaml",
    );
    const text = printTargetProfile(ofAccelerator);
    expect(parseTargetProfile(text, "p.json", acceleratorOrigin(copy, laminate))).toEqual(ofAccelerator);
  });

  const faster = acceleratorOrigin({ ...presets.quadNpu, coreSyncSeconds: 2e-7 }, laminate);
  const { coreBufferBytes: _, ...shared } = presets.quadNpu;
  const elsewhere = (changes: object): TargetOrigin => ({ ...syntheticOrigin, ...changes });
  const cases: readonly (readonly [string, typeof ofAccelerator, TargetOrigin, string, string])[] = [
    [
      "another number",
      ofAccelerator,
      faster,
      "the profile is of quad-npu with coreSyncSeconds 1e-7, and in quad-npu it is 2e-7",
      "measure this target: laminate characterise --accelerator quad-npu -o FOLDER",
    ],
    [
      "a number that one leaves out",
      ofAccelerator,
      acceleratorOrigin(shared, laminate),
      "with coreBufferBytes 1048576, and in quad-npu it is left out",
      "--accelerator quad-npu",
    ],
    [
      "another version",
      ofAccelerator,
      acceleratorOrigin(presets.quadNpu, "2.0.0"),
      "the profile was made by laminate 1.0.0, and this is 2.0.0",
      "--accelerator quad-npu",
    ],
    [
      "another kind of target",
      ofMachine,
      acceleratorOrigin(presets.quadNpu, laminate),
      "the profile is one of the machine synthetic <processor>, and the target is the accelerator quad-npu",
      "--accelerator quad-npu",
    ],
    [
      "another processor",
      ofMachine,
      elsewhere({ processor: "other" }),
      "the profile was measured with another processor: synthetic <processor>, and here it is other",
      "laminate characterise --here",
    ],
    ["another engine", ofMachine, elsewhere({ engine: "Node 99" }), "with another engine", "--here"],
    [
      "fewer processors",
      ofMachine,
      elsewhere({ processors: 2 }),
      "with another number of processors",
      "--here",
    ],
  ];
  test.each(cases)("of %s is refused", (_, profile, wanted, message, fix) => {
    const read = () => parseTargetProfile(printTargetProfile(profile), "p.json", wanted);
    expect(read).toThrow(message);
    expect(read).toThrow(
      expect.objectContaining({ code: "bad-input", where: "p.json", fix: expect.stringContaining(fix) }),
    );
  });

  test.each([
    ["no JSON", "{", "this is no profile, or only a part of one"],
    ["nothing", "null", "the profile's schema is none"],
    ["a latency profile", '{"format":"laminate.profile/1"}', "the profile's schema is none"],
    ["another document", '{"schema":"laminate.map/1"}', 'the profile\'s schema is "laminate.map/1"'],
    [
      "a damaged number",
      printTargetProfile(ofMachine).replace(/"ridge": [^,]*/, '"ridge": "x"'),
      "expected number",
    ],
  ])("that is %s is refused", (_, text, message) => {
    expect(() => parseTargetProfile(text, "p.json")).toThrow(message);
  });
});
