/** Tables of one-node cases: what an operator makes of inputs, written as "float32[1,3,8,8]". */
import { expect, test } from "vitest";
import type { ElementType, TensorType } from "../src/graph/ir/tensor.ts";
import { tensorToNumbers } from "../src/graph/ir/tensor-values.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { graphMacs } from "../src/graph/ops/macs.ts";
import { type AttributeSpec, type InputSpec, type NodeSpec, oneNode } from "./one-node.ts";

export interface RowCase {
  readonly operator: string;
  /** "float32[2,N]", "int64[]", "float32" for an unknown rank; a tensor is a constant; "" is left out. */
  readonly inputs: readonly (string | Exclude<InputSpec, "">)[];
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly opset?: number;
  /** The outputs in the same notation, "?" for a size that only a run can tell. */
  readonly outputs: readonly string[];
  readonly macs?: number;
  /** Elements of the first output, where they are to be known. */
  readonly values?: readonly number[];
}

const elementTypes: Readonly<Record<string, ElementType>> = {
  f32: "float32",
  i64: "int64",
  i32: "int32",
  f16: "float16",
  u8: "uint8",
  i8: "int8",
};

function parse(text: string): InputSpec {
  if (text === "") return "";
  const [, type = "", list] = /^(\w+)(?:\[(.*)\])?$/.exec(text) ?? [];
  const elementType = elementTypes[type] ?? (type as ElementType);
  if (list === undefined) return [elementType, undefined];
  const sizes = list === "" ? [] : list.split(",");
  return [elementType, sizes.map((size) => (/^\d+$/.test(size) ? Number(size) : size))];
}

function print({ elementType, shape }: TensorType): string {
  const short = Object.entries(elementTypes).find(([, long]) => long === elementType)?.[0] ?? elementType;
  const sizes = shape?.map((size) => (typeof size === "string" && /^\?\d+$/.test(size) ? "?" : size));
  return sizes === undefined ? short : `${short}[${sizes.join(",")}]`;
}

export function specOf(row: RowCase): NodeSpec {
  return {
    operator: row.operator,
    inputs: row.inputs.map((input) => (typeof input === "string" ? parse(input) : input)),
    outputs: row.outputs.length,
    ...(row.attributes === undefined ? {} : { attributes: row.attributes }),
    ...(row.opset === undefined ? {} : { opset: row.opset }),
  };
}

function describeCase(row: RowCase): string {
  const inputs = row.inputs.map((input) =>
    typeof input === "string" ? input || "-" : describeConstant(input),
  );
  const attributes = Object.entries(row.attributes ?? {}).map(
    ([name, value]) => ` ${name}=${describeAttribute(value)}`,
  );
  return `${row.operator}${row.opset ?? ""}(${inputs.join(" ")}${attributes.join("")}) -> ${row.outputs.join(" ")}`;
}

function describeConstant(input: Exclude<InputSpec, "">): string {
  return "data" in input ? `{${(tensorToNumbers(input) ?? []).join(",")}}` : input.join("");
}

function describeAttribute(value: AttributeSpec): string {
  return typeof value === "object" && "kind" in value ? value.kind : String(value);
}

/** One test per case. */
export function testRows(cases: readonly RowCase[]): void {
  test.each(cases.map((row) => [describeCase(row), row] as const))("%s", (_, row) => {
    const typed = inferShapes(oneNode(specOf(row)));
    expect(typed.unsupported).toEqual([]);
    expect(row.outputs.map((_, index) => print(typed.types.get(`y${index}`) ?? nothing))).toEqual(
      row.outputs,
    );
    if (row.macs !== undefined) expect(graphMacs(typed)).toBe(row.macs);
    if (row.values !== undefined) {
      const value = typed.values.get("y0");
      expect(value && tensorToNumbers(value)).toEqual(row.values);
    }
  });
}

const nothing: TensorType = { elementType: "undefined", shape: undefined };

export interface BadCase extends Omit<RowCase, "outputs"> {
  /** What the message must say. */
  readonly says: RegExp;
}

/** One test per call that contradicts itself: bad-input that names the node. */
export function testBadRows(cases: readonly BadCase[]): void {
  const rows = cases.map((bad) => ({ ...bad, outputs: [""] }));
  test.each(rows.map((row) => [describeCase(row), row] as const))("%s", (_, row) => {
    const infer = (): unknown => inferShapes(oneNode(specOf(row)));
    expect(infer).toThrow(row.says);
    expect(infer).toThrow(
      expect.objectContaining({ code: "bad-input", where: expect.any(String), fix: expect.any(String) }),
    );
  });
}
