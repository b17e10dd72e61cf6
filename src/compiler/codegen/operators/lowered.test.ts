import { beforeAll, describe, expect, test } from "vitest";
import { known } from "../../../base/assert.ts";
import type { ElementType } from "../../../graph/ir/tensor.ts";
import { type Loop, loopAffine } from "../loops/affine.ts";
import { type Buffer, convert, storedBytes } from "../loops/expr.ts";
import { lowerKernel } from "../loops/lower.ts";
import type { LoopKernel } from "../loops/nest.ts";
import { type StoredArray, storedArrays } from "../loops/stored-arrays.ts";
import { mathCallee, mathFunction, vectorFunctions } from "../loops/vector-math.ts";
import { asRegister, evaluateExpr, type RegisterValue } from "../testing/evaluate-expr.ts";
import { runsHere } from "../testing/run-vector.ts";
import { encodeModule } from "../wasm/encode.ts";
import { storedTypeOf } from "./stored-type.ts";
import { type Case, cases, count, prepareCase, seed } from "./testing/elementwise-cases.ts";

const loop: Loop = { name: "i", extent: count };

const room = 2048;

/** Runs the kernel once on buffers that lie one after another; the last is the result. */
function run(
  kernel: LoopKernel,
  contents: readonly (StoredArray | undefined)[],
  relaxed: boolean,
): StoredArray {
  const used = new Set<string>();
  const lowered = lowerKernel(kernel, {
    relaxed,
    callee: (name) => {
      used.add(name);
      return mathCallee(name);
    },
  });
  const helpers = vectorFunctions.filter((name) => used.has(name)).map((name) => mathFunction(name, relaxed));
  const functions = [...helpers, { ...lowered.function, exported: true }];
  const bytes = encodeModule({ memory: { pages: 1, shared: false }, functions });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
    env: { memory },
  });
  const places = kernel.buffers.map((buffer, index) => {
    const view = new storedArrays[buffer.elementType](memory.buffer, index * room, count);
    const content = contents[index];
    if (content !== undefined)
      (view as { set(from: ArrayLike<unknown>): void }).set(content as ArrayLike<unknown>);
    return view;
  });
  const start = instance.exports[kernel.name] as (...numbers: number[]) => void;
  start(...places.map(({ byteOffset }) => byteOffset), 0, lowered.units);
  return known(places.at(-1), "result");
}

/** `wide`: integers are stored in 64 bits, as a store of fewer would hide what a register holds beyond its type. */
interface Flavour {
  readonly relaxed: boolean;
  readonly wide: boolean;
}

function check(operator: string, spec: Case, first: ElementType, { relaxed, wide }: Flavour): void {
  const { inputs, expr, want } = prepareCase(operator, spec, first, loopAffine(loop));
  if (expr === undefined) throw new Error(`${operator} has no expression for ${first}`);
  const isWidened = wide && (expr.type === "i32" || expr.type === "i64");
  const elementType = isWidened ? "int64" : known(storedTypeOf(want.elementType), want.elementType);
  const y: Buffer = { name: "y", elementType };
  const value = isWidened ? convert("i64", expr) : expr;
  const given = inputs.flatMap((input) => (input === undefined ? [] : [input]));
  const kernel: LoopKernel = {
    name: operator.toLowerCase(),
    buffers: [...given.map(({ buffer }) => buffer), y],
    body: [
      {
        kind: "vector-loop",
        loop,
        body: [{ kind: "store", buffer: y, index: loopAffine(loop), value }],
      },
    ],
  };
  expect(room).toBeGreaterThanOrEqual(count * storedBytes.float64);
  const got = run(
    kernel,
    given.map(({ value }) => value.elements as StoredArray),
    relaxed,
  );
  const wrong: string[] = [];
  for (let at = 0; at < count; at++) {
    const operands = inputs.map((input) => input?.elements[at] ?? input?.elements[0]);
    const load = ({ name }: Buffer, index: number): RegisterValue =>
      known(inputs[Number(name.slice(1))]?.elements[index], name);
    const wanted = evaluateExpr(expr, { load, counters: new Map([[loop, at]]) });
    const result = asRegister(expr.type, known(got[at], "element"));
    if (agree(result, wanted)) continue;
    wrong.push(`${operator}(${operands.join(", ")}) at ${at} = ${result}, not ${wanted}`);
  }
  expect(wrong.slice(0, 5)).toEqual([]);
}

/** Functions are a few units in the last place off, and sums of products are fused or not. */
function agree(got: RegisterValue, want: RegisterValue): boolean {
  if (typeof got === "bigint" || typeof want === "bigint") return got === want;
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return true;
  return Math.abs(got - want) <= 2e-6 * Math.max(1, Math.abs(want));
}

let relaxedRuns = false;
beforeAll(() => {
  relaxedRuns = runsHere([mathFunction("exp", true)]);
});

describe.each(Object.entries(cases))("%s", (operator, specs) => {
  const each = specs.flatMap((spec, index) => spec.types.map((type) => [type, index, spec] as const));
  test.each(each)(
    `is in WebAssembly what its expression says, in %s (case %i, seed ${seed})`,
    (type, _, spec) => {
      check(operator, spec, type, { relaxed: false, wide: true });
      check(operator, spec, type, { relaxed: relaxedRuns, wide: false });
    },
  );
});
