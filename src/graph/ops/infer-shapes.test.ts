import { describe, expect, test } from "vitest";
import { type AttributeSpec, attribute, constant, int64s } from "../../../test/one-node.ts";
import type { Graph, Model, OpNode, Value } from "../ir/graph.ts";
import type { ElementType, Shape, Tensor, TensorType } from "../ir/tensor.ts";
import { tensorToNumbers } from "../ir/tensor-values.ts";
import { inferShapes } from "./infer-shapes.ts";

interface GraphParts {
  readonly inputs?: readonly Value[];
  readonly outputs?: readonly Value[];
  readonly nodes: readonly OpNode[];
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly stated?: Readonly<Record<string, TensorType>>;
}

function graph(parts: GraphParts): Graph {
  return {
    name: "test",
    inputs: parts.inputs ?? [],
    outputs: parts.outputs ?? [],
    nodes: parts.nodes,
    constants: new Map(Object.entries(parts.constants ?? {})),
    statedTypes: new Map(Object.entries(parts.stated ?? {})),
  };
}

function model(parts: GraphParts): Model {
  return {
    graph: graph(parts),
    irVersion: 8,
    opsets: new Map([["", 17]]),
    producer: "",
    metadata: new Map(),
  };
}

function value(name: string, shape: Shape | undefined, elementType: ElementType = "float32"): Value {
  return { name, type: { elementType, shape } };
}

/** `node("Add", "x y", "z")`. */
function node(
  operator: string,
  inputs: string,
  outputs: string,
  attributes: Record<string, AttributeSpec> = {},
): OpNode {
  return {
    name: `${operator}_${outputs}`,
    operator,
    domain: operator === "Silu" ? "com.example" : "",
    opset: 17,
    inputs: inputs === "" ? [] : inputs.split(" "),
    outputs: outputs.split(" "),
    attributes: new Map(Object.entries(attributes).map(([name, spec]) => [name, attribute(spec)])),
  };
}

function subgraph(parts: GraphParts): AttributeSpec {
  return { kind: "graph", value: graph(parts) };
}

describe("shapes that are computed by the network", () => {
  // What exporters write for x.view(x.size(0), -1, 64).
  const chain = {
    inputs: [value("x", ["N", 12, 8, 64])],
    constants: { zero: constant("int64", [], [0]), rest: int64s(-1, 64) },
    nodes: [
      node("Shape", "x", "shape"),
      node("Gather", "shape zero", "batch"),
      node("Unsqueeze", "batch axes", "batch1"),
      node("Concat", "batch1 rest", "target", { axis: 0 }),
      node("Reshape", "x target", "y"),
    ],
  };
  const parts = { ...chain, constants: { ...chain.constants, axes: int64s(0) } };

  test("a batch that is a symbol flows through", () => {
    expect(inferShapes(model(parts)).types.get("y")?.shape).toEqual(["N", 96, 64]);
  });

  test("a batch that is bound is a number, and the target shape a value", () => {
    const typed = inferShapes(model(parts), { bindings: new Map([["x", [2, 12, 8, 64]]]) });
    const target = typed.values.get("target");
    expect(target && tensorToNumbers(target)).toEqual([2, -1, 64]);
    expect(typed.types.get("y")?.shape).toEqual([2, 96, 64]);
    expect(typed.graph.inputs[0]?.type.shape).toEqual([2, 12, 8, 64]);
  });

  test("expanding to -1 as exporters write it: where(shape == -1, ones, shape)", () => {
    const typed = inferShapes(
      model({
        inputs: [value("x", ["N", 1]), value("m", ["N", 7])],
        constants: { minus: int64s(-1) },
        nodes: [
          node("Shape", "m", "shape"),
          node("Shape", "shape", "rank"),
          node("ConstantOfShape", "rank", "ones", { value: { kind: "tensor", value: int64s(1) } }),
          node("Equal", "shape minus", "free"),
          node("Where", "free ones shape", "target"),
          node("Expand", "x target", "y"),
        ],
      }),
    );
    expect(typed.types.get("y")?.shape).toEqual(["N", 7]);
  });
});

