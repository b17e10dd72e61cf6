/**
 * Damaged files: each is either read, and then keeps the graph's invariants, or refused as bad input. Never another
 * error, and never long.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { seededRandom } from "../src/base/random.ts";
import { verifyGraph } from "../src/graph/ir/verify.ts";
import { exportOnnx } from "../src/graph/onnx/export-onnx.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { mutate } from "./mutate.ts";
import { hasShared, sharedPath } from "./shared.ts";
import { tinyModels } from "./tiny-models.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 20260);
const sharedFiles = [
  "structure/tv_resnet18.onnx",
  "structure/tv_vgg16.onnx",
  "complete/silero_vad_op18_ifless.onnx",
  "complete/mnist_cntk8.onnx",
  "third-party/stream_swiglu_2048_4096_14336.onnx",
  "third-party/stream_2_conv.onnx",
];

interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly rounds: number;
}

const tiny = Object.entries(tinyModels()).map(([name, bytes]): Seed => ({ name, bytes, rounds: 1000 }));

const shared = (hasShared ? sharedFiles : []).map(
  (name): Seed => ({ name, bytes: readFileSync(sharedPath("models", name)), rounds: 300 }),
);

test.each([...tiny, ...shared])(`$rounds damaged copies of $name (seed ${seed})`, ({ bytes, rounds }) => {
  importOnnx(bytes);
  let read = 0;
  for (let round = 0; round < rounds; round++) {
    if (readsOrRefuses(mutate(bytes, seededRandom(seed + round)), round)) read++;
  }
  // Damage in names and weights often cannot be seen, but neither everything nor nothing may pass.
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(rounds);
});

if (!hasShared) test.skip(`${sharedFiles.length} real networks skipped, ../shared is not there`, () => {});

function readsOrRefuses(bytes: Uint8Array, round: number): boolean {
  const start = performance.now();
  try {
    const model = importOnnx(bytes, { name: "damaged.onnx" });
    verifyGraph(model.graph);
    expect(isDeepStrictEqual(importOnnx(exportOnnx(model)), model), `round ${round} of seed ${seed}`).toBe(
      true,
    );
    return true;
  } catch (error) {
    if (!(error instanceof LaminateError) || error.code !== "bad-input") {
      throw new Error(`round ${round} of seed ${seed}: ${String(error)}`, { cause: error });
    }
    expect(error.where, `round ${round} of seed ${seed}`).toContain("damaged.onnx");
    expect(error.fix).toBeTruthy();
    return false;
  } finally {
    expect(performance.now() - start, `milliseconds of round ${round} of seed ${seed}`).toBeLessThan(5000);
  }
}
