/**
 * Random loop nests for tests: loads and stores of every stored type, reductions, indices with quotients, remainders and
 * computed places. Numbers are small whole ones, so that sums of floats are exact in any order.
 */
import { known } from "../../../base/assert.ts";
import type { RandomSource } from "../../../base/random.ts";
import {
  type Affine,
  dot,
  type Loop,
  loopAffine,
  quotient,
  rangeOf,
  remainder,
  scale,
  sum,
  valueAffine,
} from "../loops/affine.ts";
import {
  type BinaryOperator,
  type Buffer,
  binary,
  type CompareOperator,
  compare,
  constant,
  convert,
  type Expr,
  indexOf,
  loadOf,
  type NumberType,
  numberTypeOf,
  type StoredType,
  select,
  type UnaryOperator,
  unary,
} from "../loops/expr.ts";
import { type ReduceOperator, reductionResult, type Statement } from "../loops/nest.ts";
import { type StoredArray, storedArrays } from "../loops/stored-arrays.ts";
import { inRange, isFloat } from "../operators/values.ts";

export interface RandomNest {
  readonly body: readonly Statement[];
  /** The kernel's buffers with their elements before it runs. */
  readonly memory: ReadonlyMap<Buffer, StoredArray>;
}

const storedTypes = Object.keys(storedArrays) as readonly StoredType[];
const numberTypes: readonly NumberType[] = ["f32", "f32", "i32", "f64", "i64"];
const unaries: readonly UnaryOperator[] = ["negate", "absolute"];
const binaries: readonly BinaryOperator[] = ["add", "subtract", "multiply", "minimum", "maximum"];
const integerBinaries: readonly BinaryOperator[] = ["and", "or", "xor", "shiftLeft", "shiftRight"];
const comparisons: readonly CompareOperator[] = [
  ...(["equal", "notEqual", "less", "lessOrEqual", "greater", "greaterOrEqual"] as const),
];
const extents = [1, 2, 3, 4, 5, 7, 8, 11, 16, 17, 19, 20, 33];
/** Of loops around others, so that the oracle is done soon. */
const outerExtents = [1, 2, 3, 5];

export function randomNest(random: RandomSource): RandomNest {
  return new Generator(random).nest();
}

class Generator {
  private readonly random: RandomSource;
  private readonly memory = new Map<Buffer, StoredArray>();
  private readonly results: Expr[] = [];

  constructor(random: RandomSource) {
    this.random = random;
  }

  nest(): RandomNest {
    const outer = this.loops("i", this.below(3));
    const isAlong = this.below(2) === 0;
    const inner = this.loops("j", 1)[0];
    if (inner === undefined) throw new Error("no loop");
    const reduced = this.loops("k", 1 + this.below(2));
    const all = isAlong ? outer : [...outer, inner];
    const body: Statement[] = [];
    // Reductions run before the inner loop, or inside it in each lane.
    if (this.below(2) === 0) body.push(this.reduction(all, reduced));
    const stores = Array.from({ length: 1 + this.below(2) }, () => this.store([...outer, inner]));
    const rowStores = isAlong && this.below(2) === 0 ? [this.store(outer)] : [];
    const kind = this.below(4) === 0 ? "loop" : "vector-loop";
    const inside: readonly Statement[] = isAlong
      ? [...body, ...rowStores, { kind, loop: inner, body: stores }]
      : [{ kind, loop: inner, body: [...body, ...stores] }];
    const nest = outer.reduceRight<readonly Statement[]>(
      (statements, loop) => [{ kind: "loop", loop, body: statements }],
      inside,
    );
    return { body: nest, memory: this.memory };
  }

  private below(bound: number): number {
    return this.random.below(bound);
  }

  private pick<T>(items: readonly T[]): T {
    return known(items[this.below(items.length)], "item");
  }

  private loops(name: string, count: number): readonly Loop[] {
    return Array.from({ length: count }, (_, at) => ({
      name: `${name}${at}`,
      extent: this.pick(at === count - 1 && name !== "i" ? extents : outerExtents),
    }));
  }

  private reduction(around: readonly Loop[], loops: readonly Loop[]): Statement {
    const type = this.pick(numberTypes);
    const operator = this.pick<ReduceOperator>(["add", "minimum", "maximum"]);
    const start = operator === "add" ? 0 : operator === "minimum" ? 1000 : -1000;
    const value = this.expr(type, [...around, ...loops], 2);
    const result = reductionResult(type, "total");
    this.results.push(result);
    return { kind: "reduce", loops, operator, start, value, result };
  }

