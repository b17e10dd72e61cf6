/**
 * A loop nest as a WebAssembly function. Its parameters are the addresses of its buffers, then the first unit of work and
 * the one after the last: iterations of the outermost loop, or sixteens of them where that is the vector loop.
 * A vector loop runs 16, then 4 elements at a time, then one by one; a reduction keeps several partial results, so that
 * it does not wait for the adder.
 */
import { assert } from "../../../base/assert.ts";
import { type Code, get, i32, type Local, laneOp, op, set } from "../wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "../wasm/function-builder.ts";
import type { Loop } from "./affine.ts";
import type { Held } from "./bindings.ts";
import { Emitter, type MathLibrary, splat } from "./emitter.ts";
import { type Buffer, type Expr, indexOf, type NumberType, storedBytes } from "./expr.ts";
import { numberCode } from "./instructions.ts";
import { turnsOf } from "./long-chains.ts";
import type { LoopKernel, ReduceOperator, Statement } from "./nest.ts";

export interface LoweredKernel {
  readonly function: WasmFunction;
  /** How many units of work there are. */
  readonly units: number;
}

/** Elements of a vector loop that are one unit of work. */
export const vectorUnit = 16;

export function lowerKernel({ name, buffers, body }: LoopKernel, math: MathLibrary): LoweredKernel {
  const builder = new FunctionBuilder(name);
  const addresses = new Map(
    buffers.map((buffer) => [buffer, builder.parameter("i32", buffer.name)] as const),
  );
  const [from, to] = [builder.parameter("i32", "from"), builder.parameter("i32", "to")];
  const emitter = new Emitter(builder, addresses, math);
  emitter.countReaders(body.flatMap(rootsOf));
  emitter.bindings.written = new Set(body.flatMap(storedBuffers));
  const lowering = new Lowering(emitter);
  const [only, ...others] = body;
  if (others.length === 0 && only?.kind === "loop") {
    lowering.loop(only, from, get(to));
    return { function: builder.build(), units: only.loop.extent };
  }
  if (others.length === 0 && only?.kind === "vector-loop") {
    const { extent } = only.loop;
    const end = op("i32.mul", get(to), i32(vectorUnit));
    const start = builder.let("i32", "start", op("i32.mul", get(from), i32(vectorUnit)));
    const last = builder.let("i32", "end", end);
    builder.when(op("i32.gt_s", get(last), i32(extent)), () => builder.emit(set(last, i32(extent))));
    lowering.vectorLoop(only, start, get(last));
    return { function: builder.build(), units: Math.ceil(extent / vectorUnit) };
  }
  // Work that cannot be shared is one unit.
  builder.when(op("i32.lt_s", get(from), get(to)), () => {
    lowering.statements(body, [0]);
  });
  return { function: builder.build(), units: 1 };
}

function storedBuffers(statement: Statement): readonly Buffer[] {
  if (statement.kind === "store") return [statement.buffer];
  return statement.kind === "reduce" ? [] : statement.body.flatMap(storedBuffers);
}

function rootsOf(statement: Statement): readonly Expr[] {
  switch (statement.kind) {
    case "loop":
    case "vector-loop":
      return statement.body.flatMap(rootsOf);
    case "store":
      return [statement.value, indexOf(statement.index)];
    case "reduce":
      return [statement.value];
    default:
      return statement satisfies never;
  }
}

const reductions: Readonly<Record<ReduceOperator, Readonly<Record<"float" | "integer" | "vector", string>>>> =
  {
    add: { float: "add", integer: "add", vector: "f32x4.add" },
    multiply: { float: "mul", integer: "mul", vector: "f32x4.mul" },
    minimum: { float: "min", integer: "lt_s", vector: "f32x4.min" },
    maximum: { float: "max", integer: "gt_s", vector: "f32x4.max" },
  };

class Lowering {
  private readonly emitter: Emitter;
  private readonly builder: FunctionBuilder;

  constructor(emitter: Emitter) {
    this.emitter = emitter;
    this.builder = emitter.builder;
  }

