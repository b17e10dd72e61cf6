import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../base/safetensors.ts";
import { generalSchema } from "../environment/general-schema.ts";
import { paperSchema } from "../environment/paper-schema.ts";
import { type MapperWeights, readMapperWeights, writeMapperWeights } from "./mapper-weights.ts";
import { firstParameters, type NetworkSizes, paperSizes, parameterShapes } from "./network-sizes.ts";

const sizes: NetworkSizes = { steps: 5, blocks: 2, heads: 2, width: 8 };

function weights(schema = paperSchema): MapperWeights {
  return { sizes, schema, parameters: firstParameters(sizes, schema, 3), record: { seed: 3, steps: 100 } };
}

/** The file after its parts went through `change`. */
function changed(
  change: (file: ReturnType<typeof readSafetensors>) => Partial<ReturnType<typeof readSafetensors>>,
) {
  const file = readSafetensors(writeMapperWeights(weights()), "w");
  return writeSafetensors({ ...file, ...change(file) });
}

test("the paper's network has 0.6 million parameters", () => {
  const counts = [...parameterShapes(paperSizes, paperSchema).values()].map((shape) =>
    shape.reduce((a, b) => a * b, 1),
  );
  // Times 57 x 128; embeddings (1 + 8 + 1) x 128 + 3 x 128; two normalisations of 256; a block of 4 (128^2 + 128) +
  // 2 x 4 x 128^2 + 5 x 128 + 2 x 256 = 198,272, three times; a head of 129.
  expect(counts.reduce((a, b) => a + b, 0)).toBe(7296 + 1664 + 512 + 3 * 198_272 + 129);
});

test("first parameters follow from the seed: weights around 0, biases 0, scales 1", () => {
  const first = firstParameters(paperSizes, paperSchema, 1);
  expect(firstParameters(paperSizes, paperSchema, 1)).toEqual(first);
  expect(firstParameters(paperSizes, paperSchema, 2)).not.toEqual(first);
  const hidden = [...(first.get("block1.hidden.weight") ?? [])];
  const deviation = Math.sqrt(hidden.reduce((total, value) => total + value ** 2, 0) / hidden.length);
  // 65,536 draws: the deviation's own error is 0.02 / sqrt(2 x 65,536) = 0.00006.
  expect(deviation).toBeCloseTo(0.02, 3);
  expect(new Set(first.get("block1.hidden.bias"))).toEqual(new Set([0]));
  expect(new Set(first.get("normalized.scale"))).toEqual(new Set([1]));
});

describe("weights as a file", () => {
  test.each([paperSchema, generalSchema])("come back as they were", (schema) => {
    const written = weights(schema);
    expect(readMapperWeights(writeMapperWeights(written), "w")).toEqual(written);
    expect(writeMapperWeights(readMapperWeights(writeMapperWeights(written), "w"))).toEqual(
      writeMapperWeights(written),
    );
  });

  test("come back from a Buffer in the middle of its memory too, as Node reads files", () => {
    const bytes = writeMapperWeights(weights());
    const memory = Buffer.alloc(bytes.length + 3);
    memory.set(bytes, 3);
    expect(readMapperWeights(memory.subarray(3), "w")).toEqual(weights());
  });

  test("of another format, shape or network are refused, and the error names what is wrong", () => {
    const metadata = (key: string, text: string) => (file: ReturnType<typeof readSafetensors>) => ({
      metadata: new Map([...file.metadata, [key, text]]),
    });
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [changed(() => ({ metadata: new Map() })), /no weights of a mapper: it does not say/],
      [changed(metadata("format", "laminate.mapper/2")), /its format is "laminate.mapper\/2"/],
      [
        changed(metadata("sizes", '{"steps":5,"blocks":3,"heads":2,"width":8}')),
        /"block2.norm1.scale" is missing/,
      ],
      [
        changed(metadata("sizes", '{"steps":5,"blocks":1,"heads":2,"width":8}')),
        /"block1\..*" belongs to no such network/,
      ],
      [
        changed(metadata("sizes", '{"steps":6,"blocks":2,"heads":2,"width":8}')),
        /"times" is F32 \[5, 8\], not F32 \[6, 8\]/,
      ],
      [changed(metadata("sizes", '{"steps":5,"blocks":2,"heads":3,"width":8}')), /no multiple of the heads/],
      [changed(metadata("sizes", '{"steps":1e9,"blocks":2,"heads":2,"width":8}')), /steps: /],
      [changed(metadata("sizes", "{")), /no JSON/],
      [changed(metadata("schema", "{}")), /no feature schema/],
      [changed(metadata("record", "[]")), /expected record/],
    ];
    for (const [bytes, message] of cases) expect(() => readMapperWeights(bytes, "w")).toThrow(message);
  });

  test("that are not finite are refused", () => {
    const written = weights();
    const broken = new Map([...written.parameters, ["head.bias", Float32Array.of(Number.NaN)]]);
    const bytes = writeMapperWeights({ ...written, parameters: broken });
    expect(() => readMapperWeights(bytes, "w")).toThrow(
      'the tensor "head.bias" holds a number that is not finite',
    );
  });
});
