/**
 * Transposed convolution as ordinary ones. Output pixels whose position leaves the same remainder when divided by the
 * stride (a phase) see the same taps, at neighbouring input pixels: each phase is a convolution of stride 1 with part
 * of the taps in reversed order, whose results are every n-th pixel of the output. No zeros are multiplied.
 */
import type { ConvolutionSizes } from "./convolution-spec.ts";
import type { FilterView } from "./pack-filters.ts";
import type { Strides, Triple } from "./place.ts";

export interface TransposedSizes {
  readonly batch: number;
  readonly inputExtents: Triple;
  /** Output extents; output padding and stated shapes are in them. */
  readonly extents: Triple;
  readonly taps: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly padsBegin: Triple;
  readonly groups: number;
  readonly channelsPerGroup: number;
  readonly filtersPerGroup: number;
  readonly inputStrides: Strides;
  /** Elements from the input's address to its first pixel, which has the halo before it. */
  readonly inputOffset: number;
}

/** A convolution that computes part of the output, and what it takes of ONNX's weights (channel, filter, taps). */
export interface TransposedPhase {
  readonly sizes: ConvolutionSizes;
  /** For packFilters. Without taps it packs nothing: such pixels are start values only. */
  readonly filters: (weights: Float32Array) => FilterView;
}

export interface TransposedConvolution {
  /** Zeros that the kernels read around the input. */
  readonly halo: { readonly begin: Triple; readonly end: Triple };
  /** One kernel each, in any order or at once: they write different pixels, together all of them. */
  readonly phases: readonly TransposedPhase[];
}

export function transposedConvolution(spec: TransposedSizes): TransposedConvolution {
  const axes = ([0, 1, 2] as const).map((axis) => phasesOf(spec, axis));
  const [depth = [], height = [], width = []] = axes;
  const triples = depth.flatMap((z) => height.flatMap((y) => width.map((x) => [z, y, x] as const)));
  const most = (axis: 0 | 1 | 2, of: (phase: AxisPhase) => number): number =>
    Math.max(0, ...(axes[axis] ?? []).map(of));
  const before = ({ taps, firstInput }: AxisPhase): number => (taps === 0 ? 0 : -firstInput);
  const behind = (axis: 0 | 1 | 2): number =>
    most(axis, ({ taps, firstInput, count, dilation }) =>
      taps === 0 ? 0 : firstInput + count + (taps - 1) * dilation - spec.inputExtents[axis],
    );
  return {
    halo: {
      begin: [most(0, before), most(1, before), most(2, before)],
      end: [behind(0), behind(1), behind(2)],
    },
    phases: triples.map((axesOfPhase) => phaseOf(spec, axesOfPhase)),
  };
}

/** A phase of one axis. */
interface AxisPhase {
  /** Its first output position, and how many it has, a stride apart. */
  readonly origin: number;
  readonly count: number;
  readonly taps: number;
  /** The tap that meets the first input position, and how many taps to go back for the next one. */
  readonly lastTap: number;
  readonly tapStep: number;
  readonly firstInput: number;
  readonly dilation: number;
}

function phasesOf(spec: TransposedSizes, axis: 0 | 1 | 2): readonly AxisPhase[] {
  const [stride, dilation, pad] = [spec.strides[axis], spec.dilations[axis], spec.padsBegin[axis]];
  const common = greatestCommonDivisor(stride, dilation);
  const phases: AxisPhase[] = [];
  for (let origin = 0; origin < Math.min(stride, spec.extents[axis]); origin++) {
    // Output o gets input i through tap k where o + pad = i stride + k dilation.
    const taps = Array.from({ length: spec.taps[axis] }, (_, tap) => tap).filter(
      (tap) => (origin + pad - tap * dilation) % stride === 0,
    );
    const lastTap = taps.at(-1) ?? 0;
    phases.push({
      origin,
      count: Math.ceil((spec.extents[axis] - origin) / stride),
      taps: taps.length,
      lastTap,
      tapStep: stride / common,
      firstInput: (origin + pad - lastTap * dilation) / stride,
      dilation: dilation / common,
    });
  }
  return phases;
}

function phaseOf(spec: TransposedSizes, axes: readonly [AxisPhase, AxisPhase, AxisPhase]): TransposedPhase {
  const triple = (of: (phase: AxisPhase) => number): Triple => [of(axes[0]), of(axes[1]), of(axes[2])];
  const isEmpty = axes.some(({ taps }) => taps === 0);
  const { inputStrides, taps } = spec;
  const [z, y, x] = triple(({ firstInput }) => firstInput);
  const offset = z * inputStrides.z + y * inputStrides.y + x * inputStrides.x;
  const sizes: ConvolutionSizes = {
    batch: spec.batch,
    extents: triple(({ count }) => count),
    taps: isEmpty ? [0, 0, 0] : triple((phase) => phase.taps),
    strides: [1, 1, 1],
    dilations: triple(({ dilation }) => dilation),
    groups: spec.groups,
    channelsPerGroup: spec.channelsPerGroup,
    filtersPerGroup: spec.filtersPerGroup,
    inputStrides,
    inputOffset: isEmpty ? 0 : spec.inputOffset + offset,
    outputGrid: { origins: triple(({ origin }) => origin), steps: spec.strides },
  };
  const filters = (data: Float32Array): FilterView => {
    const tapStrides = [taps[1] * taps[2], taps[2], 1] as const;
    const count = taps[0] * taps[1] * taps[2];
    const step = (axis: 0 | 1 | 2): number => -axes[axis].tapStep * tapStrides[axis];
    return {
      data,
      offset: axes.reduce((sum, { lastTap }, axis) => sum + lastTap * (tapStrides[axis] ?? 0), 0),
      strides: {
        group: spec.channelsPerGroup * spec.filtersPerGroup * count,
        filter: count,
        channel: spec.filtersPerGroup * count,
        z: step(0),
        y: step(1),
        x: step(2),
      },
    };
  };
  return { sizes, filters };
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}
