/**
 * Every operator row against random calls: whatever the inputs and attributes are, a row answers with types or with an
 * error that a user can act on, and never takes long or much memory.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import type { ElementType } from "../src/graph/ir/tensor.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { graphMacs } from "../src/graph/ops/macs.ts";
import { supportedOperators } from "../src/graph/ops/registry.ts";
import { type AttributeSpec, constant, type InputSpec, oneNode } from "./one-node.ts";

const integers = ["axis", "keepdims", "group", "to", "dtype", "ceil_mode", "allowzero", "blocksize", "transA"]
  .concat([
    "transB",
    "hidden_size",
    "layout",
    "num_outputs",
    "batch_dims",
    "k",
    "output_height",
    "start",
    "end",
  ])
  .concat([
    "num_scan_inputs",
    "sample_size",
    "onesided",
    "new_axis",
    "broadcast",
    "select_last_index",
    "fmod",
  ])
  .concat(["noop_with_empty_axes", "output_dtype", "exclusive", "spatial", "stash_type"]);
const lists = [
  "axes",
  "pads",
  "strides",
  "dilations",
  "kernel_shape",
  "perm",
  "output_shape",
  "shape",
  "split",
].concat(["starts", "ends", "output_padding", "pooled_shape", "ngram_indexes", "repeats"]);
const strings = ["auto_pad", "equation", "mode", "direction", "reduction", "keep_aspect_ratio_policy"];

const wildInteger = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -4, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 2 ** 53, -(2 ** 53), 1e15) },
);
const elementType = fc.constantFrom<ElementType>("float32", "int64", "bool", "int32", "float16", "undefined");
const dimension = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 2, arbitrary: fc.constantFrom("N", "M") },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, 2 ** 50) },
);
const variable = fc.tuple(
  elementType,
  fc.oneof(
    { weight: 9, arbitrary: fc.array(dimension, { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
);
const constantList = fc
  .tuple(
    fc.constantFrom<ElementType>("int64", "float32", "int32"),
    fc.array(wildInteger, { maxLength: 5 }),
    fc.boolean(),
  )
  .map(([type, values, scalar]) =>
    scalar ? constant(type, [], [values[0] ?? 1]) : constant(type, [values.length], values),
  );
const input: fc.Arbitrary<InputSpec> = fc.oneof(
  { weight: 6, arbitrary: variable },
  { weight: 4, arbitrary: constantList },
  { weight: 1, arbitrary: fc.constant("" as const) },
);
const attributes: fc.Arbitrary<Record<string, AttributeSpec>> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...integers), wildInteger, { maxKeys: 6 }),
    fc.dictionary(fc.constantFrom(...lists), fc.array(wildInteger, { maxLength: 8 }), { maxKeys: 6 }),
    fc.dictionary(
      fc.constantFrom(...strings),
      fc.constantFrom(
        "SAME_UPPER",
        "VALID",
        "ij,jk->ik",
        "...i->i...",
        "not_larger",
        "bidirectional",
        "none",
        "x",
      ),
      { maxKeys: 2 },
    ),
  )
  .map(([a, b, c]) => ({ ...a, ...b, ...c }));

describe("operator rows answer random calls with types or an error to act on", () => {
  test.each(supportedOperators())("$operator", ({ operator, domain, sinceVersions }) => {
    fc.assert(
      fc.property(
        fc.array(input, { maxLength: 6 }),
        attributes,
        fc.constantFrom(...sinceVersions, 22),
        fc.integer({ min: 1, max: 3 }),
        (inputs, attributes, opset, outputs) => {
          const model = oneNode({ operator, domain, inputs, attributes, opset, outputs });
          try {
            const typed = inferShapes(model);
            graphMacs(typed);
            for (const { shape } of typed.types.values()) {
              for (const size of shape ?? []) {
                expect(typeof size === "string" ? size.length > 0 : Number.isInteger(size) && size >= 0).toBe(
                  true,
                );
              }
            }
          } catch (error) {
            expect(error).toBeInstanceOf(LaminateError);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
