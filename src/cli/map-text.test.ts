import pc from "picocolors";
import { expect, test } from "vitest";
import {
  layerByLayerFound,
  nothingFound,
  sampleDocument,
  sampleFound,
  sampleProblem,
} from "../report/testing/sample-result.ts";
import { mapText } from "./map-text.ts";
import type { Terminal } from "./terminal.ts";

const color = pc.createColors(false);
const terminal: Terminal = {
  print: () => {},
  note: () => {},
  color,
  noteColor: color,
  progressStream: undefined,
};

test("a result as text: what was asked, what came out, the groups, the vector", () => {
  const problem = sampleProblem();
  const document = sampleDocument(problem, sampleFound(problem));
  const text = mapText(document, terminal);
  const [head = "", blank, speedup = ""] = text.split("\n");
  expect(head).toMatch(/^.+ on sample-npu: batch \d+, .+ on chip, g-teacher, for latency/);
  expect(blank).toBe("");
  expect(speedup).toMatch(/^speed-up {6}\d+\.\d\dx$/);
  expect(text).toContain("(layer by layer ");
  expect(text).toContain("images per pass");
});

test("only other objectives have a gain besides the speed-up", () => {
  const problem = sampleProblem({ objective: "traffic" });
  const text = mapText(sampleDocument(problem, sampleFound(problem)), terminal);
  expect(text).toMatch(/^gain {10}[\d.]+x less traffic than layer by layer$/m);
});

test("what does not fit is said in one line", () => {
  const problem = sampleProblem();
  const document = sampleDocument(problem, sampleFound(problem));
  expect(mapText({ ...document, feasible: false }, terminal)).toMatch(/The mapping does not fit\.$/);
  const tight = sampleProblem({ memoryBytes: 1e4 });
  expect(mapText(sampleDocument(tight, layerByLayerFound(tight)), terminal)).toMatch(/No mapping fits\.$/);
  expect(mapText(sampleDocument(problem, nothingFound(problem)), terminal)).toMatch(
    /No mapping was found\.$/,
  );
});