describe("binding inputs", () => {
  const parts = {
    inputs: [value("ids", ["batch", "seq"]), value("mask", ["batch", "seq", 4])],
    nodes: [node("Relu", "mask", "y")],
  };

  test("a symbol that one input binds is bound in all", () => {
    const typed = inferShapes(model(parts), { bindings: new Map([["ids", [2, 16]]]) });
    expect(typed.types.get("y")?.shape).toEqual([2, 16, 4]);
  });

  test("a symbol that the network does not have is refused, not ignored", () => {
    expect(() => inferShapes(model(parts), { symbols: new Map([["sec", 32]]) })).toThrow(
      expect.objectContaining({ code: "bad-input", fix: 'did you mean "seq"?' }),
    );
  });

  test("--batch binds the leading symbol, symbols bind by name", () => {
    const typed = inferShapes(model(parts), { batch: 8, symbols: new Map([["seq", 32]]) });
    expect(typed.types.get("y")?.shape).toEqual([8, 32, 4]);
  });

  test("leading dimensions without a name are all the batch", () => {
    const unnamed = {
      inputs: [value("a", ["a?0", 3]), value("b", ["b?0", "b?1"])],
      nodes: [node("Relu", "b", "y")],
    };
    expect(inferShapes(model(unnamed), { batch: 8 }).types.get("y")?.shape).toEqual([8, "b?1"]);
  });

  test("a batch that the file fixes is left alone", () => {
    const fixed = { inputs: [value("x", [1, 3])], nodes: [node("Relu", "x", "y")] };
    expect(inferShapes(model(fixed), { batch: 8 }).types.get("y")?.shape).toEqual([1, 3]);
  });

  test.each([
    ["an unknown input", new Map([["x", [1]]]), /no input "x"/],
    ["a wrong rank", new Map([["ids", [1]]]), /does not have the rank/],
    [
      "another size than the file's",
      new Map([["mask", [1, 2, 5]]]),
      /axis 2 of input "mask" \[batch,seq,4\] is 4/,
    ],
    [
      "one symbol with two sizes",
      new Map([
        ["ids", [1, 2]],
        ["mask", [1, 3, 4]],
      ]),
      /"seq" cannot be both 2 and 3/,
    ],
    ["a size of 0", new Map([["ids", [0, 2]]]), /0 is no size/],
  ])("%s is refused, and the inputs are listed", (_, bindings, message) => {
    expect(() => inferShapes(model(parts), { bindings })).toThrow(message);
    expect(() => inferShapes(model(parts), { bindings })).toThrow(
      expect.objectContaining({ code: "bad-input" }),
    );
  });
});

describe("barriers", () => {
  const parts = {
    inputs: [value("x", [2, 3])],
    nodes: [node("Silu", "x", "y"), node("Add", "y x", "z")],
  };

  test("an operator without a row is listed, and what follows is not known", () => {
    const typed = inferShapes(model(parts));
    expect(typed.unsupported).toEqual([
      { node: "Silu_y", operator: "Silu", reason: 'operators of the domain "com.example" are not known' },
    ]);
    expect(typed.types.get("y")).toEqual({ elementType: "undefined", shape: undefined });
    expect(typed.types.get("z")).toEqual({ elementType: "float32", shape: undefined });
  });

  test("the file's own types hold behind it", () => {
    const typed = inferShapes(model({ ...parts, stated: { y: { elementType: "float32", shape: [2, 3] } } }));
    expect(typed.types.get("z")?.shape).toEqual([2, 3]);
  });
});

test("what the file states fills in only what a rule leaves open", () => {
  const typed = inferShapes(
    model({
      inputs: [value("x", [2, 3])],
      nodes: [node("NonZero", "x", "places"), node("Relu", "x", "y")],
      stated: {
        places: { elementType: "int64", shape: [2, 5] },
        y: { elementType: "float32", shape: [9, 9] },
      },
    }),
  );
  expect(typed.types.get("places")?.shape).toEqual([2, 5]);
  expect(typed.types.get("y")?.shape).toEqual([2, 3]);
});

