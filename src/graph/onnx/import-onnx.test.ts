import { describe, expect, test } from "vitest";
import {
  modelFile,
  node,
  reluGraph,
  subgraph,
  tensor,
  tinyModels,
  value,
} from "../../../test/tiny-models.ts";
import { LaminateError } from "../../base/errors.ts";
import { printGraph } from "../ir/print.ts";
import { exportOnnx } from "./export-onnx.ts";
import { importOnnx } from "./import-onnx.ts";
import { packVarints } from "./wire-encode.ts";

/** The error parts of a file that must be refused. */
function refused(file: Uint8Array): { message: string; where?: string; fix?: string } {
  try {
    importOnnx(file, { name: "m.onnx" });
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input") return error.toJSON();
    throw error;
  }
  throw new Error("the file was read");
}

const files = tinyModels();

describe("a valid file", () => {
  test("becomes a graph, subgraphs too", () => {
    expect(printGraph(importOnnx(files.branches ?? new Uint8Array()).graph)).toMatchInlineSnapshot(`
      "graph branches (x: float32[batch,2], condition: bool[]) -> (y: float32[batch,y?1])
        relu: float32[batch,2] = Relu(x)  # relu
        y: float32[batch,y?1] = If(condition) {then_branch=graph, else_branch=graph}  # y
          then_branch: graph then () -> (looped: float32[2])
            const count: int64[] [3]
            looped: float32[2] = Loop(count, _, relu) {body=graph}  # looped
              body: graph body (i: int64[], going: bool[], carried: float32[2]) -> (still: bool[], next: float32[2])
                still: bool[] = Identity(going)  # still
                next: float32[2] = Add(carried, relu)  # next
          else_branch: graph else () -> (negated: float32[2])
            negated: float32[2] = Neg(relu)  # negated
      "
    `);
  });

  test("has its functions inlined: attributes of the call, defaults, new names", () => {
    const model = importOnnx(files.functions ?? new Uint8Array());
    expect(printGraph(model.graph)).toMatchInlineSnapshot(`
      "graph functions (x: float32[2]) -> (y: float32[2])
        y/b/b = LeakyRelu(x) {alpha=0.25}  # y/b/b
        y/b = Add(x, y/b/b)  # y/b/c
        y/c/b = LeakyRelu(y/b) {alpha=0.5}  # y/c/b
        y: float32[2] = Add(y/b, y/c/b)  # y/c/c
      "
    `);
    expect([...model.opsets]).toEqual([
      ["", 17],
      ["mine", 1],
    ]);
  });

  test("keeps attributes of every kind and constants of every place", () => {
    expect(printGraph(importOnnx(files.constants ?? new Uint8Array()).graph)).toMatchInlineSnapshot(`
      "graph constants (x: float32[2]) -> (y: float32[2])
        const ints: int8[2]
        const external: float32[3] missing "weights.bin"
        const recipe: float32[1000,1000] synthetic -0.5..0.5 seed 42
        const text: string[2] 2 strings
        sparse = Constant() {sparse_value=<sparse tensor>}  # Constant_sparse
        y: float32[2], _, sequence = mine.Strange(x, _, ints, external, recipe, text) {a=1.5, b=-9223372036854775808, c="zwölf", d=float32[1], e=[1, 2], f=[1, -1, 4611686018427387904], g=["p", ""], h=[float32[1], float32[1]], i=2 graphs, j=<string that is not UTF-8>, k=<type>}  # y
          i: graph g () -> (y: float32[2])
            y: float32[2] = Constant() {value_int=7}  # y
          i: graph g () -> (y: float32[2])
            y: float32[2] = Constant() {value_int=7}  # y
      "
    `);
  });

  test.each(Object.entries(files))("%s reads the same after it is written", (_, file) => {
    const model = importOnnx(file);
    expect(importOnnx(exportOnnx(model))).toEqual(model);
  });

  test("has its nodes sorted, as little as needed", () => {
    const graph = reluGraph({
      node: [node("Neg", ["b"], ["y"]), node("Relu", ["x"], ["a"]), node("Abs", ["a"], ["b"])],
    });
    expect(importOnnx(modelFile(graph)).graph.nodes.map(({ name }) => name)).toEqual(["a", "b", "y"]);
  });

  test("sorts by what subgraphs read", () => {
    const branch = { name: "b", node: [node("Neg", ["late"], ["n"])], output: [value("n")] };
    const graph = reluGraph({
      input: [value("x"), value("c", [], "bool")],
      node: [
        node("If", ["c"], ["y"], {
          attribute: [subgraph("then_branch", branch), subgraph("else_branch", branch)],
        }),
        node("Relu", ["x"], ["late"]),
      ],
    });
    expect(importOnnx(modelFile(graph)).graph.nodes.map(({ name }) => name)).toEqual(["late", "y"]);
  });

  test("has names made up for nodes without one", () => {
    const graph = reluGraph({
      node: [
        node("Relu", ["x"], ["y"], { name: undefined }),
        node("Neg", ["x"], [""], { name: "" }),
        node("Abs", ["x"], ["z"], { name: "Relu_y" }),
      ],
    });
    const { nodes } = importOnnx(modelFile(graph)).graph;
    expect(nodes.map(({ name }) => name)).toEqual(["Relu_y_2", "Neg_1", "Relu_y"]);
  });

  test("before IR version 4 lists its constants as inputs, which are none", () => {
    const graph = reluGraph({
      input: [value("x"), value("w")],
      initializer: [tensor("w", "float32", [2], { rawData: new Uint8Array(8) })],
      node: [node("Add", ["x", "w"], ["y"])],
    });
    const model = importOnnx(modelFile(graph, { irVersion: 3n }));
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(importOnnx(exportOnnx(model))).toEqual(model);
  });

  test("means opset 1 where it is too old to say", () => {
    const model = importOnnx(modelFile(reluGraph(), { irVersion: 2n, opsetImport: [] }));
    expect(model.graph.nodes[0]?.opset).toBe(1);
  });

  test("may call the standard domain ai.onnx", () => {
    const graph = reluGraph({ node: [node("Relu", ["x"], ["y"], { domain: "ai.onnx" })] });
    const model = importOnnx(modelFile(graph, { opsetImport: [{ domain: "ai.onnx", version: 22n }] }));
    expect(model.graph.nodes[0]).toMatchObject({ domain: "", opset: 22 });
  });

  test("has a name of its own for each dimension that has none", () => {
    const model = importOnnx(modelFile(reluGraph({ input: [value("x", [undefined, 3, "n", undefined])] })));
    expect(model.graph.inputs[0]?.type.shape).toEqual(["x?0", 3, "n", "x?3"]);
  });

  test("holds weights as views into the file", () => {
    const rawData = new Uint8Array(8000).fill(7);
    const graph = reluGraph({ initializer: [tensor("w", "float32", [2000], { rawData })] });
    const file = modelFile(graph);
    const data = importOnnx(Buffer.from(file.buffer)).graph.constants.get("w")?.data;
    expect(data?.kind === "bytes" && data.bytes.buffer === file.buffer).toBe(true);
  });
});

