/**
 * Packs constant weights for the convolution kernel when a network is compiled: panels of 4 * vectors filters, within
 * a panel the taps and channels in the order in which the kernel walks the input (z, y, x, channel), each with the
 * panel's filters side by side. Missing filters of the last vector are zero.
 */
import { type ConvolutionSizes, packedFloats, panelsOf, tileOf } from "./convolution-spec.ts";

/** Weights with any order of dimensions, in elements. */
export interface FilterView {
  readonly data: Float32Array;
  readonly offset: number;
  readonly strides: FilterStrides;
}

export interface FilterStrides {
  readonly group: number;
  /** Within a group. */
  readonly filter: number;
  readonly channel: number;
  readonly z: number;
  readonly y: number;
  readonly x: number;
}

/** ONNX's order of Conv: filters of all groups, channels, taps. Also Gemm's B with transB = 1. */
export function filtersFirst(sizes: ConvolutionSizes, data: Float32Array): FilterView {
  const [, height, width] = sizes.taps;
  const channel = sizes.taps[0] * height * width;
  const filter = channel * sizes.channelsPerGroup;
  const group = filter * sizes.filtersPerGroup;
  return { data, offset: 0, strides: { group, filter, channel, z: height * width, y: width, x: 1 } };
}

/** A row-major K x N matrix: MatMul's B, and Gemm's with transB = 0. */
export function filtersLast(sizes: ConvolutionSizes, data: Float32Array): FilterView {
  return {
    data,
    offset: 0,
    strides: { group: 0, filter: 1, channel: sizes.filtersPerGroup, z: 0, y: 0, x: 0 },
  };
}

export function packFilters(sizes: ConvolutionSizes, view: FilterView): Float32Array {
  const { groups, taps, channelsPerGroup, filtersPerGroup } = sizes;
  const { data, offset, strides } = view;
  const { vectors } = panelsOf(sizes, tileOf(sizes));
  const packed = new Float32Array(packedFloats(sizes));
  let at = 0;
  for (let group = 0; group < groups; group++) {
    for (let first = 0; first < filtersPerGroup; first += 4 * vectors) {
      const filters = Math.min(4 * vectors, filtersPerGroup - first);
      const width = 4 * Math.ceil(filters / 4);
      for (let z = 0; z < taps[0]; z++) {
        for (let y = 0; y < taps[1]; y++) {
          for (let x = 0; x < taps[2]; x++) {
            let from = offset + group * strides.group + first * strides.filter;
            from += z * strides.z + y * strides.y + x * strides.x;
            for (let channel = 0; channel < channelsPerGroup; channel++) {
              for (let filter = 0; filter < filters; filter++) {
                packed[at + filter] = data[from + filter * strides.filter] ?? 0;
              }
              at += width;
              from += strides.channel;
            }
          }
        }
      }
    }
  }
  return packed;
}
