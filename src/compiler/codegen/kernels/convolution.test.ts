/** The convolution kernel against plain loops in double precision. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { printFunction } from "../wasm/print-wat.ts";
import { convolution } from "./convolution.ts";
import { filtersFirst, packFilters } from "./pack-filters.ts";
import { plainEpilogue } from "./plain-epilogue.ts";
import {
  bytesOf,
  type ConvolutionShape,
  convolutionByLoops,
  convolutionInput,
  convolutionOutput,
  shapeArbitrary,
  sizesOf,
  weightCount,
} from "./testing/convolution-case.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { KernelMemory } from "./testing/kernel-memory.ts";
import { randomFloats } from "./testing/random-floats.ts";
import type { Tile } from "./tile.ts";

interface Choice {
  readonly tile?: Tile;
  readonly bias?: boolean;
  readonly relu?: boolean;
  readonly parts?: number;
  readonly poison?: (input: Float32Array, weights: Float32Array) => void;
}

function run(shape: ConvolutionShape, { tile, bias = false, relu = false, parts = 1, poison }: Choice = {}) {
  const input = randomFloats(convolutionInput(shape).length, 1);
  const weights = randomFloats(weightCount(shape), 2);
  const biases = randomFloats(shape.groups * shape.filtersPerGroup, 3);
  poison?.(input, weights);
  const sizes = { ...sizesOf(shape), relaxed: false, ...(tile === undefined ? {} : { tile }) };
  const output = convolutionOutput(shape);
  const kernel = convolution({
    ...sizes,
    name: "convolution",
    ...plainEpilogue({ strides: output.strides, bias, relu }),
  });
  const memory = new KernelMemory(bytesOf(shape) + 65536);
  const inputs = memory.floats(input);
  const packed = memory.floats(packFilters(sizes, filtersFirst(sizes, weights)));
  const results = memory.guarded(output.length);
  const start = memory.floats(biases);
  const addresses = [inputs.address, packed.address, results.address, ...(bias ? [start.address] : [])];
  memory.run(kernel, addresses, parts);
  const expected = convolutionByLoops(shape, input, weights, bias ? biases : undefined);
  return { actual: results.floats, expected, kernel };
}

/** Everything is near what loops say, and what lies between the pixels is untouched. */
function expectRight(shape: ConvolutionShape, choice: Choice = {}): void {
  const { actual, expected } = run(shape, choice);
  const wanted = choice.relu ? expected.map((value) => (value < 0 ? 0 : value)) : expected;
  const pixelStep = convolutionOutput(shape).strides.x;
  expectFloats(actual, wanted, { pixelStep, channels: shape.groups * shape.filtersPerGroup });
}

const small: ConvolutionShape = {
  batch: 1,
  extents: [1, 4, 9],
  taps: [1, 3, 3],
  strides: [1, 1, 1],
  dilations: [1, 1, 1],
  groups: 1,
  channelsPerGroup: 5,
  filtersPerGroup: 13,
  inputGap: 0,
  outputGap: 0,
};

const tiles = fc.record({ rows: fc.integer({ min: 1, max: 8 }), vectors: fc.integer({ min: 1, max: 4 }) });

test("any shape, tile and share of the work computes what loops compute", () => {
  const property = fc.property(
    shapeArbitrary,
    fc.record({ bias: fc.boolean(), relu: fc.boolean(), parts: fc.integer({ min: 1, max: 3 }) }),
    fc.option(tiles, { nil: undefined }),
    (shape, choice, tile) => expectRight(shape, tile === undefined ? choice : { ...choice, tile }),
  );
  // A failure prints the seed and the path to the smallest case.
  fc.assert(property, { numRuns: 250 });
});

test("255 filters end in a vector of three lanes", () => {
  expectRight({ ...small, channelsPerGroup: 3, filtersPerGroup: 255 }, { bias: true, parts: 5 });
});

