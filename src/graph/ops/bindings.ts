/** What the user says of the inputs' shapes (`--shape input:1,3,224,224`, `--batch 8`) against what the file says. */
import { badInput, type LaminateError } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { Dimension, Shape, TensorType } from "../ir/tensor.ts";
import { formatShape } from "./fact.ts";

export interface ShapeOptions {
  /** Input name to its whole shape; strings rename symbols. */
  readonly bindings?: ReadonlyMap<string, Shape>;
  /**
   * Binds the symbol that is the leading dimension of the first input whose leading dimension is one, wherever it
   * occurs. Where the file gives that dimension no name, it is the batch of all inputs that leave theirs unnamed.
   * Networks whose batch is a number are left as they are.
   */
  readonly batch?: number;
  /** Binds symbols by name. */
  readonly symbols?: ReadonlyMap<string, number>;
}

/** Sizes of symbols. */
export type SymbolValues = ReadonlyMap<string, Dimension>;

/** The sizes that the options give to symbols. Throws bad-input where they contradict the file or each other. */
export function bindSymbols(graph: Graph, options: ShapeOptions): SymbolValues {
  const values = new Map<string, Dimension>();
  for (const [symbol, size] of options.symbols ?? []) {
    checkSize(size, `symbol "${symbol}"`);
    checkSymbol(graph, symbol);
    values.set(symbol, size);
  }
  for (const [name, shape] of options.bindings ?? []) bindInput(graph, name, shape, values);
  if (options.batch !== undefined) bindBatch(graph, options.batch, values);
  return values;
}

/** The type with bound symbols replaced, and, for an input that is given as a whole, the given shape. */
export function boundType({ name, type }: Value, options: ShapeOptions, values: SymbolValues): TensorType {
  const shape = type.shape ?? options.bindings?.get(name);
  return {
    elementType: type.elementType,
    shape: shape === undefined ? undefined : boundShape(shape, values),
  };
}

/** The shape with bound symbols replaced. */
export function boundShape(shape: Shape, values: SymbolValues): Shape {
  return shape.map((size) => (typeof size === "string" ? (values.get(size) ?? size) : size));
}

function bindInput(graph: Graph, name: string, shape: Shape, values: Map<string, Dimension>): void {
  const found = graph.inputs.find((value) => value.name === name);
  if (found === undefined) throw wrongBinding(graph, `the network has no input "${name}"`);
  const stated = found.type.shape;
  if (stated !== undefined && stated.length !== shape.length) {
    throw wrongBinding(
      graph,
      `input "${name}" ${formatShape(stated)} does not have the rank of ${formatShape(shape)}`,
    );
  }
  shape.forEach((size, axis) => {
    if (typeof size === "number") checkSize(size, `input "${name}", axis ${axis}`);
    const old = stated?.[axis];
    if (typeof old === "number" && size !== old) {
      throw wrongBinding(
        graph,
        `axis ${axis} of input "${name}" ${formatShape(stated)} is ${old} and cannot be ${size}`,
      );
    }
    if (typeof old !== "string" || old === size) return;
    const bound = values.get(old) ?? size;
    if (bound !== size) {
      throw wrongBinding(
        graph,
        `the dimension "${old}" cannot be both ${bound} and ${size} (input "${name}")`,
      );
    }
    values.set(old, size);
  });
}

function bindBatch(graph: Graph, batch: number, values: Map<string, Dimension>): void {
  checkSize(batch, "the batch");
  const first = graph.inputs.find(({ type }) => typeof type.shape?.[0] === "string");
  if (first === undefined) return;
  const same = isUnnamed(first) ? graph.inputs.filter(isUnnamed) : [first];
  for (const { type } of same) {
    const leading = type.shape?.[0];
    if (typeof leading !== "string") continue;
    const bound = values.get(leading) ?? batch;
    if (bound !== batch)
      throw wrongBinding(graph, `the batch "${leading}" cannot be both ${bound} and ${batch}`);
    values.set(leading, batch);
  }
}

/** Whether the leading dimension has only the name that the importer makes up for one without size and name. */
function isUnnamed({ name, type }: Value): boolean {
  return type.shape?.[0] === `${name}?0`;
}

/** A misspelt symbol would leave the sizes as they are without a word. */
function checkSymbol(graph: Graph, symbol: string): void {
  const shapes = [...graph.inputs, ...graph.outputs].map(({ type }) => type.shape);
  for (const { shape } of graph.statedTypes.values()) shapes.push(shape);
  const names = new Set(shapes.flatMap((shape) => shape?.filter((size) => typeof size === "string") ?? []));
  if (names.has(symbol)) return;
  throw badInput(`the network has no symbolic dimension "${symbol}"`, {
    where: `graph "${graph.name}"`,
    fix: names.size === 0 ? "all of its sizes are numbers" : suggestName(symbol, [...names], "symbols"),
  });
}

function checkSize(size: number, where: string): void {
  if (Number.isSafeInteger(size) && size >= 1) return;
  throw badInput(`${size} is no size of a dimension`, { where, fix: "give a whole number of at least 1" });
}

function wrongBinding(graph: Graph, message: string): LaminateError {
  const inputs = graph.inputs.map(({ name, type }) => `${name}:${type.shape?.join(",") ?? "?"}`);
  return badInput(message, {
    where: `graph "${graph.name}"`,
    fix: inputs.length === 0 ? "the network has no inputs" : `the inputs are ${inputs.join("  ")}`,
  });
}
