/** Tensors: element types, shapes and constant data. */

/** ONNX element types, by the names of TensorProto.DataType in lower case. */
export type ElementType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "float8e4m3fn"
  | "float8e4m3fnuz"
  | "float8e5m2"
  | "float8e5m2fnuz"
  | "float4e2m1"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "int4"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "uint4"
  | "bool"
  | "string"
  | "complex64"
  | "complex128"
  /** The file does not say, or the value is no dense tensor (a sequence, a map); constants never are. */
  | "undefined";

/** A dimension: its size, or the name of a symbol that `--shape` or `--batch` binds. */
export type Dimension = number | string;

/** Dimensions, outermost first; [] is a scalar. */
export type Shape = readonly Dimension[];

/** Element type and shape; the shape is undefined where not even the rank is known. */
export interface TensorType {
  readonly elementType: ElementType;
  readonly shape: Shape | undefined;
}

/** Where the elements of a constant are. */
export type TensorData =
  /** Little-endian elements in row-major order, packed as ONNX packs raw_data (4-bit types two to a byte, low first). */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** Strings, which ONNX does not store raw. */
  | { readonly kind: "strings"; readonly strings: readonly Uint8Array[] }
  /** Uniform pseudo-random elements in [low, high), from the mulberry32 generator started at seed. */
  | { readonly kind: "synthetic"; readonly low: number; readonly high: number; readonly seed: number }
  /** The elements of another constant of the same shape, each times its channel's factor; floats of 32 or 64 bits. */
  | { readonly kind: "scaled"; readonly of: Tensor; readonly channels: ChannelFactors }
  /**
   * Elements that are not there: the shape is known, they are not. The location is the external data file that is
   * missing, "" where the model names none; the offset in it is in bytes.
   */
  | { readonly kind: "missing"; readonly location: string; readonly offset?: number };

/** One factor for each channel of a tensor, or one for all of them. */
export interface ChannelFactors {
  readonly factors: Float64Array;
  /** Elements between two steps along the channels' axis, and the size of it. */
  readonly stride: number;
  readonly count: number;
  /** Channels of one group, and elements of it, where the axis counts within a group; 0 and Infinity where not. */
  readonly perGroup: number;
  readonly groupStride: number;
}

/** A constant: an initializer, a tensor attribute or a folded value. All dimensions are numbers. */
export interface Tensor {
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Bits of one element as stored; strings have no fixed size and count as 0, as does what is not a tensor. */
export const elementBits: Readonly<Record<ElementType, number>> = {
  float32: 32,
  float64: 64,
  float16: 16,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float4e2m1: 4,
  int64: 64,
  int32: 32,
  int16: 16,
  int8: 8,
  int4: 4,
  uint64: 64,
  uint32: 32,
  uint16: 16,
  uint8: 8,
  uint4: 4,
  bool: 8,
  string: 0,
  complex64: 64,
  complex128: 128,
  undefined: 0,
};

/** Elements of a shape whose dimensions are all numbers; undefined when a dimension is a symbol. */
export function elementCount(shape: Shape): number | undefined {
  let count = 1;
  for (const dimension of shape) {
    if (typeof dimension !== "number") return undefined;
    count *= dimension;
  }
  return count;
}