  /** Each iteration stores at a place of its own, with gaps and in any order of the loops. */
  private store(loops: readonly Loop[]): Statement {
    const elementType = this.pick(storedTypes);
    const order = loops
      .map((loop) => ({ loop, key: this.random.uniform() }))
      .sort((a, b) => (this.below(3) === 0 ? a.key - b.key : 0))
      .map(({ loop }) => loop);
    let stride = this.pick([1, 1, 1, 2]);
    const strides = new Map<Loop, number>();
    for (const loop of [...order].reverse()) {
      strides.set(loop, stride);
      stride *= loop.extent + this.below(2);
    }
    const offset = this.below(4);
    const index = dot(
      loops.map(loopAffine),
      loops.map((loop) => known(strides.get(loop), "stride")),
      offset,
    );
    const buffer = this.buffer(elementType, rangeOf(index)[1] + 1);
    const value = inRange(this.expr(numberTypeOf[elementType], loops, 3), elementType);
    return { kind: "store", buffer, index, value };
  }

  private buffer(elementType: StoredType, count: number): Buffer {
    const buffer: Buffer = { name: `b${this.memory.size}`, elementType };
    const isUnsigned = elementType.startsWith("u") || elementType === "bool";
    const numbers = Array.from({ length: count }, () => {
      if (elementType === "bool") return this.below(2);
      return isUnsigned ? this.below(9) : this.below(17) - 8;
    });
    const elements =
      elementType === "int64" ? BigInt64Array.from(numbers, BigInt) : storedArrays[elementType].from(numbers);
    this.memory.set(buffer, elements);
    return buffer;
  }

  private load(elementType: StoredType, loops: readonly Loop[]): Expr {
    const index = this.index(loops);
    const [low, high] = rangeOf(index);
    const moved = sum(index, { offset: -Math.min(low, 0), terms: [] });
    return loadOf(this.buffer(elementType, high - Math.min(low, 0) + 1), moved);
  }

  /** A sum of counters and of quotients and remainders of such sums. */
  private index(loops: readonly Loop[], depth = 2): Affine {
    const plain = (): Affine => {
      const strides = loops.map(({ extent }) => this.pick([0, 1, 1, extent, 4, 2]));
      return dot(loops.map(loopAffine), strides, this.below(5));
    };
    const way = this.below(depth === 0 ? 3 : 7);
    if (way < 3) return plain();
    if (way === 3) return sum(quotient(plain(), this.pick([2, 3, 4, 8])), plain());
    if (way === 4) return scale(remainder(plain(), this.pick([2, 3, 4, 8])), this.pick([1, 1, 3]));
    if (way === 5) return sum(this.index(loops, depth - 1), scale(loopOf(this.pickLoop(loops)), -1));
    const extent = 1 + this.below(6);
    const place = this.load("int32", loops);
    const low = binary("maximum", place, constant("i32", 0));
    return sum(plain(), valueAffine(binary("minimum", low, constant("i32", extent - 1)), extent));
  }

  private pickLoop(loops: readonly Loop[]): Loop | undefined {
    return loops.length === 0 ? undefined : this.pick(loops);
  }

  private expr(type: NumberType, loops: readonly Loop[], depth: number): Expr {
    if (depth === 0) return this.leaf(type, loops);
    const again = (of: NumberType = type): Expr => this.expr(of, loops, depth - 1);
    switch (this.below(8)) {
      case 0:
        return this.leaf(type, loops);
      case 1:
        return unary(this.pick([...unaries, isFloat(type) ? "floor" : "bitNot"]), again());
      case 2: {
        const of = this.pick(numberTypes);
        return select(compare(this.pick(comparisons), again(of), again(of)), again(), again());
      }
      case 3:
        return convert(type, again(this.pick(numberTypes)));
      case 4: {
        // The same object twice.
        const shared = again();
        return binary("add", shared, binary("multiply", shared, this.leaf(type, loops)));
      }
      case 5: {
        if (type !== "i32" && type !== "i64") return again();
        const operator = this.pick(integerBinaries);
        const isShift = operator.startsWith("shift");
        return binary(operator, again(), isShift ? constant(type, this.below(5)) : again());
      }
      default:
        return binary(
          this.pick(binaries),
          again(),
          this.below(3) === 0 ? constant(type, this.below(5) - 2) : again(),
        );
    }
  }

  private leaf(type: NumberType, loops: readonly Loop[]): Expr {
    const results = this.results.filter((result) => result.type === type);
    const way = this.below(8);
    if (way < 2 && results.length > 0) return this.pick(results);
    if (way === 2) return constant(type, this.below(7) - 3);
    if (way === 3) return convert(type, indexOf(this.index(loops)));
    const stored = storedTypes.filter((stored) => numberTypeOf[stored] === type);
    return this.load(this.pick(stored), loops);
  }
}

function loopOf(loop: Loop | undefined): Affine {
  return loop === undefined ? { offset: 0, terms: [] } : loopAffine(loop);
}
