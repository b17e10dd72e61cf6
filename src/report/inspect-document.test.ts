import { expect, test } from "vitest";
import type { OpNode, TypedGraph } from "../graph/ir/graph.ts";
import { errorDocument, errorSchema } from "./error-document.ts";
import { inspectDocument, inspectSchema } from "./inspect-document.ts";
import { inspectTable } from "./tables.ts";
import { residualNetwork } from "./testing/sample-result.ts";

const node = (operator: string): OpNode => ({
  ...{ name: operator, operator, domain: "", opset: 17 },
  ...{ inputs: [], outputs: [], attributes: new Map() },
});

const typed: TypedGraph = {
  graph: {
    name: "g",
    inputs: [],
    outputs: [],
    nodes: ["Conv", "Relu", "Conv", "Add", "__proto__"].map(node),
    constants: new Map(),
    statedTypes: new Map(),
  },
  types: new Map(),
  values: new Map(),
  unsupported: [{ node: "n", operator: "Foo", reason: "unknown" }],
};

const document = inspectDocument(residualNetwork(), typed);

test("counts operators, most frequent first", () => {
  expect(Object.entries(document.operators)).toEqual([
    ["Conv", 2],
    ["Add", 1],
    ["Relu", 1],
    ["__proto__", 1],
  ]);
});

test("a layer's inputs are the layers that feed it, and the network's inputs by name", () => {
  expect(document.layers[0]?.inputs).toEqual(["input"]);
  expect(document.layers[2]?.inputs).toEqual(["/layer1/layer1.0/conv1/Conv", "/conv1/Conv"]);
});

test("totals are sums over layers", () => {
  const macs = document.layers.reduce((total, layer) => total + layer.macs, 0);
  expect(document.totals).toMatchObject({ macs, layers: 19, operators: 5 });
});

test("is what its schema says", () => {
  const json: unknown = JSON.parse(JSON.stringify(document));
  expect(inspectSchema.safeParse(json)).toMatchObject({ success: true });
});

test("has a table with a line for each layer", () => {
  expect(inspectTable(document).split("\n")).toHaveLength(2 + 19);
});

test("an error document has every part, null where there is none", () => {
  const error = errorDocument({ code: "usage", message: "no such verb" });
  expect(error).toEqual({
    schema: "laminate.error/1",
    code: "usage",
    message: "no such verb",
    where: null,
    fix: null,
  });
  expect(errorSchema.safeParse(error).success).toBe(true);
});
