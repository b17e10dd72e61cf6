/** The arrays of JavaScript that hold elements as they lie in memory. */
import type { StoredType } from "./expr.ts";

export const storedArrays = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Readonly<Record<StoredType, unknown>>;

export type StoredArray = InstanceType<(typeof storedArrays)[StoredType]>;
