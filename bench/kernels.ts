/**
 * How fast the heavy kernels are, in GFLOP/s of one thread (two for each multiply-accumulate), beside the most that
 * this core can do. All candidates take turns in one process, so that a busy machine slows all of them; best and
 * median of the rounds are printed.
 *
 *   npx tsdown --config tsdown.bench.config.ts && node out/bench/kernels.js [word of a case] [rounds]
 */
import { setFlagsFromString } from "node:v8";
import { type AttentionSizes, attention, planAttention } from "../src/compiler/codegen/kernels/attention.ts";
import { convolution } from "../src/compiler/codegen/kernels/convolution.ts";
import type { ConvolutionSizes } from "../src/compiler/codegen/kernels/convolution-spec.ts";
import { depthwise, packDepthwise } from "../src/compiler/codegen/kernels/depthwise.ts";
import { filtersFirst, packFilters } from "../src/compiler/codegen/kernels/pack-filters.ts";
import { packPanels } from "../src/compiler/codegen/kernels/pack-panels.ts";
import { plainEpilogue } from "../src/compiler/codegen/kernels/plain-epilogue.ts";
import { pool } from "../src/compiler/codegen/kernels/pool.ts";
import {
  bytesOf,
  type ConvolutionShape,
  convolutionInput,
  convolutionOutput,
  macsOf,
  sizesOf,
  weightCount,
} from "../src/compiler/codegen/kernels/testing/convolution-case.ts";
import { KernelMemory } from "../src/compiler/codegen/kernels/testing/kernel-memory.ts";
import { peakFunction } from "../src/compiler/codegen/kernels/testing/peak.ts";
import { randomFloats } from "../src/compiler/codegen/kernels/testing/random-floats.ts";
import {
  type Prepared,
  prepareDirect,
  prepareWinograd,
} from "../src/compiler/codegen/kernels/testing/run-convolution.ts";
import type { Tile } from "../src/compiler/codegen/kernels/tile.ts";
import { f32x4, op } from "../src/compiler/codegen/wasm/code.ts";

