/** Tensor -> TensorProto. */
import { materialize, tensorByteLength } from "../ir/materialize.ts";
import type { Tensor } from "../ir/tensor.ts";
import { dataTypeOf } from "./element-types.ts";
import { syntheticLocation } from "./external-data.ts";
import { type TensorProto, tensorProto } from "./schema.ts";
import { type Draft, encodeBytes, packVarints } from "./wire-encode.ts";

export interface ExportTensorOptions {
  /** Writes synthetic elements out instead of their recipe. */
  readonly materialize?: boolean;
}

/** A tensor file, as test data comes. */
export function exportTensor(tensor: Tensor, name = "", options: ExportTensorOptions = {}): Uint8Array {
  return encodeBytes(tensorProto, tensorDraft(tensor, name, options));
}

/** The message of a tensor; large data is a view, synthetic data is made when it is written. */
export function tensorDraft(tensor: Tensor, name: string, options: ExportTensorOptions): Draft<TensorProto> {
  const head = {
    dims: packVarints(tensor.shape.map(BigInt)),
    dataType: dataTypeOf(tensor.elementType),
    name: name === "" ? undefined : name,
  };
  return { ...head, ...dataDraft(tensor, name, options) };
}

function dataDraft(tensor: Tensor, name: string, options: ExportTensorOptions): Draft<TensorProto> {
  switch (tensor.data.kind) {
    case "bytes":
      return { rawData: tensor.data.bytes };
    case "strings":
      return { stringData: tensor.data.strings };
    case "missing":
      return tensor.data.location === "" ? {} : external(tensor.data.location, tensor.data.offset);
    case "synthetic": {
      const length = tensorByteLength(tensor) ?? 0;
      if (options.materialize !== true) return external(syntheticLocation(tensor.data), undefined);
      return { rawData: { length, produce: () => materialize(tensor, `tensor "${name}"`) } };
    }
    case "scaled": {
      const length = tensorByteLength(tensor) ?? 0;
      return { rawData: { length, produce: () => materialize(tensor, `tensor "${name}"`) } };
    }
    default:
      return tensor.data satisfies never;
  }
}

function external(location: string, offset: number | undefined): Draft<TensorProto> {
  const place = offset === undefined ? [] : [{ key: "offset", value: String(offset) }];
  return { externalData: [{ key: "location", value: location }, ...place], dataLocation: 1 };
}
