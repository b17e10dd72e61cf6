/** TypeProto -> TensorType. */

import { badInput } from "../../base/errors.ts";
import type { Dimension, TensorType } from "../ir/tensor.ts";
import { elementTypeOf } from "./element-types.ts";
import { checkedDimension } from "./import-tensor.ts";
import { type Place, placeInside, placeText } from "./place.ts";
import { type DimensionProto, typeProto, type ValueInfoProto } from "./schema.ts";
import { decode } from "./wire-decode.ts";

/** What the file says of a value; undefined element type and shape for what it does not. */
export interface StatedType {
  readonly name: string;
  readonly type: TensorType;
  /** The message itself, where it is no dense tensor and `type` cannot hold it. */
  readonly other: Uint8Array | undefined;
}

const nothing: TensorType = { elementType: "undefined", shape: undefined };

/** The type of a graph's input or output, or of a value in between. */
export function statedType(info: ValueInfoProto, outerWhere: Place): StatedType {
  const name = info.name ?? "";
  if (info.type === undefined || info.type.length === 0) return { name, type: nothing, other: undefined };
  const where = placeInside(outerWhere, "value", name);
  const type = decode(typeProto, info.type, where);
  if (type.tensorType === undefined) return { name, type: nothing, other: info.type };
  const elementType = elementTypeOf(type.tensorType.elemType, where);
  const shape = type.tensorType.shape?.dim.map((dimension, axis) =>
    dimensionOf(dimension, axis, name, where),
  );
  if (shape !== undefined && shape.length > 255) {
    throw badInput(`a type of ${shape.length} dimensions`, {
      where: placeText(where),
      fix: "export the model again",
    });
  }
  return { name, type: { elementType, shape }, other: undefined };
}

/** A dimension without size or name gets a name of its own, so that no two unknown ones look equal. */
function dimensionOf(dimension: DimensionProto, axis: number, name: string, where: Place): Dimension {
  if (dimension.dimValue !== undefined) return checkedDimension(dimension.dimValue, where);
  if (dimension.dimParam !== undefined && dimension.dimParam !== "") return dimension.dimParam;
  return `${name}?${axis}`;
}
