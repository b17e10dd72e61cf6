/** A function in the making: parameters, locals, statements. */
import {
  type Callee,
  type Code,
  get,
  i32,
  increase,
  type Local,
  label,
  op,
  set,
  type WasmType,
} from "./code.ts";

export interface WasmFunction extends Callee {
  readonly parameters: readonly Local[];
  /** The locals after the parameters. */
  readonly locals: readonly Local[];
  readonly body: readonly Code[];
  readonly exported: boolean;
}

/** Collects one function; `build` ends it. */
export class FunctionBuilder {
  readonly name: string;
  private readonly result: WasmType | undefined;
  private readonly parameters: Local[] = [];
  private readonly locals: Local[] = [];
  private readonly names = new Map<string, number>();
  private bodies: Code[][] = [[]];

  constructor(name: string, result?: WasmType) {
    this.name = name;
    this.result = result;
  }

  /** A parameter; all come before the first local. */
  parameter(type: WasmType, name: string): Local {
    if (this.locals.length > 0) throw new Error("internal: a parameter after a local");
    const local = { type, name: this.fresh(name), index: this.parameters.length };
    this.parameters.push(local);
    return local;
  }

  local(type: WasmType, name: string): Local {
    const index = this.parameters.length + this.locals.length;
    const local = { type, name: this.fresh(name), index };
    this.locals.push(local);
    return local;
  }

  /** A new local with this value. */
  let(type: WasmType, name: string, value: Code): Local {
    const local = this.local(type, name);
    this.emit(set(local, value));
    return local;
  }

  emit(...statements: readonly Code[]): void {
    this.bodies.at(-1)?.push(...statements);
  }

  /** How many lists of statements are open: 0 in the function's own body. */
  get depth(): number {
    return this.bodies.length - 1;
  }

  /** Emits into a list around the current one, before the loop that is being made: what does not change in the loop. */
  emitAt(depth: number, ...statements: readonly Code[]): void {
    this.bodies[depth]?.push(...statements);
  }

  /** What `fill` emits, as a list of its own. */
  collect(fill: () => void): readonly Code[] {
    this.bodies.push([]);
    fill();
    return this.bodies.pop() ?? [];
  }

  /**
   * for (counter = from; counter + step <= to; counter += step) body; afterwards the counter is where a tail goes on.
   * The first test is made before the loop, so the body may run no time.
   */
  forSteps(counter: Local, to: Code, step: number, body: () => void): void {
    const again = label(`${counter.name}_loop`);
    const inside = this.collect(body);
    const fits = (): Code =>
      step === 1
        ? op("i32.lt_s", get(counter), to)
        : op("i32.le_s", op("i32.add", get(counter), i32(step)), to);
    this.emit({
      kind: "if",
      condition: fits(),
      yes: [
        {
          kind: "loop",
          label: again,
          body: [
            ...inside,
            increase(counter, i32(step)),
            { kind: "branch", label: again, condition: fits() },
          ],
        },
      ],
      no: [],
    });
  }

  when(condition: Code, then: () => void, otherwise?: () => void): void {
    const inside = this.collect(then);
    this.emit({ kind: "if", condition, yes: inside, no: otherwise ? this.collect(otherwise) : [] });
  }

  build(exported = false): WasmFunction {
    const { name, result, parameters, locals } = this;
    return { name, result, parameters, locals, body: this.bodies[0] ?? [], exported };
  }

  private fresh(name: string): string {
    const count = this.names.get(name) ?? 0;
    this.names.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}
