import { describe, expect, test } from "vitest";
import { oneNode } from "../../../../test/one-node.ts";
import { known } from "../../../base/assert.ts";
import { seededRandom } from "../../../base/random.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import {
  type ElementArray,
  type TensorValue,
  tensorFromDoubles,
  tensorValue,
} from "../../../graph/ir/runtime-value.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { zero } from "../loops/affine.ts";
import { binary, constant, type Expr, loadOf, numberTypeOf } from "../loops/expr.ts";
import { asRegister, evaluateExpr, type RegisterValue } from "../testing/evaluate-expr.ts";
import { type Reduction, reductionOf, reductionOperators } from "./reductions.ts";
import { storedTypeOf } from "./stored-type.ts";

const seed = 5;
const types: readonly ElementType[] = ["float32", "float64", "int8", "uint8", "int32", "uint32", "int64"];

/** The value of a reduction as its expressions say, in the order of the elements. */
function reduce(reduction: Reduction, type: ElementType, elements: readonly RegisterValue[]): RegisterValue {
  const { before: first, operator, start, prepare, finish } = reduction;
  const elementType = known(storedTypeOf(type), type);
  const x = loadOf({ name: "x", elementType }, zero);
  const evaluate = (expr: Expr, element: RegisterValue = 0): RegisterValue =>
    evaluateExpr(expr, { load: () => element, values });
  const values = new Map<Expr, RegisterValue>();
  const before: Expr | undefined =
    first === undefined ? undefined : { kind: "result", type: numberTypeOf[elementType], name: "before" };
  if (first !== undefined && before !== undefined) values.set(before, reduce(first, type, elements));
  const prepared = prepare(x, before);
  const total: Expr = { kind: "result", type: prepared.type, name: "total" };
  const element: Expr = { kind: "result", type: prepared.type, name: "element" };
  values.set(total, evaluate(constant(prepared.type, start)));
  for (const value of elements) {
    values.set(element, evaluate(prepared, value));
    values.set(total, evaluate(binary(operator, total, element)));
  }
  return evaluate(finish(total, elements.length, before));
}

function interpreted(operator: string, value: TensorValue): RegisterValue {
  const model = oneNode({
    operator,
    inputs: [[value.elementType, value.shape]],
    attributes: { keepdims: 0 },
  });
  const result = known(runGraph(model, new Map([["x0", value]])).get("y0"), "y0");
  if (result.kind !== "tensor") throw new Error("no tensor");
  return known((result.elements as ArrayLike<RegisterValue>)[0], "the result");
}

const rows: Readonly<Partial<Record<ElementType, readonly (readonly number[])[]>>> = {
  float32: [[1, 2.5, -3], [], [Infinity, 1], [Number.NaN, 3], [-Infinity, -Infinity], [100, 99, 101]],
  float64: [[1, 2.5, -3], [], [Infinity, 1], [Number.NaN, 3]],
};

describe.each(reductionOperators)("%s", (operator) => {
  const node = known(oneNode({ operator, inputs: [["float32", [1]]] }).graph.nodes[0], "node");
  const compiled = types.filter((type) => reductionOf(node, type) !== undefined);

  test.each(compiled)(`is what the interpreter says, in %s (seed ${seed})`, (type) => {
    const random = seededRandom(seed);
    const isFloat = type.startsWith("float");
    const least = type.startsWith("u") ? 0 : -6;
    const drawn = Array.from({ length: 20 }, (_, length) =>
      Array.from({ length: length + 1 }, () =>
        isFloat ? random.uniform() * 4 - 1 : random.below(13) + least,
      ),
    );
    for (const numbers of [...(rows[type] ?? []), ...drawn]) {
      const value = tensorFromDoubles(type, [numbers.length], numbers);
      const elements = Array.from(value.elements as ArrayLike<RegisterValue>);
      const number = numberTypeOf[known(storedTypeOf(type), type)];
      const registers = elements.map((element) => asRegister(number, element));
      const got = reduce(known(reductionOf(node, type), operator), type, registers);
      const want = asRegister(number, interpreted(operator, value));
      if (typeof want === "number" && isFloat && Number.isFinite(want)) {
        expect(
          Math.abs(Number(got) - want),
          `${operator} ${numbers}: ${got}, not ${want}`,
        ).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(want)));
      } else expect(got, `${operator} ${numbers}`).toBe(want);
    }
  });
});

test("the ends of int64 are found", () => {
  const most = 2n ** 63n - 1n;
  const elements: ElementArray = BigInt64Array.from([most, most - 1n, -most - 1n]);
  for (const operator of ["ReduceMin", "ReduceMax"]) {
    const node = known(oneNode({ operator, inputs: [["int64", [3]]] }).graph.nodes[0], "node");
    const reduction = known(reductionOf(node, "int64"), operator);
    for (const part of [elements, elements.slice(0, 1)]) {
      const value = tensorValue("int64", [part.length], part);
      expect(reduce(reduction, "int64", [...part])).toBe(interpreted(operator, value));
    }
  }
});

test("means and norms of integers do not overflow on the way", () => {
  const value = tensorFromDoubles("int32", [2], [2 ** 31 - 1, 2 ** 31 - 3]);
  const node = known(oneNode({ operator: "ReduceMean", inputs: [["int32", [2]]] }).graph.nodes[0], "node");
  const elements = Array.from(value.elements as Int32Array);
  expect(reduce(known(reductionOf(node, "int32"), "row"), "int32", elements)).toBe(2 ** 31 - 2);
});
