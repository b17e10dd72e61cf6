import { describe, expect, test } from "vitest";
import type { Attribute, Graph, OpNode, Value } from "../ir/graph.ts";
import { numbersOf, type RuntimeValue, type TensorValue, tensorFromDoubles } from "../ir/runtime-value.ts";
import type { ElementType, Shape, Tensor } from "../ir/tensor.ts";
import { tensorFromNumbers } from "../ir/tensor-values.ts";
import { runGraph } from "./run-graph.ts";

function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  opset = 17,
): OpNode {
  const name = outputs[0] ?? operator;
  return {
    name,
    operator,
    domain: "",
    opset,
    inputs,
    outputs,
    attributes: new Map(Object.entries(attributes)),
  };
}

const value = (name: string, shape: Shape | undefined, elementType: ElementType = "float32"): Value => ({
  name,
  type: { elementType, shape },
});

function graph(
  nodes: readonly OpNode[],
  inputs: readonly Value[],
  outputs: readonly string[],
  constants: Readonly<Record<string, Tensor | undefined>> = {},
): Graph {
  const tensors = Object.entries(constants).flatMap(([name, tensor]) =>
    tensor === undefined ? [] : [[name, tensor] as const],
  );
  return {
    name: "test",
    nodes,
    inputs,
    outputs: outputs.map((name) => value(name, undefined, "undefined")),
    constants: new Map(tensors),
    statedTypes: new Map(),
  };
}

const tensor = (shape: readonly number[], ...numbers: readonly number[]): TensorValue =>
  tensorFromDoubles("float32", shape, numbers);

function run(of: Graph, inputs: Readonly<Record<string, RuntimeValue>>): Record<string, number[]> {
  const outputs = runGraph({ graph: of }, new Map(Object.entries(inputs)));
  return Object.fromEntries(
    [...outputs].map(([name, result]) => [
      name,
      result.kind === "tensor" ? Array.from(numbersOf(result)) : [],
    ]),
  );
}

const x = value("x", ["n"]);

test("nodes run in order, and constants are read from their bytes", () => {
  const nodes = [node("Add", ["x", "one"], ["sum"]), node("Mul", ["sum", "sum"], ["y"])];
  const one = tensorFromNumbers("float32", [], [1]);
  // (2 + 1)^2 = 9, (-1 + 1)^2 = 0
  expect(run(graph(nodes, [x], ["y"], { one }), { x: tensor([2], 2, -1) })).toEqual({ y: [9, 0] });
});

test("synthetic constants are drawn when they are read", () => {
  const weight: Tensor = {
    elementType: "float32",
    shape: [3],
    data: { kind: "synthetic", low: 5, high: 6, seed: 1 },
  };
  const result = run(graph([node("Identity", ["w"], ["y"])], [], ["y"], { w: weight }), {});
  expect(result.y?.every((number) => number >= 5 && number < 6)).toBe(true);
});

describe("control flow sees the values around it", () => {
  const inner = (operator: string): Attribute => ({
    kind: "graph",
    value: graph([node(operator, ["x", "x"], ["r"])], [], ["r"]),
  });

  test("If runs the branch that its condition chooses", () => {
    const attributes = { then_branch: inner("Add"), else_branch: inner("Mul") };
    const of = graph([node("If", ["c"], ["y"], attributes)], [x, value("c", [], "bool")], ["y"]);
    const condition = (holds: number): RuntimeValue => tensorFromDoubles("bool", [], [holds]);
    expect(run(of, { x: tensor([1], 3), c: condition(1) })).toEqual({ y: [6] });
    expect(run(of, { x: tensor([1], 3), c: condition(0) })).toEqual({ y: [9] });
  });

  test("Loop carries values and collects scanned ones", () => {
    const body = graph(
      [
        node("Add", ["carried", "x"], ["next"]),
        node("Identity", ["goes"], ["go"]),
        node("Identity", ["next"], ["seen"]),
      ],
      [value("i", [], "int64"), value("goes", [], "bool"), value("carried", [1])],
      ["go", "next", "seen"],
    );
    const of = graph(
      [node("Loop", ["trips", "", "x"], ["last", "all"], { body: { kind: "graph", value: body } })],
      [x],
      ["last", "all"],
      { trips: tensorFromNumbers("int64", [], [3]) },
    );
    // x = 5: 5 + 5, + 5, + 5
    expect(run(of, { x: tensor([1], 5) })).toEqual({ last: [20], all: [10, 15, 20] });
  });
});