  /** Statements for each of several vectors side by side: the constants are added to the vector loop's counter. */
  statements(body: readonly Statement[], places: readonly number[]): void {
    for (const statement of body) {
      switch (statement.kind) {
        case "loop":
          this.wholeLoop(statement.loop, (counter) => this.loop(statement, counter, undefined, places));
          break;
        case "vector-loop":
          this.wholeLoop(statement.loop, (counter) =>
            this.vectorLoop(statement, counter, i32(statement.loop.extent)),
          );
          break;
        case "store":
          if (places.length > 1) this.takeTurns(statement.value, places);
          for (const place of places) this.at(place, () => this.store(statement));
          break;
        case "reduce":
          this.reduce(statement, places);
          break;
        default:
          statement satisfies never;
      }
    }
  }

  private takeTurns(value: Expr, places: readonly number[]): void {
    for (const part of turnsOf(value)) {
      for (const place of places) this.at(place, () => this.emitter.holdVector(part));
    }
  }

  private wholeLoop(loop: Loop, run: (counter: Local) => void): void {
    run(this.builder.let("i32", loop.name, i32(0)));
  }

  loop(
    { loop, body }: Extract<Statement, { kind: "loop" }>,
    counter: Local,
    end: Code = i32(loop.extent),
    places: readonly number[] = [0],
  ): void {
    this.builder.forSteps(counter, end, 1, () => {
      this.emitter.withCounter(loop, counter, 0, () => this.statements(body, places));
    });
  }

  /** counter goes on from where it is to the end. */
  vectorLoop({ loop, body }: Extract<Statement, { kind: "vector-loop" }>, counter: Local, end: Code): void {
    const { bindings } = this.emitter;
    if (body.every(fitsInLanes)) {
      bindings.vectorLoop = loop;
      for (const places of [[0, 4, 8, 12], [0]]) {
        const step = 4 * places.length;
        if (loop.extent < step) continue;
        this.builder.forSteps(counter, end, step, () => {
          this.emitter.withCounter(loop, counter, 0, () => this.statements(body, places));
        });
      }
      bindings.vectorLoop = undefined;
      if (loop.extent % 4 === 0) return;
    }
    this.builder.forSteps(counter, end, 1, () => {
      this.emitter.withCounter(loop, counter, 0, () => this.statements(body, [0]));
    });
  }

  /** Runs with the vector loop's counter moved on by a constant. */
  private at(place: number, body: () => void): void {
    const { bindings } = this.emitter;
    const loop = bindings.vectorLoop;
    if (loop === undefined || place === 0) {
      body();
      return;
    }
    const counter = bindings.counterOf(loop);
    bindings.bind(loop, { ...counter, plus: counter.plus + place });
    body();
    bindings.bind(loop, counter);
  }

  private store({ buffer, index, value }: Extract<Statement, { kind: "store" }>): void {
    const { emitter } = this;
    if (emitter.bindings.vectorLoop === undefined) {
      emitter.storeScalar(buffer, index, emitter.scalar(value));
      return;
    }
    if (storedBytes[buffer.elementType] === 4 && emitter.laneStride(index) === 1) {
      emitter.storeVector(buffer, index, emitter.vector(value));
      return;
    }
    emitter.storeEachLane(buffer, index, value);
  }

  private reduce(statement: Extract<Statement, { kind: "reduce" }>, places: readonly number[]): void {
    const { bindings } = this.emitter;
    if (bindings.vectorLoop !== undefined) this.reduceLanes(statement, places);
    else this.reduceAlong(statement);
  }

  /** Inside a vector loop: each lane reduces for itself. */
  private reduceLanes(
    { loops, operator, start, value, result }: Extract<Statement, { kind: "reduce" }>,
    places: readonly number[],
  ): void {
    const { builder, emitter } = this;
    const held = places.map((): Held => {
      const local = builder.let("v128", result.name, splat(value.type, numberCode(value.type, start)));
      return { local, isVector: true, depth: builder.depth };
    });
    this.nested(loops, () => {
      places.forEach((place, at) => {
        const local = held[at]?.local;
        assert(local !== undefined, "a partial result");
        this.at(place, () => {
          builder.emit(set(local, vectorStep(operator, value.type, get(local), emitter.vector(value))));
        });
      });
    });
    emitter.bindings.bindResult(result, held);
  }

