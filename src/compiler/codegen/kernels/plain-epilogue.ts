/** The simplest epilogue: bias from memory, an activation, a store with strides. For tests, and an example to follow. */
import { type Code, f32x4, get, type Local, load, op, set } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";
import { storeLanes, sum, times } from "./address.ts";
import type { Epilogue, KernelHead, Place, Strides } from "./place.ts";

export interface PlainEpilogue {
  /** Elements from one pixel, line, ... of the output to the next. */
  readonly strides: Strides;
  /** A vector of floats per filter, padded with anything to whole vectors. */
  readonly bias: boolean;
  readonly relu: boolean;
}

/** Addresses: output, then bias if there is one. */
export function plainEpilogue(spec: PlainEpilogue): Pick<KernelHead, "addresses" | "epilogue"> {
  return {
    addresses: spec.bias ? ["output", "bias"] : ["output"],
    epilogue: (builder, [output, bias]) => {
      if (output === undefined) throw new Error("internal: an epilogue without an output");
      return new Plain(builder, spec, output, bias);
    },
  };
}

class Plain implements Epilogue {
  private readonly builder: FunctionBuilder;
  private readonly spec: PlainEpilogue;
  private readonly output: Local;
  private readonly bias: Local | undefined;
  private readonly pointers = new Map<string, Local>();

  constructor(builder: FunctionBuilder, spec: PlainEpilogue, output: Local, bias: Local | undefined) {
    this.builder = builder;
    this.spec = spec;
    this.output = output;
    this.bias = bias;
  }

  emitStart({ filter, vector, depths }: Place): Code | undefined {
    const { bias } = this;
    if (bias === undefined) return undefined;
    const pointer = this.pointer("bias_at", [filter], depths.filter, () =>
      sum(get(bias), times(get(filter), 4)),
    );
    return load("v128.load", get(pointer), 16 * vector);
  }

  emitStore(place: Place, value: Code, lanes: number): void {
    const { batch, z, y, x, filter, depths } = place;
    const { strides, relu } = this.spec;
    const line = this.pointer("line_at", [batch, z, y], Math.max(depths.batch, depths.z, depths.y), () =>
      sum(
        get(this.output),
        times(get(batch), 4 * strides.batch),
        times(get(z), 4 * strides.z),
        times(get(y), 4 * strides.y),
      ),
    );
    const pixel = this.pointer("pixel_at", [line, x, filter], Math.max(...Object.values(depths)), () =>
      sum(get(line), times(get(x), 4 * strides.x), times(get(filter), 4)),
    );
    // pmax(NaN, 0) is NaN: it asks whether the first is smaller.
    const result = relu ? op("f32x4.pmax", value, f32x4(0)) : value;
    const offset = 4 * strides.x * place.row + 16 * place.vector;
    if (lanes === 3 && relu) {
      const local = this.builder.let("v128", "result", result);
      this.builder.emit(...storeLanes(get(pixel), get(local), lanes, offset));
    } else this.builder.emit(...storeLanes(get(pixel), result, lanes, offset));
  }

  /** The pointer that follows from these locals, computed once at the depth where the last of them is set. */
  private pointer(name: string, from: readonly Local[], depth: number, value: () => Code): Local {
    const key = [name, ...from.map(({ index }) => index)].join();
    const old = this.pointers.get(key);
    if (old !== undefined) return old;
    const pointer = this.builder.local("i32", name);
    this.builder.emitAt(depth, set(pointer, value()));
    this.pointers.set(key, pointer);
    return pointer;
  }
}
