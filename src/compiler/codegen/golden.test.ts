/**
 * The WebAssembly text of three blocks, to be read when it changes (`--update` writes it again): how a block becomes one
 * kernel. Each test says what to look for.
 */
import { expect, test } from "vitest";
import { floats, type NetworkSpec, network } from "../../../test/network.ts";
import { compileGraph } from "./compile.ts";
import { expectSame } from "./testing/compare-compiled.ts";
import { printFunction } from "./wasm/print-wat.ts";

/** The steps, and the text of one kernel. */
function textOf(spec: NetworkSpec, kernel: string): string {
  const typed = network(spec);
  expectSame(typed);
  const { steps, functions } = compileGraph(typed);
  const lines = steps.map((step) => `;; ${step.kernel}: ${step.label}, ${step.units} units`);
  const kernels = functions.filter(({ name }) => name === kernel).map(printFunction);
  return `${[...lines, ...kernels].join("\n")}\n`;
}

test("a chain of elementwise operators with a broadcast is one pass", async () => {
  // One step. x is loaded once and y stored once, four lanes at a time; the row that is added is loaded by the column
  // alone. No memory but that of x, the row and y is touched: what lies between the operators stays in locals.
  const text = textOf(
    {
      inputs: { x: [3, 8] },
      constants: { row: floats([8]), half: floats([], [0.5]) },
      nodes: { a: ["Add", ["x", "row"]], b: ["Mul", ["a", "half"]], y: ["Relu", ["b"]] },
      outputs: ["y"],
    },
    "map",
  );
  expect(text.match(/^;;/gm)).toHaveLength(1);
  expect(text.match(/call/g)).toBeNull();
  await expect(text).toMatchFileSnapshot("testing/golden/elementwise.wat");
});

test("a softmax goes over each row while it is in the cache", async () => {
  // One step, one loop over rows, and in it four over columns: the largest element, in lanes that are joined at the end;
  // e^(x - largest), stored where the result goes; their sum; each times 1 / sum, the division made once a row.
  const text = textOf({ inputs: { x: [3, 8] }, nodes: { y: ["Softmax", ["x"]] }, outputs: ["y"] }, "rows");
  expect(text.match(/^;;/gm)).toHaveLength(1);
  expect(text.match(/f32.div/g)).toHaveLength(1);
  await expect(text).toMatchFileSnapshot("testing/golden/softmax.wat");
});

test("a convolution with bias, residual and ReLU stores each result once", async () => {
  // The convolution is one step: sums start at the bias, and each is added to the residual and bounded by 0 in its
  // register before it is stored. The padded input is cleared around and copied by steps before.
  const text = textOf(
    {
      inputs: { x: [1, 2, 3, 3], r: [1, 4, 3, 3] },
      constants: { w: floats([4, 2, 3, 3]), b: floats([4]) },
      nodes: {
        c: ["Conv", ["x", "w", "b"], { pads: [1, 1, 1, 1] }],
        s: ["Add", ["c", "r"]],
        y: ["Relu", ["s"]],
      },
      outputs: ["y"],
    },
    "convolution",
  );
  expect(text.match(/^;; convolution/gm)).toHaveLength(1);
  await expect(text).toMatchFileSnapshot("testing/golden/convolution.wat");
});
