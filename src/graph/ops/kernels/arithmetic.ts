/** Kernels of arithmetic, comparisons, logic and choice. Formulas as in the ONNX operator documentation. */
import { allocate, countOf, isFloatType, numbersOf, tensorValue } from "../../ir/runtime-value.ts";
import type { ElementType } from "../../ir/tensor.ts";
import { int, string } from "../call.ts";
import {
  alignedShape,
  bigIntsOf,
  binaryKernel,
  comparisonKernel,
  mapThree,
  mapTwo,
  variadicKernel,
  type Writable,
} from "./broadcast.ts";
import {
  fromBuffer,
  type Kernel,
  type KernelCall,
  type Kernels,
  numberBuffer,
  outputType,
  tensor,
} from "./kernel.ts";

type Binary = (a: number, b: number) => number;

/** The product of 32-bit integers needs more digits than a double has. */
function multiplication(elementType: ElementType): Binary {
  return elementType === "int32" || elementType === "uint32" ? Math.imul : (a, b) => a * b;
}

/** Integers divide towards zero. */
function division(elementType: ElementType): Binary {
  return isFloatType(elementType) ? (a, b) => a / b : (a, b) => Math.trunc(a / b);
}

/** The result has the divisor's sign, with fmod the dividend's. */
function modulo(call: KernelCall): Binary {
  if (int(call, "fmod", 0) !== 0) return (a, b) => a % b;
  return (a, b) => (b === 0 ? Number.NaN : a - b * Math.floor(a / b));
}

function bigModulo(call: KernelCall): (a: bigint, b: bigint) => bigint {
  const fmod = int(call, "fmod", 0) !== 0;
  return (a, b) => {
    if (b === 0n) return 0n;
    const rest = a % b;
    return fmod || rest === 0n || rest < 0n === b < 0n ? rest : rest + b;
  };
}

const shiftsLeft = (call: KernelCall): boolean => string(call, "direction", "LEFT") === "LEFT";

/** The exponent may be of another type than the base, which the result has. */
const pow: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [base, exponent] = [tensor(call, 0), tensor(call, 1)];
  const second = alignedShape(call, exponent.shape, base.shape.length);
  const [bases, exponents] = [bigIntsOf(base.elements), bigIntsOf(exponent.elements)];
  if (bases !== undefined && exponents?.every((power) => power >= 0n && power < 64n)) {
    const out = allocate(elementType, countOf(shape)) as Writable<bigint> & BigInt64Array;
    const operands = [
      { elements: bases, shape: base.shape },
      { elements: exponents, shape: second },
    ] as const;
    mapTwo((a: bigint, b: bigint) => a ** b, ...operands, shape, out);
    return [tensorValue(elementType, shape, out)];
  }
  const out = numberBuffer(elementType, countOf(shape));
  const operands = [
    { elements: numbersOf(base), shape: base.shape },
    { elements: numbersOf(exponent), shape: second },
  ] as const;
  mapTwo((a: number, b: number) => a ** b, ...operands, shape, out);
  return [fromBuffer(elementType, shape, out)];
};

const where: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const elements = allocate(elementType, countOf(shape));
  const out: Writable<unknown> = elements;
  mapThree<unknown, unknown, unknown, unknown>(
    (condition, yes, no) => (condition === 0 ? no : yes),
    [tensor(call, 0), tensor(call, 1), tensor(call, 2)],
    shape,
    out,
  );
  return [{ kind: "tensor", elementType, shape, elements }];
};

/** Numbers and bigints compare alike; the operands have one type. */
const ordered = (f: (a: number, b: number) => boolean): Kernel =>
  comparisonKernel((a, b) => f(a as number, b as number));

const bitwise = (number: Binary, bigint: (a: bigint, b: bigint) => bigint): Kernel =>
  binaryKernel({ number: () => number, bigint: () => bigint });

export const arithmeticKernels: Kernels = {
  Add: binaryKernel({ number: () => (a, b) => a + b, bigint: () => (a, b) => a + b }),
  Sub: binaryKernel({ number: () => (a, b) => a - b, bigint: () => (a, b) => a - b }),
  Mul: binaryKernel({ number: multiplication, bigint: () => (a, b) => a * b }),
  Div: binaryKernel({ number: division, bigint: () => (a, b) => (b === 0n ? 0n : a / b) }),
  Mod: binaryKernel({ number: (_, call) => modulo(call), bigint: bigModulo }),
  Pow: pow,
  BitShift: binaryKernel({
    number: (_, call) => (shiftsLeft(call) ? (a, b) => a * 2 ** b : (a, b) => Math.floor(a / 2 ** b)),
    bigint: (call) => (shiftsLeft(call) ? (a, b) => a << b : (a, b) => a >> b),
  }),
  BitwiseAnd: bitwise(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  BitwiseOr: bitwise(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  BitwiseXor: bitwise(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  Max: variadicKernel({ number: () => Math.max, bigint: () => (a, b) => (a > b ? a : b) }),
  Min: variadicKernel({ number: () => Math.min, bigint: () => (a, b) => (a < b ? a : b) }),
  Sum: variadicKernel({ number: () => (a, b) => a + b, bigint: () => (a, b) => a + b }),
  Mean: variadicKernel({ number: () => (a, b) => a + b }, (total, operands) => total / operands),
  Equal: comparisonKernel((a, b) => a === b),
  Greater: ordered((a, b) => a > b),
  GreaterOrEqual: ordered((a, b) => a >= b),
  Less: ordered((a, b) => a < b),
  LessOrEqual: ordered((a, b) => a <= b),
  And: ordered((a, b) => a !== 0 && b !== 0),
  Or: ordered((a, b) => a !== 0 || b !== 0),
  Xor: ordered((a, b) => (a !== 0) !== (b !== 0)),
  Where: where,
};
