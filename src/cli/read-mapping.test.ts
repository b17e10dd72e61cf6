import { expect, test } from "vitest";
import { sketchWorkload } from "../mapping/testing/small-workloads.ts";
import { mappingFromRows, readMapping } from "./read-mapping.ts";

test("a vector, rows and rows that name their layers are told apart", () => {
  expect(readMapping("[-1, 4, -1]")).toEqual({ kind: "vector", vector: [-1, 4, -1] });
  expect(readMapping('[{"pass": 4, "output": "stage"}]')).toEqual({
    kind: "rows",
    rows: [{ pass: 4, output: "stage", weights: "streamed" }],
  });
});

test.each([
  ["[1,", "not JSON"],
  ["[]", "the mapping is empty"],
  ['[{"pass":1,"output":"keep"}]', "[0].output"],
  ['[{"pass":0,"output":"sync"}]', "[0].pass"],
  ['[{"pass":1,"output":"sync","colour":"red"}]', "colour"],
  ['[{"pass":1,"output":"sync","lane":-1}]', "[0].lane"],
  ["[1, null]", "not a mapping"],
  ["{}", "not a laminate.map/1 document"],
])("%s is refused", (text, message) => {
  expect(() => readMapping(text)).toThrow(expect.objectContaining({ code: "bad-input", where: "--mapping" }));
  expect(() => readMapping(text)).toThrow(message);
});

test("rows must be those of this network", () => {
  const workload = sketchWorkload(8, [
    { outputBytes: 8, reads: [-1] },
    { outputBytes: 8, reads: [0] },
  ]);
  const row = { pass: 1, output: "sync", weights: "streamed" } as const;
  expect(mappingFromRows([row, { ...row, layer: "L1" }], workload, 3)).toEqual([
    { ...row, cores: 3 },
    { ...row, cores: 3 },
  ]);
  expect(() => mappingFromRows([row], workload, 3)).toThrow(/has 1 rows, and .* has 2 layers/);
  expect(() => mappingFromRows([{ ...row, layer: "L1" }, row], workload, 3)).toThrow(/layer 0 of .* is "L0"/);
});

test("rows may have lanes, and without any the mapping has none", () => {
  const workload = sketchWorkload(8, [
    { outputBytes: 8, reads: [-1] },
    { outputBytes: 8, reads: [-1] },
  ]);
  const given = readMapping(
    '[{"pass":1,"output":"sync","cores":1,"lane":0},{"pass":1,"output":"sync","cores":2,"lane":1}]',
  );
  const row = { pass: 1, output: "sync", weights: "streamed" };
  expect(given.kind === "rows" && mappingFromRows(given.rows, workload, 3)).toEqual([
    { ...row, cores: 1, lane: 0 },
    { ...row, cores: 2, lane: 1 },
  ]);
  const plain = mappingFromRows(
    [
      { pass: 1, output: "sync", weights: "streamed" },
      { pass: 1, output: "sync", weights: "streamed" },
    ],
    workload,
    3,
  );
  expect(plain.some((entry) => "lane" in entry)).toBe(false);
});
