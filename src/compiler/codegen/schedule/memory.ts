/**
 * Which values are in memory while code is generated, and where. Constants come in when they are first read; values of the
 * network when a kernel has been made that writes them, or as another view of such a one.
 */
import { known } from "../../../base/assert.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { freshRoom, materialize, type Room, tensorByteLength } from "../../../graph/ir/materialize.ts";
import { checkElements, valueOfTensor } from "../../../graph/ir/runtime-tensor.ts";
import { numbersOf } from "../../../graph/ir/runtime-value.ts";
import type { Tensor } from "../../../graph/ir/tensor.ts";
import { contentOf } from "../content.ts";
import { rowMajorStrides } from "../loops/affine.ts";
import { type StoredType, storedBytes } from "../loops/expr.ts";
import { storedArrays } from "../loops/stored-arrays.ts";
import { type Layouts, memoryOrder } from "./layouts.ts";
import { memoryTypeOf } from "./shapes.ts";
import { constantOf } from "./static-call.ts";
import { noHalo, type Storage, type View } from "./views.ts";

export class Memory {
  readonly typed: TypedGraph;
  readonly layouts: Layouts;
  private readonly views = new Map<string, View>();
  private readonly constants = new Map<string, View>();
  private readonly tables = new Map<string, View>();
  private readonly numbers = new Map<string, ArrayLike<number>>();

  constructor(typed: TypedGraph, layouts: Layouts) {
    this.typed = typed;
    this.layouts = layouts;
  }

  /** Where a value is; undefined while it is in no memory. */
  viewOf(name: string): View | undefined {
    return this.views.get(name) ?? (this.isConstant(name) ? this.constantView(name) : undefined);
  }

  has(name: string): boolean {
    return this.views.has(name) || this.isConstant(name);
  }

  isConstant(name: string): boolean {
    return constantOf(this.typed, name) !== undefined;
  }

  place(name: string, view: View): void {
    this.views.set(name, view);
  }

  /** The order of axes chosen for a value, outermost first. */
  orderFor(name: string, shape: readonly number[]): readonly number[] {
    return memoryOrder(this.layouts, name, shape.length);
  }

  /** Its axes as they lie in memory, or will, without those of size 1. */
  longAxes(name: string, shape: readonly number[]): readonly number[] {
    const view = this.viewOf(name);
    const axes = this.orderFor(name, shape).filter((axis) => shape[axis] !== 1);
    if (view === undefined) return axes;
    return axes.toSorted((a, b) => (view.strides[b] ?? 0) - (view.strides[a] ?? 0) || a - b);
  }

  storedType(name: string): StoredType {
    return memoryTypeOf(known(this.typed.types.get(name), `type of ${name}`).elementType, `value "${name}"`);
  }

  /** A constant's elements as numbers. */
  constantNumbers(name: string): ArrayLike<number> {
    const old = this.numbers.get(name);
    if (old !== undefined) return old;
    const tensor = known(constantOf(this.typed, name), `constant ${name}`);
    const numbers = numbersOf(valueOfTensor(tensor, `tensor "${name}"`));
    this.numbers.set(name, numbers);
    return numbers;
  }

  /** A table that generated code reads; equal ones are the same. */
  table(name: string, elementType: "int32" | "float32", elements: Int32Array | Float32Array): View {
    const key = `${elementType}:${elements.join()}`;
    const old = this.tables.get(key);
    if (old !== undefined) return old;
    const constant = contentOf(bytesOf(elements, elementType));
    const storage: Storage = { name: `${name}.table`, elementType, elements: elements.length, constant };
    const view = { storage, shape: [elements.length], strides: [1], offset: 0, halo: noHalo(1) };
    this.tables.set(key, view);
    return view;
  }

  /** A function that decodes a constant's elements as float32. Throws here, and not later, where they are missing. */
  floatsOf(name: string): (room: Room) => Float32Array {
    const tensor = this.checkedConstant(name);
    return (room) => {
      const numbers = numbersOf(valueOfTensor(tensor, `tensor "${name}"`, room));
      return numbers instanceof Float32Array ? numbers : new Float32Array(numbers);
    };
  }

  private checkedConstant(name: string): Tensor {
    const tensor = known(constantOf(this.typed, name), `constant ${name}`);
    checkElements(tensor, `tensor "${name}"`);
    return tensor;
  }

  private constantView(name: string): View {
    const old = this.constants.get(name);
    if (old !== undefined) return old;
    const tensor = this.checkedConstant(name);
    const elementType = memoryTypeOf(tensor.elementType, `tensor "${name}"`);
    const elements = tensor.shape.reduce((product, size) => product * size, 1);
    const constant = {
      byteLength: elements * storedBytes[elementType],
      writeTo: (target: Uint8Array, room = freshRoom) =>
        target.set(storedElements(tensor, elementType, name, room)),
    };
    const storage: Storage = { name, elementType, elements, constant };
    const { shape } = tensor;
    const view = { storage, shape, strides: rowMajorStrides(shape), offset: 0, halo: noHalo(shape.length) };
    this.constants.set(name, view);
    return view;
  }
}

/** The elements as they lie in memory. */
function storedElements(tensor: Tensor, elementType: StoredType, name: string, room: Room): Uint8Array {
  // Bytes as they are need no place where an element could begin.
  if (tensor.elementType === elementType && elementType !== "bool") {
    const bytes = materialize(tensor, `tensor "${name}"`, room);
    return bytes.subarray(0, tensorByteLength(tensor));
  }
  const { elements } = valueOfTensor(tensor, `tensor "${name}"`, room);
  if (Array.isArray(elements)) throw new Error("internal: strings in memory");
  return bytesOf(elements, elementType);
}

/** Elements as bytes of a stored type; 64-bit integers stay what they are. */
export function bytesOf(
  elements: ArrayLike<number> | BigInt64Array | BigUint64Array,
  elementType: StoredType,
): Uint8Array {
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  }
  const numbers = elements as ArrayLike<number>;
  if (elementType === "int64") {
    const wide = BigInt64Array.from({ length: numbers.length }, (_, at) => BigInt(numbers[at] ?? 0));
    return new Uint8Array(wide.buffer);
  }
  const Stored = storedArrays[elementType];
  const array = numbers instanceof Stored ? numbers : Stored.from(numbers);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
