/** Holds the inputs of a run against what the network states of them. */
import { badInput } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { RuntimeValue, TensorValue } from "../ir/runtime-value.ts";
import { formatShape } from "../ops/fact.ts";

/** Throws bad-input for the first input that is missing, not the network's, or of another type or shape. */
export function checkInputs(graph: Graph, inputs: ReadonlyMap<string, RuntimeValue>): void {
  const names = graph.inputs.map(({ name }) => name);
  for (const name of inputs.keys()) {
    if (!names.includes(name)) {
      throw badInput(`the network has no input "${name}"`, {
        where: `graph "${graph.name}"`,
        fix: names.length === 0 ? "it has no inputs at all" : suggestName(name, names, "inputs"),
      });
    }
  }
  const symbols = new Map<string, number>();
  for (const stated of graph.inputs) {
    const value = inputs.get(stated.name);
    if (value === undefined) throw missing(stated);
    if (value.kind === "tensor") checkTensor(stated, value, symbols);
  }
}

function missing({ name, type }: Value): Error {
  return badInput(`the input "${name}" is missing`, {
    where: `input "${name}"`,
    fix: `give a tensor of ${type.elementType} ${formatShape(type.shape)}`,
  });
}

/** A value whose type the file does not state may be anything. */
function checkTensor({ name, type }: Value, value: TensorValue, symbols: Map<string, number>): void {
  const { elementType, shape } = type;
  const wrongType = elementType !== "undefined" && elementType !== value.elementType;
  const wrongRank = shape !== undefined && shape.length !== value.shape.length;
  if (wrongType || wrongRank || !value.shape.every((size, axis) => fits(shape?.[axis], size, symbols))) {
    throw badInput(
      `the network takes ${elementType} ${formatShape(boundShape(shape, symbols))}, and ${value.elementType} ${formatShape(value.shape)} is given`,
      { where: `input "${name}"`, fix: "give a tensor of the type and shape that the network states" },
    );
  }
}

/** A symbol is the size it first stood for. */
function fits(stated: number | string | undefined, size: number, symbols: Map<string, number>): boolean {
  if (typeof stated !== "string") return stated === undefined || stated === size;
  const bound = symbols.get(stated) ?? size;
  symbols.set(stated, bound);
  return bound === size;
}

function boundShape(
  shape: Value["type"]["shape"],
  symbols: ReadonlyMap<string, number>,
): Value["type"]["shape"] {
  return shape?.map((size) => (typeof size === "string" ? (symbols.get(size) ?? size) : size));
}
