/** Which lanes make a section, and what is said of those that do not. */
import { describe, expect, test } from "vitest";
import { sketchWorkload } from "../testing/small-workloads.ts";
import { sectionsOf } from "./lanes.ts";
import { groupsOf, type Mapping } from "./mapping.ts";

/** A stem, three layers that read it, and one that reads all three. */
const workload = sketchWorkload(1, [
  { outputBytes: 1, reads: [-1] },
  { outputBytes: 1, reads: [0] },
  { outputBytes: 1, reads: [0] },
  { outputBytes: 1, reads: [0] },
  { outputBytes: 1, reads: [1, 2, 3] },
]);

/** Layers by themselves, "-" for no lane; "+" after a lane stages the layer, so that its group goes on. */
function sections(lanes: string, of = workload) {
  const mapping = lanes.split(" ").map((word): Mapping[number] => {
    const output = word.endsWith("+") ? "stage" : "sync";
    const lane = word.startsWith("-") ? {} : { lane: Number.parseInt(word, 10) };
    return { pass: 1, output, weights: "streamed", cores: 1, ...lane };
  });
  const groups = groupsOf(
    of,
    mapping.map(({ output }) => output),
  );
  return sectionsOf(of, mapping, groups);
}

const twice = sketchWorkload(
  1,
  [-1, -1, -1, -1].map((source) => ({ outputBytes: 1, reads: [source] })),
);

describe("sections", () => {
  test("are groups by themselves where nothing has a lane", () => {
    expect(sections("- - - - -")).toEqual([[[0]], [[1]], [[2]], [[3]], [[4]]]);
  });

  test("have a lane for each number, and each lane its groups in order", () => {
    expect(sections("- 0 1 2 -")).toEqual([[[0]], [[1], [2], [3]], [[4]]]);
    expect(sections("- 0 0 1 -")).toEqual([[[0]], [[1, 2], [3]], [[4]]]);
    expect(sections("- 0+ 0 1 -")).toEqual([[[0]], [[1], [2]], [[3]]]);
  });

  test("begin anew where the lane returns to 0, and may reach both ends of the network", () => {
    expect(sections("0 1 0 1", twice)).toEqual([
      [[0], [1]],
      [[2], [3]],
    ]);
    expect(sections("0 1 1 2", twice)).toEqual([[[0], [1, 2], [3]]]);
  });
});

describe("refused is", () => {
  test.each([
    ["a lane that reads what another makes", "- - 0 1 2", "lane 2 reads what L2 makes", "mapping[4] (L4)"],
    ["a lane number that jumps", "- 0 2 2 -", "lane 2 follows lane 0", "mapping[2] (L2)"],
    ["a section that does not begin at 0", "- 1 1 2 -", "lane 1 follows no lane", "mapping[1] (L1)"],
    ["a lane number that goes down", "- 0 1 2 1", "lane 1 follows lane 2", "mapping[4] (L4)"],
    ["one lane", "- 0 0 - -", "the section that begins here has one lane", "mapping[1] (L1)"],
    ["one lane at the end", "- - - - 0", "the section that begins here has one lane", "mapping[4] (L4)"],
    [
      "two lanes in a group",
      "- 0+ 1 1 -",
      "the layer has lane 1, and L1 of the same group lane 0",
      "mapping[2] (L2)",
    ],
    [
      "half a group without a lane",
      "- 0+ - 1 -",
      "the layer has no lane, and L1 of the same group lane 0",
      "mapping[2] (L2)",
    ],
  ])("%s", (_, lanes, message, where) => {
    expect(() => sections(lanes)).toThrow(
      expect.objectContaining({ code: "bad-input", message: expect.stringContaining(message), where }),
    );
  });
});