// New code starts in V8's fast compiler, which makes slow SIMD; and Node 20 has relaxed SIMD behind a flag.
setFlagsFromString("--no-liftoff");
if (Number(process.versions.node.split(".")[0]) < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");

interface Candidate {
  readonly group: string;
  readonly name: string;
  readonly flops: number;
  readonly run: () => void;
  readonly samples: number[];
}

const only = process.argv[2] ?? "";
const rounds = Number(process.argv[3] ?? 9);
const candidates: Candidate[] = [];

function add(group: string, name: string, flops: number, prepare: () => () => void): void {
  if (!group.includes(only) && group !== "peak") return;
  candidates.push({ group, name, flops, run: prepare(), samples: [] });
}

for (const relaxed of [false, true]) {
  const steps = 100_000;
  const peak = peakFunction(relaxed);
  add("peak", relaxed ? "fused" : "multiply+add", 2 * peak.macsPerStep * steps, () => {
    const run = new KernelMemory(0).bind([peak.function]).peak;
    return () => run?.(steps);
  });
}

const plain: ConvolutionShape = {
  batch: 1,
  extents: [1, 56, 56],
  taps: [1, 3, 3],
  strides: [1, 1, 1],
  dilations: [1, 1, 1],
  groups: 1,
  channelsPerGroup: 64,
  filtersPerGroup: 64,
  inputGap: 0,
  outputGap: 0,
};
const matrix = (rows: number, depth: number, columns: number): ConvolutionShape => ({
  ...plain,
  extents: [1, 1, rows],
  taps: [1, 1, 1],
  channelsPerGroup: depth,
  filtersPerGroup: columns,
});

const shapes: Readonly<Record<string, ConvolutionShape>> = {
  "conv 3x3 64>64 56x56": plain,
  "conv 1x1 64>256 56x56": { ...plain, taps: [1, 1, 1], filtersPerGroup: 256 },
  "conv 1x1 256>64 56x56": { ...plain, taps: [1, 1, 1], channelsPerGroup: 256 },
  "conv 3x3 512>512 7x7": { ...plain, extents: [1, 7, 7], channelsPerGroup: 512, filtersPerGroup: 512 },
  "conv 3x3 256>256 14x14": { ...plain, extents: [1, 14, 14], channelsPerGroup: 256, filtersPerGroup: 256 },
  "conv 7x7/2 3>64 112x112": {
    ...plain,
    extents: [1, 112, 112],
    taps: [1, 7, 7],
    strides: [1, 2, 2],
    channelsPerGroup: 3,
  },
  "conv 3x3/2 3>32 112x112": {
    ...plain,
    extents: [1, 112, 112],
    strides: [1, 2, 2],
    channelsPerGroup: 3,
    filtersPerGroup: 32,
  },
  "matmul 512x512x512": matrix(512, 512, 512),
  "matmul 128x768x3072": matrix(128, 768, 3072),
  "matmul 1x2048x1000": matrix(1, 2048, 1000),
  "matmul 3x768x768": matrix(3, 768, 768),
  "matmul 512x64x1": matrix(512, 64, 1),
};

const tiles: readonly (readonly [number, number])[] = (process.argv[4] ?? "4x2,5x2,6x2,8x1,4x3,3x3")
  .split(",")
  .map((text) => [Number(text.split("x")[0]), Number(text.split("x")[1])] as const);

for (const [group, shape] of Object.entries(shapes)) {
  for (const relaxed of [false, true]) {
    const flavour = relaxed ? "fused" : "mul+add";
    addConvolution(group, `${flavour} default`, shape, relaxed);
    for (const [rows, vectors] of tiles) {
      addConvolution(group, `${flavour} ${rows}x${4 * vectors}`, shape, relaxed, { rows, vectors });
    }
  }
}

function addConvolution(
  group: string,
  name: string,
  shape: ConvolutionShape,
  relaxed: boolean,
  tile?: Tile,
): void {
  add(group, name, 2 * macsOf(shape), () => {
    const sizes = { ...sizesOf(shape), relaxed, ...(tile === undefined ? {} : { tile }) };
    const output = convolutionOutput(shape);
    const kernel = convolution({
      ...sizes,
      name: "kernel",
      ...plainEpilogue({ strides: output.strides, bias: true, relu: true }),
    });
    const memory = new KernelMemory(bytesOf(shape) + 65536);
    const weights = randomFloats(weightCount(shape), 1);
    const addresses = [
      memory.floats(randomFloats(convolutionInput(shape).length, 2)),
      memory.floats(packFilters(sizes, filtersFirst(sizes, weights))),
      memory.floats(output.length),
      memory.floats(shape.filtersPerGroup * shape.groups + 4),
    ].map(({ address }) => address);
    const run = memory.bind([kernel.function]).kernel;
    return () => run?.(...addresses, 0, kernel.units);
  });
}

const depthwiseShapes: Readonly<Record<string, ConvolutionShape>> = {
  "depthwise 3x3 128 56x56": { ...plain, groups: 128 },
  "depthwise 3x3/2 96 56x56": { ...plain, groups: 96, strides: [1, 2, 2] },
  "depthwise 5x5 240 14x14": { ...plain, groups: 240, taps: [1, 5, 5], extents: [1, 14, 14] },
  "depthwise 3x3 576 7x7": { ...plain, groups: 576, extents: [1, 7, 7] },
};

for (const [group, shape] of Object.entries(depthwiseShapes)) {
  for (const relaxed of [false, true]) {
    addDepthwise(group, relaxed ? "fused" : "mul+add", {
      ...shape,
      channelsPerGroup: 1,
      filtersPerGroup: 1,
      relaxed,
    });
  }
}

function addDepthwise(group: string, name: string, shape: ConvolutionShape & { relaxed: boolean }): void {
  add(group, name, 2 * macsOf(shape), () => {
    const sizes = { ...sizesOf(shape), channels: shape.groups };
    const output = convolutionOutput(shape);
    const epilogue = plainEpilogue({ strides: output.strides, bias: true, relu: true });
    const kernel = depthwise({ ...sizes, relaxed: shape.relaxed, name: "kernel", ...epilogue });
    const memory = new KernelMemory(bytesOf(shape) + 65536);
    const addresses = [
      memory.floats(randomFloats(convolutionInput(shape).length, 2)),
      memory.floats(packDepthwise(sizes, randomFloats(weightCount(shape), 1))),
      memory.floats(output.length),
      memory.floats(shape.groups + 4),
    ].map(({ address }) => address);
    const run = memory.bind([kernel.function]).kernel;
    return () => run?.(...addresses, 0, kernel.units);
  });
}

// FLOPs of the definition, so that figures compare.
for (const [size, channels] of [
  [56, 64],
  [28, 128],
  [14, 256],
  [7, 512],
] as const) {
  const shape = {
    ...plain,
    extents: [1, size, size],
    channelsPerGroup: channels,
    filtersPerGroup: channels,
  } as const;
  for (const relaxed of [false, true]) {
    const flavour = relaxed ? "fused" : "mul+add";
    const data = () => ({
      input: randomFloats(convolutionInput(shape).length, 1),
      weights: randomFloats(weightCount(shape), 2),
      bias: randomFloats(channels, 3),
      relu: true,
      relaxed,
    });
    const group = `winograd ${channels}>${channels} ${size}x${size}`;
    add(group, `${flavour} direct`, 2 * macsOf(shape), () => runnerOf(prepareDirect(shape, data())));
    add(group, `${flavour} winograd`, 2 * macsOf(shape), () => runnerOf(prepareWinograd(shape, data())));
    for (const at of [0, 1, 2]) {
      add(group, `${flavour} step ${at}`, 2 * macsOf(shape), () =>
        runnerOf(prepareWinograd(shape, data()), at),
      );
    }
  }
}

for (const length of [128, 512, 1024]) {
  for (const relaxed of [false, true]) {
    const flavour = relaxed ? "fused" : "mul+add";
    const sizes: AttentionSizes = {
      batch: 1,
      heads: 12,
      rows: length,
      columns: length,
      depth: 64,
      valueDepth: 64,
      queryStrides: { batch: 0, head: 64, row: 768 },
      queryOffset: 0,
    };
    addAttention(`attention 12 heads of 64, ${length} rows`, flavour, sizes, relaxed);
  }
}

function addAttention(group: string, name: string, sizes: AttentionSizes, relaxed: boolean): void {
  const { rows, columns, depth, heads } = sizes;
  const flops = 4 * heads * rows * columns * depth;
  add(group, name, flops, () => {
    const plan = planAttention(sizes, relaxed);
    const packed = [plan.keys, plan.values].map((product) => product.filterStrides?.batch ?? 0);
    const [keyFloats = 0, valueFloats = 0] = packed;
    const tensor = rows * heads * depth;
    const memory = new KernelMemory(4 * (5 * tensor + keyFloats + valueFloats + plan.scratchFloats) + 65536);
    const [queries, keys, values] = [1, 2, 3].map(
      (seed) => memory.floats(randomFloats(tensor, seed)).address,
    );
    const [panelsOfKeys, panelsOfValues] = packed.map((floats) => memory.floats(floats).address);
    const [scratch, output] = [plan.scratchFloats, tensor].map((floats) => memory.floats(floats).address);
    const kernel = attention({
      ...sizes,
      name: "attention",
      relaxed,
      zeroesNaN: false,
      scoreAddresses: [],
      scores: () => ({ emitScore: (_, value) => op("f32x4.mul", value, f32x4(0.125)) }),
      ...plainEpilogue({ strides: { batch: 0, z: 64, y: 0, x: 768 }, bias: false, relu: false }),
    });
    const row = heads * depth;
    const pack = (product: ConvolutionSizes, label: string, k: number, n: number) =>
      packPanels({
        name: label,
        sizes: product,
        strides: { batch: 0, z: depth, k, n },
        offset: 0,
      });
    const packKeys = pack(plan.keys, "keys", 1, row);
    const packValues = pack(plan.values, "values", row, 1);
    const run = memory.bind([packKeys.function, packValues.function, kernel.function]);
    return () => {
      run.keys?.(keys ?? 0, panelsOfKeys ?? 0, 0, packKeys.units);
      run.values?.(values ?? 0, panelsOfValues ?? 0, 0, packValues.units);
      const addresses = [queries, panelsOfKeys, panelsOfValues, scratch, output].map((at) => at ?? 0);
      run.attention?.(...addresses, 0, kernel.units);
    };
  });
}

// Additions or comparisons, one for each tap.
for (const kind of ["max", "average"] as const) {
  const shape = { ...plain, groups: 64, channelsPerGroup: 1, filtersPerGroup: 1 };
  const extents = [1, 56, 56] as const;
  add(`pool ${kind} 3x3/2 64 112x112`, "pool", 9 * 64 * 56 * 56, () => {
    const memory = new KernelMemory(4 * 64 * (112 * 112 + 56 * 56) + 65536);
    const input = memory.floats(randomFloats(64 * 112 * 112, 1)).address;
    const output = memory.floats(64 * 56 * 56).address;
    const kernel = pool({
      ...shape,
      kind,
      name: "kernel",
      relaxed: false,
      inputExtents: [1, 112, 112],
      extents,
      window: [1, 3, 3],
      strides: [1, 2, 2],
      padsBegin: [0, 1, 1],
      padsEnd: [0, 1, 1],
      countIncludePad: false,
      channels: 64,
      inputStrides: { batch: 0, z: 0, y: 64 * 112, x: 64 },
      inputOffset: 0,
      ...plainEpilogue({ strides: { batch: 0, z: 0, y: 64 * 56, x: 64 }, bias: false, relu: false }),
    });
    const run = memory.bind([kernel.function]).kernel;
    return () => run?.(input, output, 0, kernel.units);
  });
}

function runnerOf({ memory, steps }: Prepared, only?: number): () => void {
  const bound = steps
    .filter((_, at) => only === undefined || at === only)
    .map(({ kernel, addresses }) => {
      const run = memory.bind([kernel.function])[kernel.function.name];
      return () => run?.(...addresses, 0, kernel.units);
    });
  return () => {
    for (const run of bound) run();
  };
}

// Time on the processor, not on the clock: what other processes take is not counted.
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const millisecondsPerSample = 10;
const runsPerSample = new Map<Candidate, number>();
for (const candidate of candidates) {
  let runs = 1;
  for (;;) {
    const start = processorMilliseconds();
    for (let at = 0; at < runs; at++) candidate.run();
    if (processorMilliseconds() - start >= millisecondsPerSample) break;
    runs *= 2;
  }
  runsPerSample.set(candidate, runs);
}
for (let round = 0; round < rounds; round++) {
  for (const candidate of candidates) {
    const runs = runsPerSample.get(candidate) ?? 1;
    const start = processorMilliseconds();
    for (let at = 0; at < runs; at++) candidate.run();
    candidate.samples.push((candidate.flops * runs) / (processorMilliseconds() - start) / 1e6);
  }
}
let group = "";
for (const candidate of candidates) {
  if (candidate.group !== group) console.log(`\n${candidate.group}, GFLOP/s best (median)`);
  group = candidate.group;
  const sorted = candidate.samples.toSorted((left, right) => right - left);
  const best = (sorted[0] ?? 0).toFixed(1).padStart(6);
  const median = (sorted[Math.floor(rounds / 2)] ?? 0).toFixed(1).padStart(6);
  console.log(`  ${candidate.name.padEnd(20)} ${best}  (${median})`);
}
