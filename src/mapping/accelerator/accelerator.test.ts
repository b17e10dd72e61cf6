import { describe, expect, test } from "vitest";
import { LaminateError } from "../../base/errors.ts";
import { peakMacsPerCycle } from "./accelerator.ts";
import { acceleratorJsonSchema, filePaths } from "./accelerator-schema.ts";
import { parseAccelerator } from "./parse-accelerator.ts";
import { findPreset, presets } from "./presets/presets.ts";
import { printAccelerator } from "./print-accelerator.ts";

const lines = [
  "name: mine",
  "pesPerCore: 256",
  "frequency: 1GHz",
  "onChip:",
  "  capacity: 2MiB",
  "  bandwidth: 512GB/s",
  "  energyPerByte: 2.5pJ",
  "offChip:",
  "  bandwidth: 12.8GB/s",
  "  energyPerByte: 0.1nJ",
  "energyPerMac: 300fJ",
  "elementType: int8",
];
const complete = lines.join("\n");

/** The complete file with one line replaced (by none to drop it). */
function changed(from: string, to?: string): string {
  return lines.flatMap((line) => (line === from ? (to === undefined ? [] : [to]) : [line])).join("\n");
}

function errorOf(text: string): string {
  try {
    parseAccelerator(text, "mine.yaml");
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input")
      return `${error.where}: ${error.message}; ${error.fix}`;
    throw error;
  }
  throw new Error("no error was thrown");
}

test("a file in units becomes numbers in base units", () => {
  expect(parseAccelerator(complete, "mine.yaml")).toEqual({
    name: "mine",
    description: "",
    cores: 1,
    pesPerCore: 256,
    macsPerPePerCycle: 1,
    frequencyHertz: 1e9,
    onChipBytes: 2 * 2 ** 20,
    onChipBytesPerSecond: 512e9,
    offChipBytesPerSecond: 12.8e9,
    energyPerMacPicojoules: 0.3,
    energyPerOnChipBytePicojoules: 2.5,
    energyPerOffChipBytePicojoules: 100,
    elementType: "int8",
    sources: {},
  });
});

test("what cores have and cost may be left out, each by itself", () => {
  const several = `${complete}\ncores: 4\nperCore:\n  capacity: 256KiB\n  channelGranularity: 16\nperGroup:\n  launch: 2us\n  syncPerCore: 0s`;
  const machine = parseAccelerator(several, "mine.yaml");
  expect(machine).toEqual({
    ...parseAccelerator(complete, "mine.yaml"),
    cores: 4,
    coreBufferBytes: 2 ** 18,
    channelGranularity: 16,
    groupLaunchSeconds: 2e-6,
    coreSyncSeconds: 0,
  });
  expect(parseAccelerator(printAccelerator(machine), "printed")).toEqual(machine);
  const launched = parseAccelerator(`${complete}\nperGroup: { launch: 1.5us }`, "mine.yaml");
  expect(launched).toEqual({ ...parseAccelerator(complete, "mine.yaml"), groupLaunchSeconds: 1.5e-6 });
  expect(parseAccelerator(printAccelerator(launched), "printed")).toEqual(launched);
});