  /** Outside: the last loop runs in four lanes, where the numbers fit, with four partial results. */
  private reduceAlong({
    loops,
    operator,
    start,
    value,
    result,
  }: Extract<Statement, { kind: "reduce" }>): void {
    const { builder, emitter } = this;
    const { bindings } = emitter;
    const total = builder.let(value.type, result.name, numberCode(value.type, start));
    const last = loops.at(-1);
    const depth = builder.depth;
    const one = (): void => {
      builder.emit(set(total, this.scalarStep(operator, value.type, get(total), emitter.scalar(value))));
    };
    if (last === undefined) one();
    else if (value.type !== "f32" || last.extent < 4) this.nested(loops, one);
    else {
      const places = last.extent >= 16 ? [0, 4, 8, 12] : [0];
      const parts = places.map(() =>
        builder.let("v128", result.name, splat("f32", numberCode("f32", start))),
      );
      this.nested(loops.slice(0, -1), () => {
        const counter = builder.let("i32", last.name, i32(0));
        bindings.vectorLoop = last;
        for (const some of places.length > 1 ? [places, [0]] : [places]) {
          builder.forSteps(counter, i32(last.extent), 4 * some.length, () => {
            emitter.withCounter(last, counter, 0, () => {
              some.forEach((place, at) => {
                const part = parts[at];
                assert(part !== undefined, "a partial result");
                this.at(place, () => {
                  builder.emit(set(part, vectorStep(operator, "f32", get(part), emitter.vector(value))));
                });
              });
            });
          });
        }
        bindings.vectorLoop = undefined;
        if (last.extent % 4 === 0) return;
        builder.forSteps(counter, i32(last.extent), 1, () => emitter.withCounter(last, counter, 0, one));
      });
      this.joinLanes(operator, parts, total);
    }
    bindings.bindResult(result, [{ local: total, isVector: false, depth }]);
  }

  private joinLanes(operator: ReduceOperator, parts: readonly Local[], total: Local): void {
    const { builder } = this;
    const [first, ...others] = parts;
    assert(first !== undefined, "a partial result");
    for (const part of others) {
      builder.emit(set(first, vectorStep(operator, "f32", get(first), get(part))));
    }
    for (const lane of [0, 1, 2, 3]) {
      const element = laneOp("f32x4.extract_lane", lane, get(first));
      builder.emit(set(total, this.scalarStep(operator, "f32", get(total), element)));
    }
  }

  private scalarStep(operator: ReduceOperator, type: NumberType, total: Code, value: Code): Code {
    const names = reductions[operator];
    if (type === "f32" || type === "f64") return op(`${type}.${names.float}`, total, value);
    if (operator === "add" || operator === "multiply") return op(`${type}.${names.integer}`, total, value);
    // The smaller or larger of two integers reads each of them twice.
    const held = this.builder.let(type, "element", value);
    const condition = op(`${type}.${names.integer}`, total, get(held));
    return { kind: "select", condition, yes: total, no: get(held) };
  }

  private nested(loops: readonly Loop[], body: () => void): void {
    const [loop, ...inner] = loops;
    if (loop === undefined) {
      body();
      return;
    }
    const counter = this.builder.let("i32", loop.name, i32(0));
    this.builder.forSteps(counter, i32(loop.extent), 1, () => {
      this.emitter.withCounter(loop, counter, 0, () => this.nested(inner, body));
    });
  }
}

/** Whether a statement can run in four lanes of 32 bits. */
function fitsInLanes(statement: Statement): boolean {
  switch (statement.kind) {
    case "loop":
      return statement.body.every(fitsInLanes);
    case "vector-loop":
      return false;
    case "store":
      return statement.value.type === "f32" || statement.value.type === "i32";
    case "reduce":
      return statement.value.type === "f32";
    default:
      return statement satisfies never;
  }
}

function vectorStep(operator: ReduceOperator, type: NumberType, total: Code, value: Code): Code {
  assert(type === "f32", "lanes of floats");
  return op(reductions[operator].vector, total, value);
}
