/** Attention against its definition in double precision. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { f32x4, get, op } from "../wasm/code.ts";
import { loadLanes, sum, times } from "./address.ts";
import { type AttentionSizes, attention, planAttention } from "./attention.ts";
import { packPanels } from "./pack-panels.ts";
import { plainEpilogue } from "./plain-epilogue.ts";
import { expectFloats } from "./testing/expect-floats.ts";
import { KernelMemory } from "./testing/kernel-memory.ts";
import { randomFloats } from "./testing/random-floats.ts";

interface Case {
  readonly batch: number;
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly valueDepth: number;
  readonly masked: boolean;
  readonly parts: number;
}

const scale = 0.7;

function sizesOf(shape: Case): AttentionSizes {
  const { heads, rows, depth } = shape;
  // Rows of all heads side by side, as a projection leaves them.
  const queryStrides = { batch: rows * heads * depth, head: depth, row: heads * depth };
  return { ...shape, queryStrides, queryOffset: 0 };
}

interface Data {
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** Rows times columns. */
  readonly mask: Float32Array;
}

function dataOf({ batch, heads, rows, columns, depth, valueDepth }: Case): Data {
  return {
    queries: randomFloats(batch * rows * heads * depth, 1).map((value) => 3 * value),
    keys: randomFloats(batch * columns * heads * depth, 2).map((value) => 3 * value),
    values: randomFloats(batch * columns * heads * valueDepth, 3),
    mask: randomFloats(rows * columns, 4).map((value, at) =>
      at % 3 === 2 ? Number.NEGATIVE_INFINITY : value,
    ),
  };
}

function byDefinition(shape: Case, { queries, keys, values, mask }: Data): Float64Array {
  const { batch, heads, rows, columns, depth, valueDepth } = shape;
  const output = new Float64Array(batch * rows * heads * valueDepth);
  for (let image = 0; image < batch; image++)
    for (let head = 0; head < heads; head++)
      for (let row = 0; row < rows; row++) {
        const scores = Array.from({ length: columns }, (_, column) => {
          let total = 0;
          for (let k = 0; k < depth; k++) {
            const query = queries[((image * rows + row) * heads + head) * depth + k] ?? 0;
            total += query * (keys[((image * columns + column) * heads + head) * depth + k] ?? 0);
          }
          return total * scale + (shape.masked ? (mask[row * columns + column] ?? 0) : 0);
        });
        const most = Math.max(...scores);
        const powers = scores.map((score) => Math.exp(score - most));
        const all = powers.reduce((left, right) => left + right, 0);
        for (let element = 0; element < valueDepth; element++) {
          let total = 0;
          powers.forEach((power, column) => {
            const value = values[((image * columns + column) * heads + head) * valueDepth + element] ?? 0;
            total += (power / all) * value;
          });
          output[((image * rows + row) * heads + head) * valueDepth + element] = total;
        }
      }
  return output;
}

function run(shape: Case, data: Data, zeroesNaN = false): Float32Array {
  const { batch, heads, rows, columns, depth, valueDepth, masked, parts } = shape;
  const sizes = sizesOf(shape);
  const plan = planAttention(sizes, false);
  const output = { batch: rows * heads * valueDepth, z: valueDepth, y: 0, x: heads * valueDepth };
  const kernel = attention({
    ...sizes,
    name: "attention",
    relaxed: false,
    zeroesNaN,
    scoreAddresses: masked ? ["mask"] : [],
    scores: (_builder, [mask]) => ({
      emitScore: ({ x, row, filter, vector }, value, lanes) => {
        const scaled = op("f32x4.mul", value, f32x4(scale));
        if (mask === undefined) return scaled;
        const at = sum(get(mask), times(get(x), 4 * columns), times(get(filter), 4));
        return op("f32x4.add", scaled, loadLanes(at, lanes, 4 * row * columns + 16 * vector));
      },
    }),
    ...plainEpilogue({ strides: output, bias: false, relu: false }),
  });
  const packKeys = packPanels({
    name: "keys",
    sizes: plan.keys,
    strides: { batch: columns * heads * depth, z: depth, k: 1, n: heads * depth },
    offset: 0,
  });
  const packValues = packPanels({
    name: "values",
    sizes: plan.values,
    strides: { batch: columns * heads * valueDepth, z: valueDepth, k: heads * valueDepth, n: 1 },
    offset: 0,
  });
  const memory = new KernelMemory(
    4 * (plan.scratchFloats + 40 * data.keys.length + 40 * data.values.length) + 262144,
  );
  const [queries, keys, values] = [
    memory.floats(data.queries),
    memory.floats(data.keys),
    memory.floats(data.values),
  ];
  const packedKeys = memory.floats(batch * (plan.keys.filterStrides?.batch ?? 0));
  const packedValues = memory.floats(batch * (plan.values.filterStrides?.batch ?? 0));
  const scratch = memory.floats(plan.scratchFloats);
  const mask = memory.floats(data.mask);
  const results = memory.guarded(batch * output.batch);
  memory.run({ ...packKeys, overlaps: false }, [keys.address, packedKeys.address], parts);
  memory.run({ ...packValues, overlaps: false }, [values.address, packedValues.address], parts);
  const addresses = [queries, packedKeys, packedValues, scratch, ...(masked ? [mask] : []), results];
  memory.run(
    kernel,
    addresses.map(({ address }) => address),
    parts,
  );
  return results.floats;
}

const upTo = (most: number) => fc.integer({ min: 1, max: most });
const cases: fc.Arbitrary<Case> = fc.record({
  batch: upTo(2),
  heads: upTo(3),
  rows: upTo(11),
  columns: upTo(37),
  depth: upTo(17),
  valueDepth: upTo(21),
  masked: fc.boolean(),
  parts: upTo(3),
});

test("any shape computes the definition", () => {
  const property = fc.property(cases, (shape) => {
    const data = dataOf(shape);
    const channels = shape.heads * shape.valueDepth;
    // With every third column masked, no row of three columns or more is masked whole.
    fc.pre(!shape.masked || shape.columns > 2);
    expectFloats(run(shape, data), byDefinition(shape, data), { pixelStep: channels, channels });
  });
  fc.assert(property, { numRuns: 100 });
});

test("scores that are not numbers make their row not numbers, and no other", () => {
  const shape: Case = {
    batch: 1,
    heads: 2,
    rows: 5,
    columns: 9,
    depth: 4,
    valueDepth: 3,
    masked: false,
    parts: 1,
  };
  const data = dataOf(shape);
  data.queries[(1 * 2 + 1) * 4] = Number.NaN;
  const actual = run(shape, data).slice(0, 5 * 6);
  const wrong = [...actual].flatMap((value, at) => (Number.isNaN(value) ? [at] : []));
  expect(wrong).toEqual([9, 10, 11]);
  expect([...run(shape, data, true)]).toEqual(
    [...actual, ...run(shape, data).slice(5 * 6)].map((value) => (Number.isNaN(value) ? 0 : value)),
  );
});
