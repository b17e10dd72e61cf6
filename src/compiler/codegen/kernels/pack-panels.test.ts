/** Products of two run-time matrices: packing at run time, then the convolution kernel. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { convolution } from "./convolution.ts";
import { type ConvolutionSizes, packedFloats } from "./convolution-spec.ts";
import { type FilterView, packFilters } from "./pack-filters.ts";
import { packPanels } from "./pack-panels.ts";
import { plainEpilogue } from "./plain-epilogue.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { KernelMemory } from "./testing/kernel-memory.ts";
import { randomFloats } from "./testing/random-floats.ts";

interface Product {
  readonly batch: number;
  readonly heads: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  /** Which index of the right-hand matrix is contiguous; neither: both have a step. */
  readonly contiguous: "k" | "n" | "neither";
  readonly parts: number;
}

/** Strides of the right-hand matrices, which lie one after the other. */
function rightStrides({ heads, depth, columns, contiguous }: Product) {
  const step = contiguous === "neither" ? 2 : 1;
  const size = depth * columns * step;
  const inner = contiguous === "n" ? { k: columns, n: 1 } : { k: step, n: step * depth };
  return { batch: heads * size, z: size, ...inner };
}

function sizesOf({ batch, heads, rows, depth, columns }: Product): ConvolutionSizes {
  const sizes: ConvolutionSizes = {
    batch,
    extents: [heads, 1, rows],
    taps: [1, 1, 1],
    strides: [1, 1, 1],
    dilations: [1, 1, 1],
    groups: 1,
    channelsPerGroup: depth,
    filtersPerGroup: columns,
    inputStrides: { batch: heads * rows * depth, z: rows * depth, y: 0, x: depth },
    inputOffset: 0,
  };
  const floats = packedFloats(sizes);
  return { ...sizes, filterStrides: { batch: heads * floats, z: floats } };
}

const products: fc.Arbitrary<Product> = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  heads: fc.integer({ min: 1, max: 3 }),
  rows: fc.integer({ min: 1, max: 9 }),
  depth: fc.integer({ min: 1, max: 21 }),
  columns: fc.integer({ min: 1, max: 37 }),
  contiguous: fc.constantFrom("k", "n", "neither"),
  parts: fc.integer({ min: 1, max: 3 }),
});

test("batches of products with any order of the right-hand matrix", () => {
  const property = fc.property(products, (product) => {
    const { batch, heads, rows, depth, columns, parts } = product;
    const sizes = sizesOf(product);
    const strides = rightStrides(product);
    const left = randomFloats(batch * heads * rows * depth, 1);
    const right = randomFloats(batch * strides.batch, 2);
    const output = { batch: heads * rows * columns, z: rows * columns, y: 0, x: columns };
    const epilogue = plainEpilogue({ strides: output, bias: false, relu: false });
    const pack = packPanels({ name: "pack", sizes, strides, offset: 0 });
    const multiply = convolution({ ...sizes, name: "multiply", relaxed: false, ...epilogue });
    const floats = batch * heads * (packedFloats(sizes) + rows * columns) + left.length + right.length;
    const memory = new KernelMemory(4 * floats + 65536);
    const [lefts, rights] = [memory.floats(left), memory.floats(right)];
    const packed = memory.floats(batch * heads * packedFloats(sizes));
    const results = memory.guarded(batch * output.batch);
    memory.run({ ...pack, overlaps: false }, [rights.address, packed.address], parts);
    memory.run(multiply, [lefts.address, packed.address, results.address], parts);
    const wanted = new Float64Array(batch * output.batch);
    for (let matrix = 0; matrix < batch * heads; matrix++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          let total = 0;
          for (let k = 0; k < depth; k++) {
            const from = left[(matrix * rows + row) * depth + k] ?? 0;
            total += from * (right[matrix * strides.z + k * strides.k + column * strides.n] ?? 0);
          }
          wanted[(matrix * rows + row) * columns + column] = total;
        }
    expectFloats(results.floats, wanted, { pixelStep: columns, channels: columns });
  });
  fc.assert(property, { numRuns: 200 });
});

test("packing at run time gives what packing at compile time gives", () => {
  const product: Product = {
    batch: 1,
    heads: 1,
    rows: 8,
    depth: 10,
    columns: 40,
    contiguous: "k",
    parts: 1,
  };
  const sizes = sizesOf(product);
  const data = randomFloats(400, 1);
  const strides = { group: 0, filter: 10, channel: 1, z: 0, y: 0, x: 0 };
  const view: FilterView = { data, offset: 0, strides };
  const memory = new KernelMemory(65536);
  const [source, packed] = [memory.floats(data), memory.floats(400)];
  const kernel = packPanels({
    name: "pack",
    sizes,
    strides: rightStrides(product),
    offset: 0,
  });
  memory.run({ ...kernel, overlaps: false }, [source.address, packed.address], 2);
  expect([...packed.floats]).toEqual([...packFilters(sizes, view)]);
});
