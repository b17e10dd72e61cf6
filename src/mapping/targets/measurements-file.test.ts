import { describe, expect, test } from "vitest";
import { defaultGrid, type GridMeasurements, gridOf, measureGrid } from "./measure-grid.ts";
import { parseMeasurements, printMeasurements } from "./measurements-file.ts";
import { syntheticOrigin, syntheticTarget } from "./testing/synthetic-target.ts";

const settings = { ...defaultGrid, repeats: 3 };
const truth = { rule: "units", granularity: 8, ridge: 0, halfMacs: [2e5, 5e5] } as const;
const target = () => syntheticTarget(truth, { seed: 1, scatter: 0.02 });
const wanted = { origin: syntheticOrigin, grid: gridOf(target(), settings) };
const whole = await measureGrid(target(), settings);
const passes: GridMeasurements[] = [];
await measureGrid(target(), settings, { onPass: (measured) => passes.push(measured) });
const text = printMeasurements(passes[1] as GridMeasurements, syntheticOrigin);

test("measurements are told after each pass, and the last are all", () => {
  expect(passes.map(({ repeats }) => repeats)).toEqual([1, 2, 3]);
  expect(passes.at(-1)?.measurements).toEqual(whole);
});

test("a grid goes on from a file: what was measured stays, and only the rest is asked for", async () => {
  const earlier = parseMeasurements(text, "m.json", wanted);
  expect(earlier).toEqual(passes[1]);
  let asked = 0;
  const counting = {
    ...target(),
    measure: async () => {
      asked++;
      return 1;
    },
  };
  const measured = await measureGrid(counting, settings, { earlier });
  expect(asked).toBe(wanted.grid.length);
  expect(measured.map(({ seconds }) => seconds)).toEqual(
    earlier.measurements.map(({ seconds }) => [...seconds, 1]),
  );
  expect(await measureGrid(counting, { ...settings, repeats: 2 }, { earlier })).toEqual(earlier.measurements);
  expect(asked).toBe(wanted.grid.length);
});

describe("a file that is refused", () => {
  const refused = (given: string, message: string, by: Parameters<typeof parseMeasurements>[2] = wanted) => {
    const read = () => parseMeasurements(given, "m.json", by);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ code: "bad-input", where: "m.json" }));
  };
  test.each([
    ["cut off", text.slice(0, 900), "or only a part"],
    ["another document", '{"schema":"laminate.target/1"}', "damaged at schema"],
    ["a damaged number", text.replace(/"width":\d+/, '"width":"x"'), "damaged at measurements.0.width"],
    ["one layer less", text.replace(/\n {4}\{.*\},/, ""), "other layers"],
  ])("is %s", (_, given, message) => {
    refused(given, message);
  });

  test("has another grid, or is of another target", () => {
    refused(text, "other layers", { ...wanted, grid: gridOf(target(), { ...settings, leastMacs: 64 }) });
    refused(text, "another processor", { ...wanted, origin: { ...syntheticOrigin, processor: "other" } });
  });
});