describe("bad input", () => {
  const cases: Readonly<Record<string, readonly [Uint8Array, string, string]>> = {
    "a newer opset": [
      modelFile(reluGraph(), { opsetImport: [{ domain: "", version: 23n }] }),
      "opset 23 is not supported; 1 to 22 are",
      "m.onnx",
    ],
    "an unknown element type": [
      modelFile(reluGraph({ initializer: [{ name: "w", dataType: 99 }] })),
      "element type 99 is not known; 1 to 23 are",
      'm.onnx: tensor "w"',
    ],
    "a missing input": [
      modelFile(reluGraph({ node: [node("Relu", ["z"], ["y"])] })),
      'reads "z", which no input, constant or node gives',
      'm.onnx: node "y" (Relu)',
    ],
    "a missing input in a subgraph": [
      modelFile(
        reluGraph({
          node: [
            node("If", ["x"], ["y"], {
              attribute: [
                subgraph("then_branch", { node: [node("Neg", ["no"], ["n"])], output: [value("n")] }),
              ],
            }),
          ],
        }),
      ),
      'reads "no", which no input, constant or node gives',
      'm.onnx: node "y" (If): then_branch: node "n" (Neg)',
    ],
    "a missing output": [
      modelFile(reluGraph({ output: [value("no")] })),
      'output "no" is given by no input, constant or node',
      "m.onnx",
    ],
    "two producers": [
      modelFile(
        reluGraph({ node: [node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"], { name: "other" })] }),
      ),
      '"y" is made twice',
      'm.onnx: node "other" (Neg)',
    ],
    "two nodes of one name": [
      modelFile(reluGraph({ node: [node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["z"], { name: "y" })] })),
      'two nodes are called "y"',
      'm.onnx: node "y" (Neg)',
    ],
    "two constants of one name": [
      modelFile(
        reluGraph({
          initializer: [tensor("w", "int8", [0], {}), tensor("w", "int8", [0], {})],
        }),
      ),
      'two initializers are called "w"',
      'm.onnx: tensor "w"',
    ],
    "two inputs of one name": [
      modelFile(reluGraph({ input: [value("x"), value("x")] })),
      'input "x" is there twice',
      "m.onnx",
    ],
    "a cycle": [
      modelFile(
        reluGraph({
          node: [
            node("Add", ["x", "c"], ["a"]),
            node("Neg", ["a"], ["b"]),
            node("Abs", ["b"], ["c"]),
            node("Relu", ["a"], ["y"]),
          ],
        }),
      ),
      'the graph has a cycle: "b" -> "c" -> "a" -> "b"',
      'm.onnx: node "b"',
    ],
    "a negative dimension of a constant": [
      modelFile(reluGraph({ initializer: [tensor("w", "float32", [-1], {})] })),
      "dimension -1 is negative",
      'm.onnx: tensor "w"',
    ],
    "a negative dimension of an input": [
      modelFile(reluGraph({ input: [value("x", [-1])] })),
      "dimension -1 is negative",
      'm.onnx: value "x"',
    ],
    "a huge dimension": [
      modelFile(reluGraph({ initializer: [tensor("w", "float32", [2n ** 60n], {})] })),
      "dimension 1152921504606846976 is beyond 2^53",
      'm.onnx: tensor "w"',
    ],
    "dimensions whose product is huge": [
      modelFile(reluGraph({ initializer: [tensor("w", "float32", [2 ** 40, 0, 2 ** 40], {})] })),
      "a tensor of shape [1099511627776,0,1099511627776] is beyond 2^53 bytes",
      'm.onnx: tensor "w"',
    ],
    "fewer elements than the shape": [
      modelFile(
        reluGraph({ initializer: [tensor("w", "float32", [1e6, 1e6], { rawData: new Uint8Array(4) })] }),
      ),
      "the shape asks for 4000000000000 bytes, the data has 4",
      'm.onnx: tensor "w"',
    ],
    "an attribute twice": [
      modelFile(
        reluGraph({
          node: [
            node("Relu", ["x"], ["y"], {
              attribute: [
                { name: "a", type: 2, i: 1n },
                { name: "a", type: 2, i: 1n },
              ],
            }),
          ],
        }),
      ),
      "the attribute is there twice",
      'm.onnx: node "y" (Relu): attribute "a"',
    ],
    "no graph": [modelFile({}, {}).subarray(0, 2), "not an ONNX model: it has no graph", "m.onnx"],
    "no opset": [
      modelFile(reluGraph(), { opsetImport: [] }),
      "a standard operator, but the model imports no standard opset",
      'm.onnx: node "y" (Relu)',
    ],
    "a function that calls itself": [
      modelFile(reluGraph({ node: [node("f", ["x"], ["y"], { domain: "d" })] }), {
        functions: [
          {
            name: "f",
            domain: "d",
            input: ["a"],
            output: ["b"],
            node: [node("f", ["a"], ["b"], { domain: "d" })],
          },
        ],
      }),
      "the function calls itself",
      'm.onnx: node "y" (d.f): node "y/b" (d.f)',
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [file, message, where]) => {
    const error = refused(file);
    expect(error).toMatchObject({ message, where });
    expect(error.fix).toBeTruthy();
  });

  test("truncated anywhere says at which byte, or is refused for what is missing", () => {
    const file = files.branches ?? new Uint8Array();
    for (let length = 0; length < file.length; length++) {
      expect(refused(file.subarray(0, length)).where).toMatch(/^m\.onnx/);
    }
    expect(refused(file.subarray(0, file.length - 1))).toMatchObject({
      message: expect.stringMatching(
        /^not a readable ONNX file: ModelProto\.graph says it is \d+ bytes long, but only/,
      ),
      where: "m.onnx: byte 11",
    });
  });

  test("functions that unfold without end are stopped", () => {
    const call = (level: number, from: string, to: string) =>
      node(`f${level}`, [from], [to], { domain: "d" });
    const functions = Array.from({ length: 40 }, (_, level) => ({
      name: `f${level}`,
      domain: "d",
      input: ["a"],
      output: ["c"],
      node: level === 39 ? [] : [call(level + 1, "a", "b"), call(level + 1, "b", "c")],
    }));
    const graph = reluGraph({ node: [call(0, "x", "y")] });
    expect(refused(modelFile(graph, { functions })).message).toContain("unfold to more than a million nodes");
  });

  test("graphs nested deeper than a stack are refused", () => {
    let graph = reluGraph();
    for (let depth = 0; depth < 60; depth++) {
      graph = reluGraph({
        node: [node("If", ["x"], ["y"], { attribute: [subgraph("then_branch", graph)] })],
      });
    }
    expect(refused(modelFile(graph)).message).toContain("messages nest deeper than 100");
  });

  test("a chain of 30,000 nodes in reverse order is sorted", () => {
    const nodes = Array.from({ length: 30_000 }, (_, index) => node("Neg", [`v${index}`], [`v${index + 1}`]));
    const graph = { name: "g", input: [value("v0")], output: [value("v30000")], node: nodes.reverse() };
    expect(importOnnx(modelFile(graph)).graph.nodes[0]?.inputs).toEqual(["v0"]);
  });

  test.each([
    ["version https://git-lfs.github.com/spec/v1\noid sha256:00", "a Git LFS pointer"],
    ["<!DOCTYPE html><html><head>", "a web page"],
    ["PK\x03\x04\x00\x00archive/data.pkl", "a zip archive, as PyTorch saves models"],
    ["\x1c\x00\x00\x00TFL3\x00\x00", "a TensorFlow Lite model"],
    ["\x89HDF\r\n\x1a\n", "an HDF5 file"],
    ['{"format": "model"}', "JSON"],
    ["import torch\nprint(torch)\n", "a text file"],
    ["", "an empty file"],
  ])("%j looks like %s", (text, kind) => {
    const error = refused(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
    expect(error.message).toContain(`it looks like ${kind}`);
    expect(error.fix).toBeTruthy();
  });

  test("names from the file cannot run terminal commands", () => {
    const error = refused(modelFile(reluGraph({ node: [node("Relu", ["\x1b[2J"], ["y"])] })));
    expect(error.message).toContain("\\u001b[2J");
  });
});

test("a list of dimensions longer than any tensor has is not unpacked", () => {
  const dims = packVarints(Array.from({ length: 300 }, () => 1n));
  const file = modelFile(reluGraph({ initializer: [{ name: "w", dataType: 1, dims }] }));
  expect(refused(file).message).toBe("a tensor of 300 dimensions");
});
