/** Operators that make values out of attributes, shapes or chance. */
import type { Shape, Tensor } from "../ir/tensor.ts";
import { tensorToNumbers } from "../ir/tensor-values.ts";
import { elementTypeAttribute, input, int, ints, scalarInput, tensorAttribute } from "./call.ts";
import type { Fact } from "./fact.ts";
import { constantFact, foldableCount, formatElements, tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { constantKernels } from "./kernels/random-and-constant.ts";
import type { Call, OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape } from "./shapes.ts";

/** A Constant has exactly one of these attributes. */
function constantValue(call: Call): Fact {
  for (const [name, found] of call.node.attributes) {
    switch (found.kind) {
      case "tensor":
        return constantFact(found.value);
      case "float":
        return tensorFact("float32", [], [found.value]);
      case "int":
        return tensorFact("int64", [], [Number(found.value)]);
      case "floats":
        return tensorFact("float32", [found.value.length], found.value);
      case "ints":
        return tensorFact("int64", [found.value.length], found.value.map(Number));
      case "string":
        if (name === "value_string") return tensorFact("string", []);
        break;
      case "strings":
        return tensorFact("string", [found.value.length]);
      case "unsupported":
        // A sparse constant: what the file states of it is all that is known.
        return tensorFact("undefined", undefined);
      default:
        throw call.error(`a constant cannot be of kind ${found.kind}`, "export the network again");
    }
  }
  throw call.error("the constant has no value", "export the network again");
}

const constant = row({
  operator: "Constant",
  versions: [1, 9, 11, 12, 13, 19, 21],
  arity: [0, 0],
  mappingType: "one-to-one",
  infer: (call) => [constantValue(call)],
});

/** The shape that an input holds. */
function shapeFromInput(call: Call, index: number): Shape | undefined {
  const fact = input(call, index);
  const elements = call.elements(fact);
  if (elements === undefined) {
    const [rank] = fact.shape ?? [];
    return typeof rank === "number" ? freshShape(call, rank) : undefined;
  }
  return elements.map((size) => {
    if (typeof size === "number" && size < 0)
      throw call.error(`the shape ${formatElements(elements)} has the size ${size}`);
    return size ?? call.symbols.fresh();
  });
}

function fillValue(call: Call): Tensor | undefined {
  return tensorAttribute(call, "value");
}

const constantOfShape = row({
  operator: "ConstantOfShape",
  versions: [9, 20, 21],
  arity: [1, 1],
  mappingType: "one-to-many",
  infer: (call) => [tensorFact(fillValue(call)?.elementType ?? "float32", shapeFromInput(call, 0))],
  fold: (call, outputs) => {
    const count = foldableCount(outputs[0]?.shape);
    const value = fillValue(call);
    const element = value === undefined ? 0 : tensorToNumbers(value)?.[0];
    if (count === undefined || element === undefined) return [];
    return [new Array<number>(count).fill(element)];
  },
});

/** max(ceil((limit - start) / delta), 0) elements. */
const range = row({
  operator: "Range",
  versions: [11],
  arity: [3, 3],
  mappingType: "one-to-many",
  infer: (call) => {
    const { elementType } = input(call, 0);
    const [start, limit, delta] = [0, 1, 2].map((index) => scalarInput(call, index));
    if (delta === 0) throw call.error("a range with a delta of 0 never ends");
    if (typeof start === "number" && typeof limit === "number" && typeof delta === "number") {
      return [tensorFact(elementType, [Math.max(Math.ceil((limit - start) / delta), 0)])];
    }
    const fromZero = start === 0 && delta === 1 && limit !== undefined;
    return [tensorFact(elementType, [fromZero ? limit : call.symbols.fresh()])];
  },
  fold: (call, outputs) => {
    const count = foldableCount(outputs[0]?.shape);
    const [start, , delta] = [0, 1, 2].map((index) => scalarInput(call, index));
    if (count === undefined || typeof start !== "number" || typeof delta !== "number") return [];
    return [Array.from({ length: count }, (_, index) => start + index * delta)];
  },
});

/** Random numbers in the shape of the attribute. */
function randomOfShape(operator: string): OperatorRow {
  return row({
    operator,
    versions: [1, 22],
    arity: [0, 0],
    mappingType: "one-to-one",
    infer: (call) => {
      const shape = ints(call, "shape");
      if (shape === undefined) throw call.error(`attribute "shape" is missing`);
      return [tensorFact(elementTypeAttribute(call, "dtype") ?? "float32", shape)];
    },
  });
}

/** Values in the shape of the input, of its type or the attribute's. */
function likeInput(operator: string, versions: readonly number[]): OperatorRow {
  return row({
    operator,
    versions,
    arity: [1, 1],
    mappingType: "one-to-one",
    infer: (call) => {
      const { elementType, shape } = input(call, 0);
      return [tensorFact(elementTypeAttribute(call, "dtype") ?? elementType, shape)];
    },
  });
}

const multinomial = row({
  operator: "Multinomial",
  versions: [7, 22],
  arity: [1, 1],
  infer: (call) => {
    const batch = input(call, 0).shape?.[0] ?? call.symbols.fresh();
    return [tensorFact(elementTypeAttribute(call, "dtype") ?? "int32", [batch, int(call, "sample_size", 1)])];
  },
});

export const constantRows: readonly OperatorRow[] = withKernels(
  [
    constant,
    constantOfShape,
    likeInput("Bernoulli", [15, 22]),
    likeInput("EyeLike", [9, 22]),
    likeInput("RandomNormalLike", [1, 22]),
    likeInput("RandomUniformLike", [1, 22]),
    multinomial,
    randomOfShape("RandomNormal"),
    randomOfShape("RandomUniform"),
    range,
  ],
  constantKernels,
);