describe("numbers", () => {
  const binary = (operator: string, type: ElementType, a: number[], b: number[]): TensorValue => {
    const of = graph(
      [node(operator, ["a", "b"], ["y"])],
      [value("a", ["n"], type), value("b", ["n"], type)],
      ["y"],
    );
    const given = (numbers: number[]) => tensorFromDoubles(type, [numbers.length], numbers);
    const y = runGraph(
      { graph: of },
      new Map([
        ["a", given(a)],
        ["b", given(b)],
      ]),
    ).get("y");
    if (y?.kind !== "tensor") throw new Error("no tensor");
    return y;
  };

  test("NaN and infinities go through", () => {
    expect(Array.from(numbersOf(binary("Max", "float32", [Number.NaN, 1], [1, Infinity])))).toEqual([
      Number.NaN,
      Infinity,
    ]);
    expect(Array.from(numbersOf(binary("Sub", "float32", [Infinity, 0], [Infinity, -0])))).toEqual([
      Number.NaN,
      0,
    ]);
  });

  test("integers wrap and divide towards zero, and 64-bit ones are exact", () => {
    expect(Array.from(numbersOf(binary("Mul", "int32", [65537, -7], [65537, 3])))).toEqual([131073, -21]);
    expect(Array.from(numbersOf(binary("Div", "int32", [-7, 7], [2, -2])))).toEqual([-3, -3]);
    // 2^53 + 1 is no double.
    expect(binary("Add", "int64", [2 ** 53], [1]).elements[0]).toBe(9007199254740993n);
  });

  test("floats below 32 bits are rounded when they are stored", () => {
    // float16 has 11 significant bits: 2048 + 1 is a tie, which goes to the even 2048.
    expect(Array.from(numbersOf(binary("Add", "float16", [2048, 65504], [1, 65504])))).toEqual([
      2048,
      Infinity,
    ]);
  });
});

test("a deformable convolution without offsets is a convolution, and an offset of one pixel shifts it", () => {
  const pixels = Array.from({ length: 2 * 4 * 5 }, (_, index) => Math.sin(index));
  const weights = Array.from({ length: 2 * 2 * 2 * 2 }, (_, index) => Math.cos(index));
  const pads: Attribute = { kind: "ints", value: [1n, 0n, 1n, 2n] };
  const types = [value("a", [1, 2, 4, 5]), value("w", [2, 2, 2, 2])];
  const given = { a: tensor([1, 2, 4, 5], ...pixels), w: tensor([2, 2, 2, 2], ...weights) };
  const plain = run(graph([node("Conv", ["a", "w"], ["y"], { pads })], types, ["y"]), given).y ?? [];
  // Output [1, 2, 5, 6], a kernel of 4 places: 8 planes of offsets, rows and columns in turn.
  const deformed = (columns: number): number[] => {
    const shifts = Array.from({ length: 8 * 30 }, (_, index) => (Math.floor(index / 30) % 2) * columns);
    const of = graph(
      [node("DeformConv", ["a", "w", "o"], ["y"], { pads }, 19)],
      [...types, value("o", [1, 8, 5, 6])],
      ["y"],
    );
    return run(of, { ...given, o: tensor([1, 8, 5, 6], ...shifts) }).y ?? [];
  };
  expect(deformed(0)).toEqual(plain);
  // One pixel to the right reads what the next position reads.
  expect(deformed(1).slice(0, 5)).toEqual(plain.slice(1, 6));
});

describe("bad input", () => {
  const relu = graph([node("Relu", ["x"], ["y"])], [value("x", ["n", "n"])], ["y"]);
  const thrown = (message: string, where: string) =>
    expect.objectContaining({ code: "bad-input", message: expect.stringContaining(message), where });

  test.each([
    ["nothing", {}, 'the input "x" is missing'],
    ["another rank", { x: tensor([1], 1) }, "takes float32"],
    ["a symbol of two sizes", { x: tensor([1, 2], 1, 2) }, "and float32 [1,2] is given"],
    ["another type", { x: tensorFromDoubles("int32", [1, 1], [1]) }, "and int32 [1,1] is given"],
  ])("%s is refused", (_, inputs, message) => {
    expect(() => run(relu, inputs)).toThrow(thrown(message, 'input "x"'));
  });

  test("an operator without a kernel is named with its opset", () => {
    const of = (operator: string, opset: number) =>
      graph([node(operator, ["x"], ["y"], {}, opset)], [x], ["y"]);
    const given = { x: tensor([1], 1) };
    expect(() => run(of("Silu", 17), given)).toThrow(
      thrown("Silu is no operator of ONNX opset 1 to 22", 'node "y" (Silu, opset 17)'),
    );
    expect(() => run(of("Relu", 23), given)).toThrow(
      thrown("opset 23 is not supported", 'node "y" (Relu, opset 23)'),
    );
    expect(() => run(of("ImageDecoder", 20), given)).toThrow(
      thrown("the interpreter has no kernel for ImageDecoder", 'node "y" (ImageDecoder, opset 20)'),
    );
  });

  test("the row's shape rule checks what a kernel is given", () => {
    const of = graph([node("MatMul", ["x", "x"], ["y"])], [value("x", [2, 3])], ["y"]);
    expect(() => run(of, { x: tensor([2, 3], 1, 2, 3, 4, 5, 6) })).toThrow("3 columns against 2 rows");
  });
});