describe("control flow", () => {
  const squeezeOrNot = (condition: Value): GraphParts => ({
    inputs: [condition, value("x", [1, "N", 4])],
    constants: { axis: int64s(0), yes: constant("bool", [], [1]) },
    nodes: [
      node("If", condition.name, "y", {
        then_branch: subgraph({ nodes: [node("Squeeze", "x axis", "a")], outputs: [value("a", undefined)] }),
        else_branch: subgraph({ nodes: [node("Identity", "x", "b")], outputs: [value("b", undefined)] }),
      }),
    ],
  });

  test("branches of different ranks leave the rank open", () => {
    const typed = inferShapes(model(squeezeOrNot(value("c", [], "bool"))));
    expect(typed.types.get("y")).toEqual({ elementType: "float32", shape: undefined });
  });

  test("a condition that is known chooses its branch", () => {
    const parts = squeezeOrNot(value("c", [], "bool"));
    const typed = inferShapes(
      model({
        ...parts,
        inputs: parts.inputs?.slice(1) ?? [],
        constants: { ...parts.constants, c: constant("bool", [], [0]) },
      }),
    );
    expect(typed.types.get("y")?.shape).toEqual([1, "N", 4]);
  });

  test("a branch that cannot be is not the one that is taken", () => {
    const parts = squeezeOrNot(value("c", [], "bool"));
    const typed = inferShapes(model({ ...parts, inputs: [value("c", [], "bool"), value("x", [2, "N", 4])] }));
    expect(typed.types.get("y")?.shape).toEqual([2, "N", 4]);
  });

  const loop = (body: GraphParts, trips: number): GraphParts => ({
    inputs: [value("x", [2, 3])],
    constants: { trips: constant("int64", [], [trips]), go: constant("bool", [], [1]) },
    nodes: [node("Loop", "trips go x", "last all", { body: subgraph(body) })],
  });

  test("a loop stacks its scan outputs; the trip count is known where nothing stops it early", () => {
    const body = {
      inputs: [value("i", [], "int64"), value("c", [], "bool"), value("s", undefined)],
      nodes: [node("Identity", "c", "go_on"), node("Relu", "s", "t"), node("Neg", "t", "u")],
      outputs: [value("go_on", [], "bool"), value("t", undefined), value("u", undefined)],
    };
    const typed = inferShapes(model(loop(body, 5)));
    expect(typed.types.get("last")?.shape).toEqual([2, 3]);
    expect(typed.types.get("all")?.shape).toEqual([5, 2, 3]);
  });

  test("a loop without a trip count runs until its condition ends it", () => {
    const body = {
      inputs: [value("i", [], "int64"), value("c", [], "bool"), value("s", undefined)],
      nodes: [node("Not", "c", "go_on"), node("Relu", "s", "t"), node("Neg", "t", "u")],
      outputs: [value("go_on", [], "bool"), value("t", undefined), value("u", undefined)],
    };
    const forever = { ...node("Loop", "x", "last all", { body: subgraph(body) }), inputs: ["", "", "x"] };
    const typed = inferShapes(model({ inputs: [value("x", [2, 3])], nodes: [forever] }));
    expect(typed.types.get("last")?.shape).toEqual([2, 3]);
    expect(typed.types.get("all")?.shape).toEqual([expect.stringMatching(/^\?/), 2, 3]);
  });

  test("a carried value that grows has a size that only a run can tell", () => {
    const body = {
      inputs: [value("i", [], "int64"), value("c", [], "bool"), value("s", undefined)],
      nodes: [
        node("Identity", "c", "go_on"),
        node("Concat", "s s", "t", { axis: 0 }),
        node("Relu", "i", "u"),
      ],
      outputs: [value("go_on", [], "bool"), value("t", undefined), value("u", undefined)],
    };
    const shape = inferShapes(model(loop(body, 5))).types.get("last")?.shape;
    expect(shape?.[0]).toEqual(expect.any(String));
    expect(shape?.[1]).toBe(3);
  });

  test("a scan stacks along its axis", () => {
    const typed = inferShapes(
      model({
        inputs: [value("s", [4]), value("x", [7, 4])],
        nodes: [
          node("Scan", "s x", "last all", {
            num_scan_inputs: 1,
            body: subgraph({
              inputs: [value("a", undefined), value("b", undefined)],
              nodes: [node("Add", "a b", "c"), node("Neg", "c", "d")],
              outputs: [value("c", undefined), value("d", undefined)],
            }),
          }),
        ],
      }),
    );
    expect(typed.types.get("last")?.shape).toEqual([4]);
    expect(typed.types.get("all")?.shape).toEqual([7, 4]);
  });

  test("subgraphs nested without end are refused", () => {
    let parts: GraphParts = { nodes: [node("Relu", "x", "y")], outputs: [value("y", undefined)] };
    for (let depth = 0; depth < 50; depth++) {
      const branch = subgraph(parts);
      parts = {
        nodes: [node("If", "c", "y", { then_branch: branch, else_branch: branch })],
        outputs: [value("y", undefined)],
      };
    }
    const inputs = [value("c", [], "bool"), value("x", [2])];
    expect(() => inferShapes(model({ ...parts, inputs }))).toThrow(/nest/);
  });
});

test("a value that nothing makes is bad input", () => {
  expect(() => inferShapes(model({ nodes: [node("Relu", "x", "y")] }))).toThrow(
    /nothing makes the input "x"/,
  );
});

test("sizes beyond 2^53 elements are refused by name", () => {
  const huge = { inputs: [value("x", [2 ** 30, 2 ** 30])], nodes: [] };
  expect(() => inferShapes(model(huge))).toThrow(/more than 2\^53 elements/);
});
