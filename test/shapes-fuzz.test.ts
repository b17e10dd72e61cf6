/** Damaged operator models that still can be read: inference answers with types or with an error to act on. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { seededRandom } from "../src/base/random.ts";
import type { Model } from "../src/graph/ir/graph.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { graphMacs } from "../src/graph/ops/macs.ts";
import { mutate } from "./mutate.ts";
import { describeShared, sharedPath } from "./shared.ts";
import { readTarGz } from "./tar.ts";

const mutations = 10_000;

function readable(bytes: Uint8Array): Model | undefined {
  try {
    return importOnnx(bytes);
  } catch (error) {
    if (error instanceof LaminateError) return undefined;
    throw error;
  }
}

describeShared("damaged operator models", mutations, () => {
  test(`${mutations} of them`, () => {
    const archive = readTarGz(readFileSync(sharedPath("vectors", "onnx-1.12-testdata.tar.gz")));
    const files = [...archive].flatMap(([name, bytes]) => (name.endsWith("/model.onnx") ? [bytes] : []));
    const seed = Date.now() | 0;
    const random = seededRandom(seed);
    const count = { unreadable: 0, inferred: 0, refused: 0 };
    for (let round = 0; round < mutations; round++) {
      const model = readable(mutate(files[random.below(files.length)] ?? new Uint8Array(), random));
      if (model === undefined) {
        count.unreadable++;
        continue;
      }
      try {
        graphMacs(inferShapes(model));
        count.inferred++;
      } catch (error) {
        expect(error, `seed ${seed}, round ${round}`).toBeInstanceOf(LaminateError);
        expect(error, `seed ${seed}, round ${round}`).toMatchObject({
          where: expect.any(String),
          fix: expect.any(String),
        });
        count.refused++;
      }
    }
    console.log(`seed ${seed}: ${JSON.stringify(count)}`);
    expect(count.inferred).toBeGreaterThan(mutations / 10);
  });
});
