/**
 * Sizes of values for one image. The shapes of a file may hold several images; every quantity of a workload is for one
 * of them, so that the batch is part of the problem. Rules:
 * - The shapes hold n images if all network inputs and outputs have the leading dimension n and the network shows that
 *   it means images: a convolution reads data with it (ONNX puts the batch first there), or all inputs are matrices of
 *   integers (token ids). Otherwise they hold one image, as [2048, 4096] without a convolution, which may be a sequence.
 * - A tensor holds n images if its leading dimension is a multiple of n; otherwise (a mask, a table) each image needs
 *   all of it.
 * - Floating-point tensors have the element type that was asked for; integers and booleans their own width.
 */
import { badInput } from "../../base/errors.ts";
import { product } from "../../base/integers.ts";
import type { DataFlow } from "../../compiler/fusion/data-flow.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import type { Dimension, ElementType, Shape } from "../../graph/ir/tensor.ts";
import { elementBits } from "../../graph/ir/tensor.ts";
import { slidesWindow } from "./loop-nest.ts";

export interface Sizes {
  /** Images that the shapes of the file hold. */
  readonly images: number;
  /** The shape as the file has it; an error that names the tensor where a dimension is not known. */
  shape(value: string): readonly number[];
  /** Bytes for one image. */
  bytes(value: string): number;
  /** Bytes of the whole tensor: constants, which images share. */
  wholeBytes(value: string): number;
  /** Bytes of so many elements of this value's type. */
  elementsToBytes(value: string, elements: number): number;
}

export function sizesOf(typed: TypedGraph, flow: DataFlow, elementType: ElementType): Sizes {
  const images = imagesHeld(typed, flow);
  const shape = (value: string): readonly number[] => knownShape(typed, flow, value);
  const elementsToBytes = (value: string, elements: number): number =>
    exact(Math.ceil((elements * storedBits(typed, value, elementType)) / 8), `bytes of "${value}"`);
  const wholeBytes = (value: string): number => elementsToBytes(value, product(shape(value)));
  const bytes = (value: string): number => {
    const dimensions = shape(value);
    const share = (dimensions[0] ?? 1) % images === 0 && dimensions.length > 0 ? images : 1;
    return elementsToBytes(value, product(dimensions) / share);
  };
  return { images, shape, bytes, wholeBytes, elementsToBytes };
}

/** The quantity, if a double holds it exactly: beyond that no sum can be trusted. */
export function exact(quantity: number, what: string): number {
  if (Number.isSafeInteger(quantity)) return quantity;
  throw badInput(`the ${what} are more than 2^53`, {
    fix: "check the shapes: bind smaller sizes with --shape, or export the network again",
  });
}

/** "undefined" is what an opaque operator makes where the file does not say. */
const floatTypes: ReadonlySet<ElementType> = new Set<ElementType>([
  "undefined",
  "float64",
  "float32",
  "float16",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "float4e2m1",
]);

function storedBits(typed: TypedGraph, value: string, elementType: ElementType): number {
  const own = typed.types.get(value)?.elementType ?? typed.graph.constants.get(value)?.elementType;
  return elementBits[own === undefined || floatTypes.has(own) ? elementType : own];
}

function imagesHeld(typed: TypedGraph, flow: DataFlow): number {
  const inputs = typed.graph.inputs.filter(({ name }) => flow.consumersOf.has(name));
  const ends = [...inputs, ...typed.graph.outputs].map(({ name, type }) => typed.types.get(name) ?? type);
  const held = ends[0]?.shape?.[0];
  if (typeof held !== "number" || held < 2 || ends.some(({ shape }) => shape?.[0] !== held)) return 1;
  const tokens = inputs.every(({ type }) => !floatTypes.has(type.elementType) && type.shape?.length === 2);
  return tokens || convolvesImages(typed, held) ? held : 1;
}

function convolvesImages(typed: TypedGraph, held: number): boolean {
  return typed.graph.nodes.some(
    (node) => slidesWindow(node) && typed.types.get(node.inputs[0] ?? "")?.shape?.[0] === held,
  );
}

function knownShape(typed: TypedGraph, flow: DataFlow, value: string): readonly number[] {
  const shape = typed.types.get(value)?.shape ?? typed.graph.constants.get(value)?.shape;
  if (shape?.every((dimension) => typeof dimension === "number")) return shape as readonly number[];
  throw unknownShape(typed, flow, value, shape);
}

function unknownShape(typed: TypedGraph, flow: DataFlow, value: string, shape: Shape | undefined): Error {
  const unbound = shape?.find((dimension) => typeof dimension === "string");
  const binding = unbound === undefined ? undefined : inputThatBinds(typed, unbound);
  if (binding !== undefined) {
    const example = binding.shape
      .map((dimension) => (typeof dimension === "number" ? dimension : 1))
      .join(",");
    return badInput(`the shape of "${value}" is [${shape?.join(",")}]: "${binding.symbol}" has no size`, {
      where: `input "${binding.input}" [${binding.shape.join(",")}]`,
      fix: `give it one: --shape ${binding.input}:${example} (or --batch, where it is the batch)`,
    });
  }
  const producer = flow.producerOf.get(value);
  const node = producer === undefined ? undefined : typed.graph.nodes[producer];
  const says = shape === undefined ? "is not known" : `is [${shape.join(",")}], which only a run can tell`;
  return badInput(`the shape of "${value}" ${says}`, {
    where: node === undefined ? `tensor "${value}"` : `node "${node.name}" (${node.operator})`,
    fix: "export the network with fixed shapes, without the operators whose result sizes depend on the data, or with value_info for this tensor",
  });
}

function inputThatBinds(
  typed: TypedGraph,
  dimension: Dimension,
): { readonly input: string; readonly symbol: string; readonly shape: Shape } | undefined {
  for (const { name, type } of typed.graph.inputs)
    for (const symbol of type.shape ?? [])
      if (typeof symbol === "string" && String(dimension).includes(symbol))
        return { input: name, symbol, shape: type.shape ?? [] };
  return undefined;
}
