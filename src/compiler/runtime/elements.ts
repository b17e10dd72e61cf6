/** The elements of inputs and outputs: which array holds a type, and whether what was given fits. */
import { badInput, type LaminateError } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import type { ElementType } from "../../graph/ir/tensor.ts";
import type { ModelTensor } from "./manifest.ts";

export type Elements =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** An input: its elements in row-major order, or a tensor value, whose shape is then checked as well. */
export type ModelInput = Elements | { readonly shape: readonly number[]; readonly elements: unknown };

/** Inputs by name. */
export type ModelInputs = ReadonlyMap<string, ModelInput> | Readonly<Record<string, ModelInput>>;

interface ArrayKind {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Elements;
}

const arrays: Readonly<Partial<Record<ElementType, ArrayKind>>> = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

export function typeText({ elementType, shape }: ModelTensor): string {
  return `${elementType} [${shape.join(",")}]`;
}

/** The name of the array that holds a tensor's elements. Throws bad-input for types that no array holds. */
export function arrayName(tensor: ModelTensor): string {
  return arrayKind(tensor).name;
}

/** Bytes of one element in the memory. Throws bad-input as arrayName does. */
export function bytesPerElement(tensor: ModelTensor): number {
  return arrayKind(tensor).BYTES_PER_ELEMENT;
}

export function elementCountOf({ shape }: ModelTensor): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The tensor in the memory. */
export function viewOf(tensor: ModelTensor, buffer: ArrayBufferLike, byteOffset: number): Elements {
  return new (arrayKind(tensor))(buffer, byteOffset, elementCountOf(tensor));
}

function arrayKind(tensor: ModelTensor): ArrayKind {
  const kind = arrays[tensor.elementType];
  if (kind !== undefined) return kind;
  throw badInput(`elements of type ${tensor.elementType} cannot be passed to compiled networks`, {
    where: `tensor ${quote(tensor.name)}`,
    fix: "export the network with float32 inputs and outputs",
  });
}

/** What was given for each input, in their order. Throws bad-input for names, types, shapes and sizes that are wrong. */
export function matchInputs(tensors: readonly ModelTensor[], given: ModelInputs): readonly Elements[] {
  const byName: ReadonlyMap<string, ModelInput> =
    given instanceof Map ? given : new Map(Object.entries(given));
  for (const name of byName.keys()) {
    if (tensors.some((tensor) => tensor.name === name)) continue;
    throw badInput(`there is no input ${quote(name)}`, {
      where: "inputs",
      fix: `the inputs are ${tensors.map((tensor) => `${quote(tensor.name)} ${typeText(tensor)}`).join(", ")}`,
    });
  }
  return tensors.map((tensor) => matchInput(tensor, byName.get(tensor.name)));
}

function matchInput(tensor: ModelTensor, given: ModelInput | undefined): Elements {
  const wrong = (message: string): LaminateError =>
    badInput(message, {
      where: `input ${quote(tensor.name)}`,
      fix: `give ${arrayName(tensor)} for ${typeText(tensor)}`,
    });
  if (given === undefined) throw wrong("the input is missing");
  const isTensor = isTensorValue(given);
  if (isTensor && given.shape.join() !== tensor.shape.join()) {
    throw wrong(`its shape is [${given.shape.join(",")}], and [${tensor.shape.join(",")}] is expected`);
  }
  const elements: unknown = isTensor ? given.elements : given;
  const expected = arrayName(tensor);
  if (!isArrayOf(elements, expected)) throw wrong(`it is ${kindText(elements)}, and ${expected} is expected`);
  const count = elementCountOf(tensor);
  if (elements.length === count) return elements;
  throw wrong(`it has ${elements.length} elements, and ${typeText(tensor)} has ${count}`);
}

function isTensorValue(given: ModelInput): given is Exclude<ModelInput, Elements> {
  return typeof given === "object" && given !== null && "elements" in given && Array.isArray(given.shape);
}

/** By name: arrays of another realm (a frame, a test runner) are no instances of ours. */
function isArrayOf(value: unknown, name: string): value is Elements {
  return ArrayBuffer.isView(value) && kindText(value) === name;
}

function kindText(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
