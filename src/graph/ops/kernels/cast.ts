/** Kernels of Cast and CastLike: between numbers of every kind, and to and from text. */
import {
  isBigIntType,
  isFloatType,
  numbersOf,
  type TensorValue,
  tensorFromDoubles,
  tensorValue,
} from "../../ir/runtime-value.ts";
import type { ElementType } from "../../ir/tensor.ts";
import { bigIntsOf } from "./broadcast.ts";
import { type KernelCall, type Kernels, outputType, tensor } from "./kernel.ts";

/** The value in another type. Fractions are cut off, integers wrap, 64-bit ones from floats clamp. */
export function cast(call: KernelCall, value: TensorValue, to: ElementType): TensorValue {
  const { elementType, shape, elements } = value;
  if (elementType === to) return value;
  if (Array.isArray(elements))
    return tensorFromDoubles(
      to,
      shape,
      elements.map((text) => parsed(call, text)),
    );
  if (to === "string") {
    const texts = Array.from<number | bigint, string>(elements as ArrayLike<number | bigint>, (element) =>
      textOf(element, elementType),
    );
    return tensorValue(to, shape, texts);
  }
  const bigs = bigIntsOf(elements);
  if (bigs !== undefined && !isFloatType(to) && to !== "bool") return wrapped(value, bigs, to);
  return tensorFromDoubles(to, shape, numbersOf(value));
}

function wrapped({ shape }: TensorValue, bigs: BigInt64Array | BigUint64Array, to: ElementType): TensorValue {
  if (!isBigIntType(to)) {
    return tensorFromDoubles(
      to,
      shape,
      Array.from(bigs, (element) => Number(BigInt.asUintN(32, element))),
    );
  }
  const out = to === "int64" ? BigInt64Array.from(bigs) : BigUint64Array.from(bigs);
  return tensorValue(to, shape, out);
}

function parsed(call: KernelCall, text: string): number {
  const trimmed = text.trim();
  const infinity = /^([+-]?)inf(inity)?$/i.exec(trimmed);
  if (infinity !== null) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[+-]?nan$/i.test(trimmed)) return Number.NaN;
  const number = Number(trimmed);
  if (trimmed !== "" && !Number.isNaN(number)) return number;
  throw call.error(`the text ${JSON.stringify(text.slice(0, 40))} is no number`, "correct the input");
}

/** The fewest digits that give the number back in its type. */
function textOf(element: number | bigint, elementType: ElementType): string {
  if (typeof element === "bigint" || elementType !== "float32") return String(element);
  if (Number.isNaN(element)) return "NaN";
  if (!Number.isFinite(element)) return element > 0 ? "INF" : "-INF";
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(element.toPrecision(digits));
    if (Math.fround(short) === element) return String(short);
  }
  return String(Number(element.toPrecision(9)));
}

export const castKernels: Kernels = {
  Cast: (call) => [cast(call, tensor(call, 0), outputType(call).elementType)],
  CastLike: (call) => [cast(call, tensor(call, 0), outputType(call).elementType)],
};
