/** Runs a loop nest in plain JavaScript, for tests: what the WebAssembly that lower.ts makes of it must do to memory. */

import { known } from "../../../base/assert.ts";
import type { Affine, Loop } from "../loops/affine.ts";
import type { Buffer, Expr } from "../loops/expr.ts";
import { numberTypeOf } from "../loops/expr.ts";
import type { ReduceOperator, Statement } from "../loops/nest.ts";
import type { StoredArray } from "../loops/stored-arrays.ts";
import { asRegister, evaluateExpr, type RegisterValue, type Surroundings } from "./evaluate-expr.ts";

export function evaluateNest(body: readonly Statement[], memory: ReadonlyMap<Buffer, StoredArray>): void {
  new Machine(memory).run(body);
}

class Machine {
  private readonly memory: ReadonlyMap<Buffer, StoredArray>;
  private readonly counters = new Map<Loop, number>();
  private readonly values = new Map<Expr, RegisterValue>();

  constructor(memory: ReadonlyMap<Buffer, StoredArray>) {
    this.memory = memory;
  }

  run(body: readonly Statement[]): void {
    for (const statement of body) {
      switch (statement.kind) {
        case "loop":
        case "vector-loop":
          this.iterate([statement.loop], () => this.run(statement.body));
          break;
        case "store":
          this.store(statement.buffer, statement.index, statement.value);
          break;
        case "reduce": {
          const { loops, operator, start, value, result } = statement;
          let total = asRegister(value.type, value.type === "i64" ? BigInt(start) : start);
          this.iterate(loops, () => {
            total = asRegister(value.type, joined(operator, total, this.evaluate(value)));
          });
          this.values.set(result, total);
          break;
        }
        default:
          statement satisfies never;
      }
    }
  }

  private iterate(loops: readonly Loop[], body: () => void): void {
    const [loop, ...inner] = loops;
    if (loop === undefined) {
      body();
      return;
    }
    for (let at = 0; at < loop.extent; at++) {
      this.counters.set(loop, at);
      this.iterate(inner, body);
    }
  }

  private store(buffer: Buffer, index: Affine, value: Expr): void {
    const array = known(this.memory.get(buffer), buffer.name);
    const at = Number(this.evaluate({ kind: "index", type: "i32", index }));
    if (at < 0 || at >= array.length) throw new Error(`a store at ${at} of ${array.length}`);
    const element = this.evaluate(value);
    if (array instanceof BigInt64Array) array[at] = BigInt(element);
    else array[at] = Number(element);
  }

  private evaluate(expr: Expr): RegisterValue {
    const around: Surroundings = {
      load: (buffer, index) => {
        const array = known(this.memory.get(buffer), buffer.name);
        if (index < 0 || index >= array.length) throw new Error(`a load at ${index} of ${array.length}`);
        return asRegister(numberTypeOf[buffer.elementType], array[index] ?? 0);
      },
      counters: this.counters,
      values: this.values,
    };
    return evaluateExpr(expr, around);
  }
}

function joined(operator: ReduceOperator, a: RegisterValue, b: RegisterValue): RegisterValue {
  if (typeof a === "bigint" && typeof b === "bigint") {
    if (operator === "add") return a + b;
    if (operator === "multiply") return a * b;
    return (operator === "minimum") === a < b ? a : b;
  }
  const [x, y] = [Number(a), Number(b)];
  if (operator === "add") return x + y;
  // Exact where the numbers are integers of 32 bits; rounded by whoever asks otherwise.
  if (operator === "multiply") return Number.isInteger(x) && Number.isInteger(y) ? x * y : x * y;
  return operator === "minimum" ? Math.min(x, y) : Math.max(x, y);
}
