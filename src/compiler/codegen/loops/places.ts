/**
 * Where elements are: indices as WebAssembly. Sums of outer counters are kept in locals where those counters are set, and
 * constants go into the memory instructions.
 */
import { known } from "../../../base/assert.ts";
import { type Code, get, i32, type Local, op } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";
import { type Affine, type Factor, rangeOf, type Term } from "./affine.ts";
import type { Bindings } from "./bindings.ts";
import { type Buffer, type Expr, storedBytes } from "./expr.ts";

/** A place in memory: the address of an instruction and its constant offset in bytes. */
export interface Address {
  readonly base: Code;
  readonly offset: number;
}

export class Places {
  private readonly builder: FunctionBuilder;
  private readonly bindings: Bindings;
  private readonly addresses: ReadonlyMap<Buffer, Local>;
  private readonly scalar: (value: Expr) => Code;

  /** `scalar` makes code of the values that indices depend on. */
  constructor(
    builder: FunctionBuilder,
    bindings: Bindings,
    addresses: ReadonlyMap<Buffer, Local>,
    scalar: (value: Expr) => Code,
  ) {
    this.builder = builder;
    this.bindings = bindings;
    this.addresses = addresses;
    this.scalar = scalar;
  }

  /**
   * How far apart neighbouring lanes are, in elements; undefined where that is not the same for all. The counter of a
   * vector loop is a multiple of 4 in the vector part, so a quotient by a multiple of 4 does not change within a vector.
   */
  laneStride(index: Affine): number | undefined {
    let stride = 0;
    for (const { factor, stride: by } of index.terms) {
      const inner = this.factorStride(factor);
      if (inner === undefined) return undefined;
      stride += by * inner;
    }
    return stride;
  }

  private factorStride(factor: Factor): number | undefined {
    const { bindings } = this;
    switch (factor.kind) {
      case "loop":
        return factor.loop === bindings.vectorLoop ? 1 : 0;
      case "value":
        return bindings.variesInLanes(factor.value) ? undefined : 0;
      case "quotient":
      case "remainder": {
        if (!bindings.indexVaries(factor.of)) return 0;
        if (!this.staysInFour(factor.of, factor.by)) return undefined;
        return factor.kind === "quotient" ? 0 : 1;
      }
      default:
        return factor satisfies never;
    }
  }

  /** Whether four neighbouring lanes lie in one multiple of `by`. */
  private staysInFour({ offset, terms }: Affine, by: number): boolean {
    if (by % 4 !== 0 || offset % 4 !== 0) return false;
    return terms.every(({ factor, stride }) =>
      factor.kind === "loop" && factor.loop === this.bindings.vectorLoop ? stride === 1 : stride % 4 === 0,
    );
  }

  /** The address of an element. Sums of outer counters are kept where those counters are set. */
  address(buffer: Buffer, index: Affine): Address {
    const bytes = storedBytes[buffer.elementType];
    const pointer = known(this.addresses.get(buffer), `address of ${buffer.name}`);
    const plus = this.constantPart(index);
    // A constant goes into the instruction, unless the rest of the sum could lie below the buffer or it is negative.
    const [least] = rangeOf({ offset: 0, terms: index.terms });
    const inInstruction = least >= 0 && plus >= 0;
    const base = this.sumOf(index.terms, bytes, pointer, inInstruction ? 0 : plus * bytes);
    return { base, offset: inInstruction ? plus * bytes : 0 };
  }

  /** The offset with the constant parts of the counters: unrolled copies differ in nothing else. */
  private constantPart({ offset, terms }: Affine): number {
    return terms.reduce(
      (total, { factor, stride }) =>
        factor.kind === "loop" ? total + stride * this.bindings.counterOf(factor.loop).plus : total,
      offset,
    );
  }

  /** pointer + sum of stride x bytes x factor, from the outermost factors to the innermost; each part sum is kept. */
  private sumOf(terms: readonly Term[], bytes: number, pointer: Local, constant: number): Code {
    const { bindings, builder } = this;
    const byDepth = terms
      .map((term) => ({ term, depth: Math.min(this.factorDepth(term.factor), builder.depth) }))
      .sort((a, b) => a.depth - b.depth);
    let code: Code = get(pointer);
    if (constant !== 0) code = op("i32.add", code, i32(constant));
    let key = `a${pointer.index}+${constant}`;
    byDepth.forEach(({ term, depth }, at) => {
      key += `|${term.stride}*${this.factorKey(term.factor)}`;
      const old = bindings.recall(key);
      if (old === undefined)
        code = op("i32.add", code, times(this.factorCode(term.factor), term.stride * bytes));
      else code = get(old.local);
      if (old !== undefined || byDepth[at + 1]?.depth === depth) return;
      const local = builder.local("i32", `${pointer.name}_at`);
      builder.emitAt(depth, { kind: "set", local, value: code });
      bindings.remember(key, { local, isVector: false, depth });
      code = get(local);
    });
    return code;
  }

  private factorDepth(factor: Factor): number {
    return this.bindings.depthOfIndex({ offset: 0, terms: [{ factor, stride: 1 }] });
  }

  private factorKey(factor: Factor): string {
    const { bindings } = this;
    switch (factor.kind) {
      case "loop":
        return `${bindings.counterOf(factor.loop).local.index}`;
      case "value":
        return bindings.keyOf(factor.value, "k");
      case "quotient":
      case "remainder":
        return `${factor.kind}(${this.affineKey(factor.of)},${factor.by})`;
      default:
        return factor satisfies never;
    }
  }

  private affineKey(affine: Affine): string {
    const terms = affine.terms.map(({ factor, stride }) => `${stride}*${this.factorKey(factor)}`);
    return `${this.constantPart(affine)}+${terms.join("+")}`;
  }

  private factorCode(factor: Factor): Code {
    switch (factor.kind) {
      case "loop":
        return get(this.bindings.counterOf(factor.loop).local);
      case "value":
        return this.scalar(factor.value);
      case "quotient":
      case "remainder":
        return this.keptFactor(factor);
      default:
        return factor satisfies never;
    }
  }

  private keptFactor(factor: Extract<Factor, { kind: "quotient" | "remainder" }>): Code {
    const { bindings, builder } = this;
    const key = `f${this.factorKey(factor)}`;
    const old = bindings.recall(key);
    if (old !== undefined) return get(old.local);
    const depth = Math.min(this.factorDepth(factor), builder.depth);
    const value = op(
      factor.kind === "quotient" ? "i32.div_u" : "i32.rem_u",
      this.indexCode(factor.of),
      i32(factor.by),
    );
    const local = builder.local("i32", factor.kind);
    builder.emitAt(depth, { kind: "set", local, value });
    bindings.remember(key, { local, isVector: false, depth });
    return get(local);
  }

  /** An index as an i32. */
  indexCode(index: Affine): Code {
    const constant = this.constantPart(index);
    let code: Code | undefined;
    for (const { factor, stride } of index.terms) {
      const term = times(this.factorCode(factor), stride);
      code = code === undefined ? term : op("i32.add", code, term);
    }
    if (code === undefined) return i32(constant);
    return constant === 0 ? code : op("i32.add", code, i32(constant));
  }
}

function times(code: Code, by: number): Code {
  if (by === 1) return code;
  const shift = Math.log2(by);
  return Number.isInteger(shift) ? op("i32.shl", code, i32(shift)) : op("i32.mul", code, i32(by));
}
