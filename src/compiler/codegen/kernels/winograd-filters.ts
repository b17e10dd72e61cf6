/**
 * The filters of Winograd's convolution: 36 matrices from 3 x 3 weights (G g G^T of the paper). That is done in the memory
 * before the first run and not when a network is compiled, so that files hold 9 numbers for each 36 and the transform runs
 * on vectors: weights are packed into the panels of the products already, so neighbours are neighbours in both.
 */
import { type Code, f32x4, get, i32, increase, type Local, load, op, set, store } from "../wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "../wasm/function-builder.ts";
import { doWhile, multiplyAdd, sum, times } from "./address.ts";
import { type ConvolutionSizes, packedFloats, panelsOf, tileOf } from "./convolution-spec.ts";
import { filtersFirst, packFilters } from "./pack-filters.ts";
import { planWinograd } from "./winograd.ts";

const taps = 9;
const points = 6;

/** The weights as panels, each with the panel's nine taps one after another: not transformed yet. */
function tapSizes(sizes: ConvolutionSizes): ConvolutionSizes {
  return { ...planWinograd(sizes).product, taps: [1, 3, 3] };
}

/** Floats of the packed weights before they are transformed. */
export function winogradWeightFloats(sizes: ConvolutionSizes): number {
  return packedFloats(tapSizes(sizes));
}

/** Packs ONNX's weights (filter, channel, 3, 3) for `winogradFilters`. */
export function packWinograd(
  sizes: ConvolutionSizes,
  weights: Float32Array,
  packed?: Float32Array,
): Float32Array {
  const tapped = tapSizes(sizes);
  return packFilters(tapped, filtersFirst(tapped, weights), packed);
}

/** Addresses: packed weights, transformed filters. A unit is a panel. */
export function winogradFilters(
  name: string,
  sizes: ConvolutionSizes,
  relaxed: boolean,
): { readonly function: WasmFunction; readonly units: number } {
  const { product, packedFloats: total } = planWinograd(sizes);
  const panels = panelsOf(product, tileOf(product));
  const planeBytes = (4 * total) / points ** 2;
  const builder = new FunctionBuilder(name);
  const weights = builder.parameter("i32", "weights");
  const filters = builder.parameter("i32", "filters");
  const [from, to] = [builder.parameter("i32", "from"), builder.parameter("i32", "to")];
  const panel = builder.let("i32", "panel", get(from));
  builder.forSteps(panel, get(to), 1, () => {
    const first = builder.let("i32", "in", sum(get(weights), times(get(panel), 4 * taps * panels.floats)));
    const out = builder.let("i32", "out", sum(get(filters), times(get(panel), 4 * panels.floats)));
    const tapBytes = builder.let("i32", "tap_bytes", i32(16 * panels.vectors * sizes.channelsPerGroup));
    const isLast = op("i32.eq", get(panel), i32(panels.count - 1));
    builder.when(isLast, () =>
      builder.emit(set(tapBytes, i32(16 * panels.lastVectors * sizes.channelsPerGroup))),
    );
    const after = builder.let("i32", "after", sum(get(first), get(tapBytes)));
    const body = (): void => {
      const at = builder.let("i32", "tap", get(first));
      const nine = Array.from({ length: taps }, (_, tap) => {
        if (tap > 0) builder.emit(set(at, sum(get(at), get(tapBytes))));
        return builder.let("v128", "weight", load("v128.load", get(at)));
      });
      const columns = [0, 1, 2].map((x) => transform(builder, relaxed, [nine[x], nine[3 + x], nine[6 + x]]));
      for (let y = 0; y < points; y++) {
        const row = transform(builder, relaxed, [columns[0]?.[y], columns[1]?.[y], columns[2]?.[y]]);
        row.forEach((value, x) => {
          builder.emit(store("v128.store", get(out), get(value), (points * y + x) * planeBytes));
        });
      }
      builder.emit(increase(first, i32(16)), increase(out, i32(16)));
    };
    doWhile(builder, "vectors", body, () => op("i32.lt_u", get(first), get(after)));
  });
  return { function: builder.build(true), units: panels.count };
}

const root = Math.SQRT2;

/**
 * G of the paper for the points 0, +-1/sqrt 2, +-sqrt 2, infinity times three values: rows (1, 0, 0),
 * (-2/3, -+ sqrt 2 / 3, -1/3), (1/6, +- sqrt 2 / 6, 1/3), (0, 0, 1).
 */
function transform(
  builder: FunctionBuilder,
  relaxed: boolean,
  values: readonly (Local | undefined)[],
): readonly Local[] {
  const [a, b, c] = values;
  if (a === undefined || b === undefined || c === undefined) throw new Error("internal: three values");
  const keep = (value: Code): Local => builder.let("v128", "t", value);
  const scaled = (value: Local, factor: number): Code => op("f32x4.mul", get(value), f32x4(factor));
  const plus = (value: Local, factor: number, other: Code): Code =>
    multiplyAdd(relaxed, get(value), f32x4(factor), other);
  const near = keep(plus(a, -2 / 3, scaled(c, -1 / 3)));
  const far = keep(plus(a, 1 / 6, scaled(c, 1 / 3)));
  return [
    a,
    keep(plus(b, -root / 3, get(near))),
    keep(plus(b, root / 3, get(near))),
    keep(plus(b, root / 6, get(far))),
    keep(plus(b, -root / 6, get(far))),
    c,
  ];
}
