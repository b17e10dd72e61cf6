/** TensorProto -> Tensor: every element type, every place where ONNX lets the elements be. */

import { badInput } from "../../base/errors.ts";
import { type ElementType, elementBits, type Tensor, type TensorData } from "../ir/tensor.ts";
import { elementTypeOf } from "./element-types.ts";
import { externalData, type ReadExternal } from "./external-data.ts";
import { type Place, placeText } from "./place.ts";
import { type TensorProto, tensorProto } from "./schema.ts";
import { dataFieldNames, dataFieldOf, filledDataFields, typedBytes } from "./typed-data.ts";
import { countVarints, unpackVarints } from "./varints.ts";
import { decode } from "./wire-decode.ts";

const external = 1;
const maximumRank = 255;
const exportAgain = "the tensor is damaged: export the model again";

/** A tensor file (`.pb`, as test data comes); `name` is the tensor's own. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Reads a file that holds one TensorProto. Throws bad-input naming the place. */
export function importTensor(
  bytes: Uint8Array,
  options: { readonly name?: string; readonly readExternal?: ReadExternal } = {},
): NamedTensor {
  const where = options.name ?? "tensor";
  const proto = decode(tensorProto, bytes, where);
  return { name: proto.name ?? "", tensor: tensorOf(proto, options.readExternal, where) };
}

/** The tensor of a message. */
export function tensorOf(proto: TensorProto, readExternal: ReadExternal | undefined, where: Place): Tensor {
  const elementType = elementTypeOf(proto.dataType, where);
  if (elementType === "undefined")
    throw badInput("a tensor without an element type", { where: placeText(where), fix: exportAgain });
  if (proto.segment !== undefined) {
    throw badInput("a tensor in segments, which ONNX has given up", {
      where: placeText(where),
      fix: exportAgain,
    });
  }
  const shape = shapeOf(proto.dims, where);
  const count = checkedCount(shape, elementType, where);
  return { elementType, shape, data: dataOf(proto, elementType, count, readExternal, where) };
}

function shapeOf(dims: Uint8Array | undefined, where: Place): readonly number[] {
  const rank = countVarints(dims ?? new Uint8Array(0));
  if (rank > maximumRank)
    throw badInput(`a tensor of ${rank} dimensions`, { where: placeText(where), fix: exportAgain });
  return unpackVarints(dims, where).map((dimension) => checkedDimension(dimension, where));
}

/** A size as a number: not negative and exact. */
export function checkedDimension(dimension: bigint, where: Place): number {
  if (dimension < 0n) {
    throw badInput(`dimension ${dimension} is negative`, {
      where: placeText(where),
      fix: "give its size, or in a type a name (dim_param) if it is not known",
    });
  }
  if (dimension <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(dimension);
  throw badInput(`dimension ${dimension} is beyond 2^53`, { where: placeText(where), fix: exportAgain });
}

function checkedCount(shape: readonly number[], elementType: ElementType, where: Place): number {
  // Without zeros first: a zero must not hide that the other sizes overflow any address.
  const bits = shape.reduce(
    (total, dimension) => total * Math.max(dimension, 1),
    Math.max(8, elementBits[elementType]),
  );
  if (bits / 8 > Number.MAX_SAFE_INTEGER) {
    throw badInput(`a tensor of shape [${shape.join(",")}] is beyond 2^53 bytes`, {
      where: placeText(where),
      fix: exportAgain,
    });
  }
  return shape.reduce((total, dimension) => total * dimension, 1);
}

function dataOf(
  proto: TensorProto,
  elementType: ElementType,
  count: number,
  readExternal: ReadExternal | undefined,
  where: Place,
): TensorData {
  const byteLength = Math.ceil((count * elementBits[elementType]) / 8);
  if (proto.dataLocation === external) {
    if (elementType !== "string") return externalData(proto.externalData, byteLength, readExternal, where);
    throw badInput("strings as external data, which ONNX does not have", {
      where: placeText(where),
      fix: exportAgain,
    });
  }
  checkOnePlace(proto, elementType, where);
  if (elementType === "string") {
    expectLength(proto.stringData.length, count, "strings", where);
    return { kind: "strings", strings: proto.stringData };
  }
  // Tools for accelerators ship networks whose weights have a shape and nothing else.
  if (count > 0 && holdsNothing(proto)) return { kind: "missing", location: "" };
  const bytes = filled(proto.rawData) ? proto.rawData : typedBytes(proto, elementType, where);
  expectLength(bytes.length, byteLength, "bytes", where);
  return { kind: "bytes", bytes };
}

function filled(bytes: Uint8Array | undefined): bytes is Uint8Array {
  return bytes !== undefined && bytes.length > 0;
}

function holdsNothing(proto: TensorProto): boolean {
  return !filled(proto.rawData) && filledDataFields(proto).length === 0;
}

/** The elements are in raw_data or in the one field of their type. */
function checkOnePlace(proto: TensorProto, elementType: ElementType, where: Place): void {
  const fields = filledDataFields(proto);
  const own = dataFieldOf(elementType);
  const stray = fields.find((field) => field !== own || filled(proto.rawData));
  if (stray !== undefined) {
    const rest = filled(proto.rawData) ? "beside raw_data" : `of type ${elementType}`;
    throw badInput(`a tensor ${rest} with ${dataFieldNames[stray]}`, {
      where: placeText(where),
      fix: exportAgain,
    });
  }
  if (elementType === "string" && filled(proto.rawData)) {
    throw badInput("strings in raw_data, which ONNX does not have", {
      where: placeText(where),
      fix: exportAgain,
    });
  }
}

function expectLength(actual: number, expected: number, unit: string, where: Place): void {
  if (actual === expected) return;
  throw badInput(`the shape asks for ${expected} ${unit}, the data has ${actual}`, {
    where: placeText(where),
    fix: exportAgain,
  });
}
