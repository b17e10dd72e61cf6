/**
 * Packs constant weights for the convolution kernel when a network is compiled: panels of 4 * vectors filters, within
 * a panel the taps and channels in the order in which the kernel walks the input (z, y, x, channel), each with the
 * panel's filters side by side. Missing filters of the last vector are zero.
 */
import { type ConvolutionSizes, type Panels, packedFloats, panelsOf, tileOf } from "./convolution-spec.ts";

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

/** Filters and channels that are read together, so that what is fetched is used while it is near: a line of each filter. */
const channelsPerBlock = 16;
/** Panels that are filled side by side where a channel's filters are neighbours. */
const panelsPerBlock = 32;

/** Packs into memory that is zero. */
export function packFilters(
  sizes: ConvolutionSizes,
  view: FilterView,
  packed: Float32Array = new Float32Array(packedFloats(sizes)),
): Float32Array {
  const panels = panelsOf(sizes, tileOf(sizes));
  const taps = tapOffsets(sizes, view.strides);
  const pack = view.strides.filter === 1 ? packRows : packColumns;
  for (let group = 0; group < sizes.groups; group++) {
    const from = view.offset + group * view.strides.group;
    pack({ sizes, panels, view, from, taps, packed, at: group * panels.groupFloats });
  }
  return packed;
}

/** Where each tap's weights begin, in the order of the kernel. */
function tapOffsets({ taps }: ConvolutionSizes, strides: FilterStrides): readonly number[] {
  const offsets: number[] = [];
  for (let z = 0; z < taps[0]; z++) {
    for (let y = 0; y < taps[1]; y++) {
      for (let x = 0; x < taps[2]; x++) offsets.push(z * strides.z + y * strides.y + x * strides.x);
    }
  }
  return offsets;
}

/** The filters of one group. */
interface PackedGroup {
  readonly sizes: ConvolutionSizes;
  readonly panels: Panels;
  readonly view: FilterView;
  /** The first filter's first channel. */
  readonly from: number;
  readonly taps: readonly number[];
  readonly packed: Float32Array;
  /** Where the group's panels begin. */
  readonly at: number;
}

/** Filters that are neighbours: channel after channel is read, and many panels are written. */
function packRows({ sizes, panels, view, from, taps, packed, at }: PackedGroup): void {
  const { channelsPerGroup, filtersPerGroup } = sizes;
  const { data, strides } = view;
  const width = 4 * panels.vectors;
  for (let first = 0; first < panels.count; first += panelsPerBlock) {
    const after = Math.min(panels.count, first + panelsPerBlock);
    let k = 0;
    for (const tap of taps) {
      for (let channel = 0; channel < channelsPerGroup; channel++, k++) {
        for (let panel = first; panel < after; panel++) {
          const isLast = panel === panels.count - 1;
          const filters = isLast ? filtersPerGroup - panel * width : width;
          const to = at + panel * panels.floats + k * (isLast ? 4 * panels.lastVectors : width);
          const source = from + tap + channel * strides.channel + panel * width;
          for (let filter = 0; filter < filters; filter++) packed[to + filter] = data[source + filter] ?? 0;
        }
      }
    }
  }
}

/** Filters that are far from each other: a block of channels of each is turned. */
function packColumns(group: PackedGroup): void {
  const { sizes, panels, taps, from, at } = group;
  const { channelsPerGroup, filtersPerGroup } = sizes;
  const { filter: filterStep, channel: channelStep } = group.view.strides;
  const width = 4 * panels.vectors;
  for (let panel = 0; panel < panels.count; panel++) {
    const isLast = panel === panels.count - 1;
    const filters = isLast ? filtersPerGroup - panel * width : width;
    const step = isLast ? 4 * panels.lastVectors : width;
    for (let first = 0; first < channelsPerGroup; first += channelsPerBlock) {
      const channels = Math.min(channelsPerGroup - first, channelsPerBlock);
      taps.forEach((tap, tapAt) => {
        const source = from + panel * width * filterStep + first * channelStep + tap;
        const to = at + panel * panels.floats + (tapAt * channelsPerGroup + first) * step;
        turnBlock(group, { source, to, filters, channels, step });
      });
    }
  }
}

interface TurnedBlock {
  readonly source: number;
  readonly to: number;
  readonly filters: number;
  readonly channels: number;
  /** Floats of the panel from one channel to the next. */
  readonly step: number;
}

function turnBlock(
  { view, packed }: PackedGroup,
  { source, to, filters, channels, step }: TurnedBlock,
): void {
  const { data } = view;
  const { filter: filterStep, channel: channelStep } = view.strides;
  for (let filter = 0; filter < filters; filter++) {
    let from = source + filter * filterStep;
    let at = to + filter;
    for (let channel = 0; channel < channels; channel++) {
      packed[at] = data[from] ?? 0;
      from += channelStep;
      at += step;
    }
  }
}