describe("errors name line, column and the way out", () => {
  const cases: readonly (readonly [what: string, text: string, expected: string])[] = [
    [
      "a number without its unit",
      changed("  capacity: 2MiB", "  capacity: 2"),
      'mine.yaml:5:13: onChip.capacity: "2" has no unit; did you mean 2MB or 2MiB?',
    ],
    [
      "an unknown key",
      changed("  bandwidth: 512GB/s", "  bandwith: 512GB/s"),
      'mine.yaml:6:3: unknown key "bandwith" in onChip (and 1 more in this file); did you mean "bandwidth"?',
    ],
    [
      "an unknown key besides",
      `${complete}\ncolour: red`,
      'mine.yaml:13:1: unknown key "colour"; keys here: schema, name',
    ],
    ["a mistyped key", `${complete}\ncore: 2`, 'mine.yaml:13:1: unknown key "core"; did you mean "cores"?'],
    [
      "a source of no field",
      `${complete}\nsources:\n  onChip.capcity: me`,
      'mine.yaml:14:3: unknown key "onChip.capcity" in sources; did you mean "onChip.capacity"?',
    ],
    ["a missing key", changed("frequency: 1GHz"), "mine.yaml:1:1: frequency is missing; write it like 1GHz"],
    [
      "a number where a map belongs",
      `${lines.slice(0, 3).join("\n")}\nonChip: 5\n${lines.slice(7).join("\n")}`,
      "mine.yaml:4:9: onChip is not a map",
    ],
    [
      "zero",
      changed("pesPerCore: 256", "pesPerCore: 0"),
      "mine.yaml:2:13: pesPerCore: 0 is not a whole number from 1 to 100000000",
    ],
    [
      "a negative quantity",
      changed("frequency: 1GHz", "frequency: -1GHz"),
      'mine.yaml:3:12: frequency: "-1GHz" is out of range; write a value from 1Hz to 1000GHz',
    ],
    [
      "an absurd quantity",
      changed("  capacity: 2MiB", "  capacity: 5000TB"),
      'mine.yaml:5:13: onChip.capacity: "5000TB" is out of range; write a value from 1B to 1000TB',
    ],
    [
      "not a number",
      changed("pesPerCore: 256", "pesPerCore: .nan"),
      "mine.yaml:2:13: pesPerCore: null is not a whole number",
    ],
    [
      "an unknown element type",
      changed("elementType: int8", "elementType: int7"),
      "mine.yaml:12:14: elementType is none of the known values; one of float32, ",
    ],
    [
      "a core with more than the chip",
      `${complete}\nperCore:\n  capacity: 3MiB`,
      "mine.yaml:14:13: perCore.capacity: 3MiB of one core are more than the 2MiB of the chip; onChip.capacity counts",
    ],
    [
      "a time without its unit",
      `${complete}\nperGroup:\n  launch: 5`,
      'mine.yaml:14:11: perGroup.launch: "5" has no unit; did you mean 5s or 5ms?',
    ],
    [
      "a granularity of no channels",
      `${complete}\nperCore:\n  channelGranularity: 0`,
      "mine.yaml:14:23: perCore.channelGranularity: 0 is not a whole number from 1 to 1000000",
    ],
    [
      "an unknown key of a core",
      `${complete}\nperCore:\n  capcity: 1MiB`,
      'mine.yaml:14:3: unknown key "capcity" in perCore; did you mean "capacity"?',
    ],
    ["not YAML", "name: [", "mine.yaml:1:8: not YAML: "],
    ["a key twice", `${complete}\nname: other`, "mine.yaml:13:1: not YAML: Map keys must be unique"],
    ["another kind of document", "- 1\n- 2", "mine.yaml:1:1: the file is not a map of keys and values; "],
    ["an empty file", "", "mine.yaml:1:1: the file is not a map of keys and values; "],
  ];
  test.each(cases)("%s", (_, text, expected) => {
    expect(errorOf(text)).toContain(expected);
  });

  test("aliases that unfold without end", () => {
    const laughs = ["a: &a [x, x, x, x, x, x, x, x]"];
    for (const [one, two] of ["ab", "bc", "cd", "de"].map((pair) => pair.split("")))
      laughs.push(`${two}: &${two} [${Array(9).fill(`*${one}`).join(", ")}]`);
    expect(errorOf(laughs.join("\n"))).toContain("write it without aliases");
  });
});

describe.each(Object.values(presets))("preset $name", (preset) => {
  test("every number has a source", () => {
    const stated = Object.keys(filePaths).filter((field) => Object.hasOwn(preset, field));
    expect(Object.keys(preset.sources).toSorted()).toEqual(stated.toSorted());
    const numeric = Object.entries(preset).filter(([, value]) => typeof value === "number");
    for (const [field] of numeric) expect(preset.sources[field], field).toBeTruthy();
  });

  test("prints as YAML that reads back as the same machine", () => {
    expect(parseAccelerator(printAccelerator(preset), "preset")).toEqual(preset);
  });
});

test("the presets are the machines that the literature prints", () => {
  // DNNFuser, section 5.1: 1024 MACs x 1 GHz.
  expect(peakMacsPerCycle(presets.dnnfuser2022) * presets.dnnfuser2022.frequencyHertz).toBe(1.024e12);
  expect(presets.dnnfuser2022Calibrated).toMatchObject({
    ...presets.dnnfuser2022,
    name: "dnnfuser-2022-calibrated",
    description: expect.stringContaining("1,000 MACs"),
    macsPerPePerCycle: 1000,
    sources: expect.anything(),
  });
  // Jouppi et al.: 65,536 MACs x 2 x 700 MHz = 92 TOPS. Chen et al.: 33.6 GMAC/s.
  expect(peakMacsPerCycle(presets.tpuV1) * 2 * presets.tpuV1.frequencyHertz).toBeCloseTo(91.75e12, -10);
  expect(peakMacsPerCycle(presets.eyeriss) * presets.eyeriss.frequencyHertz).toBe(33.6e9);
});

test("an unknown preset names the nearest one, or all", () => {
  expect(findPreset("tpu-v1")).toBe(presets.tpuV1);
  expect(() => findPreset("tpuv1")).toThrow(expect.objectContaining({ fix: 'did you mean "tpu-v1"?' }));
  expect(() => findPreset("abacus")).toThrow(
    expect.objectContaining({
      fix: expect.stringContaining("dnnfuser-2022, dnnfuser-2022-calibrated, edge-npu"),
    }),
  );
});

// After a change of the schema: npx vitest run --project unit src/mapping/accelerator --update
test("the published JSON Schema is the one that the code makes", async () => {
  const text = `${JSON.stringify(acceleratorJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot("../../../schemas/accelerator.schema.json");
});