test("one row of pixels times a matrix, as in a fully connected layer", () => {
  const shape = {
    ...small,
    extents: [1, 1, 1],
    taps: [1, 1, 1],
    channelsPerGroup: 300,
    filtersPerGroup: 77,
  } as const;
  expectRight(shape, { bias: true, parts: 3 });
  expectRight({ ...shape, extents: [1, 1, 37] }, { bias: true, parts: 2 });
});

test("more work than fits a block has more blocks, and each pixel one result", () => {
  const shape = { ...small, extents: [1, 40, 41], channelsPerGroup: 16, filtersPerGroup: 40 } as const;
  const { kernel } = run(shape);
  expect(kernel.units).toBeGreaterThan(4);
  expectRight(shape, { parts: 7 });
});

test("not-a-number and infinity go where they must", () => {
  const poison = (input: Float32Array, weights: Float32Array): void => {
    input[0] = Number.NaN;
    input[200] = Number.POSITIVE_INFINITY;
    weights[0] = 0;
  };
  expectRight(small, { poison });
  const { actual } = run(small, { poison, relu: true });
  expect(actual[0]).toBeNaN();
});

test("the text of a small kernel", () => {
  const shape = { ...small, extents: [1, 2, 4], channelsPerGroup: 3, filtersPerGroup: 4 } as const;
  const { kernel } = run(shape, { tile: { rows: 2, vectors: 1 }, bias: true, relu: true });
  expect(printFunction(kernel.function)).toMatchInlineSnapshot(`
    "(func $convolution (param $input i32) (param $filters i32) (param $output i32) (param $bias i32) (param $from i32) (param $to i32)
      (local $unit i32) (local $first_tile i32) (local $after_tile i32) (local $panel i32) (local $after_panel i32) (local $panel_of_group i32) (local $filter i32) (local $panel_at i32) (local $group_at i32) (local $tile i32) (local $line i32) (local $line_tile i32) (local $column i32) (local $after_column i32) (local $y i32) (local $plane i32) (local $z i32) (local $batch i32) (local $line_at i32) (local $x i32) (local $bias_at i32) (local $sum v128) (local $sum_1 v128) (local $in i32) (local $weights i32) (local $tap_y i32) (local $after_run i32) (local $column_1 v128) (local $pixel v128) (local $pixel_1 v128) (local $line_at_1 i32) (local $pixel_at i32)
      (local.set $unit (local.get $from))
      (if
        (i32.lt_s (local.get $unit) (local.get $to))
        (then
          (loop $unit_loop
            (local.set $first_tile (i32.mul (local.get $unit) (i32.const 4)))
            (local.set $after_tile (i32.add (local.get $first_tile) (i32.const 4)))
            (local.set $after_tile
              (select
                (local.get $after_tile)
                (i32.const 4)
                (i32.lt_s (local.get $after_tile) (i32.const 4))))
            (local.set $panel (i32.const 0))
            (local.set $after_panel (i32.add (local.get $panel) (i32.const 1)))
            (local.set $after_panel
              (select
                (local.get $after_panel)
                (i32.const 1)
                (i32.lt_s (local.get $after_panel) (i32.const 1))))
            (if
              (i32.lt_s (local.get $panel) (local.get $after_panel))
              (then
                (loop $panel_loop
                  (local.set $panel_of_group (local.get $panel))
                  (local.set $filter (i32.mul (local.get $panel_of_group) (i32.const 4)))
                  (local.set $panel_at
                    (i32.add (local.get $filters) (i32.mul (local.get $panel_of_group) (i32.const 432))))
                  (local.set $group_at (local.get $input))
                  (local.set $tile (local.get $first_tile))
                  (local.set $bias_at
                    (i32.add (local.get $bias) (i32.mul (local.get $filter) (i32.const 4))))
                  (loop $lines
                    (local.set $line (i32.div_u (local.get $tile) (i32.const 2)))
                    (local.set $line_tile (i32.mul (local.get $line) (i32.const 2)))
                    (local.set $column (i32.sub (local.get $tile) (local.get $line_tile)))
                    (local.set $after_column (i32.sub (local.get $after_tile) (local.get $line_tile)))
                    (local.set $after_column
                      (select
                        (local.get $after_column)
                        (i32.const 2)
                        (i32.lt_s (local.get $after_column) (i32.const 2))))
                    (local.set $y (i32.rem_u (local.get $line) (i32.const 2)))
                    (local.set $plane (i32.div_u (local.get $line) (i32.const 2)))
                    (local.set $z (i32.const 0))
                    (local.set $batch (local.get $plane))
                    (local.set $line_at
                      (i32.add
                        (i32.add
                          (i32.add (local.get $group_at) (i32.mul (local.get $batch) (i32.const 288)))
                          (i32.mul (local.get $z) (i32.const 288)))
                        (i32.mul (local.get $y) (i32.const 72))))
                    (local.set $line_at_1
                      (i32.add
                        (i32.add
                          (i32.add (local.get $output) (i32.mul (local.get $batch) (i32.const 128)))
                          (i32.mul (local.get $z) (i32.const 128)))
                        (i32.mul (local.get $y) (i32.const 64))))
                    (if
                      (i32.lt_s (local.get $column) (local.get $after_column))
                      (then
                        (loop $column_loop
                          (local.set $x (i32.mul (local.get $column) (i32.const 2)))
                          (local.set $x
                            (select
                              (local.get $x)
                              (i32.const 2)
                              (i32.lt_s (local.get $x) (i32.const 2))))
                          (local.set $sum (v128.load (local.get $bias_at)))
                          (local.set $sum_1 (local.get $sum))
                          (local.set $in
                            (i32.add (local.get $line_at) (i32.mul (local.get $x) (i32.const 12))))
                          (local.set $weights (local.get $panel_at))
                          (local.set $tap_y (i32.const 3))
                          (loop $tap_y_loop
                            (local.set $after_run (i32.add (local.get $in) (i32.const 36)))
                            (loop $run
                              (local.set $column_1 (v128.load (local.get $weights)))
                              (local.set $pixel (v128.load32_splat (local.get $in)))
                              (local.set $sum
                                (f32x4.add
                                  (f32x4.mul (local.get $pixel) (local.get $column_1))
                                  (local.get $sum)))
                              (local.set $pixel_1 (v128.load32_splat offset=12 (local.get $in)))
                              (local.set $sum_1
                                (f32x4.add
                                  (f32x4.mul (local.get $pixel_1) (local.get $column_1))
                                  (local.get $sum_1)))
                              (local.set $in (i32.add (local.get $in) (i32.const 4)))
                              (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
                              (br_if $run (i32.lt_u (local.get $in) (local.get $after_run))))
                            (local.set $in (i32.add (local.get $in) (i32.const 36)))
                            (br_if $tap_y_loop
                              (local.tee $tap_y (i32.sub (local.get $tap_y) (i32.const 1)))))
                          (local.set $pixel_at
                            (i32.add
                              (i32.add (local.get $line_at_1) (i32.mul (local.get $x) (i32.const 16)))
                              (i32.mul (local.get $filter) (i32.const 4))))
                          (v128.store
                            (local.get $pixel_at)
                            (f32x4.pmax (local.get $sum) (v128.const f32x4 0 0 0 0)))
                          (v128.store offset=16
                            (local.get $pixel_at)
                            (f32x4.pmax (local.get $sum_1) (v128.const f32x4 0 0 0 0)))
                          (local.set $column (i32.add (local.get $column) (i32.const 1)))
                          (br_if $column_loop (i32.lt_s (local.get $column) (local.get $after_column))))))
                    (local.set $tile (i32.add (local.get $line_tile) (local.get $after_column)))
                    (br_if $lines (i32.lt_s (local.get $tile) (local.get $after_tile))))
                  (local.set $panel (i32.add (local.get $panel) (i32.const 1)))
                  (br_if $panel_loop (i32.lt_s (local.get $panel) (local.get $after_panel))))))
            (local.set $unit (i32.add (local.get $unit) (i32.const 1)))
            (br_if $unit_loop (i32.lt_s (local.get $unit) (local.get $to)))))))
    "
  `);
});
