import { expect, test } from "vitest";
import { contentOf } from "../content.ts";
import { placeStorage } from "./place-storage.ts";
import type { PlacedBuffer, Storage } from "./views.ts";

const floats = (name: string, elements: number): Storage => ({ name, elementType: "float32", elements });
const constant = (name: string, elements: number): Storage => ({
  ...floats(name, elements),
  constant: contentOf(new Uint8Array(4 * elements)),
});
const placed = (...storages: readonly Storage[]): { readonly buffers: readonly PlacedBuffer[] } => ({
  buffers: storages.map((storage) => ({
    storage,
    offset: 0,
    buffer: { name: storage.name, elementType: storage.elementType },
  })),
});

test("what a step of the preparation makes may lie where an earlier one has read", () => {
  // In floats: 16 bias, then weights of 1600 and 160, which become 2400 and 640; a run needs 800 more.
  const [bias, large, small] = [constant("bias", 16), constant("large", 1600), constant("small", 160)];
  const [fromLarge, fromSmall, value] = [floats("a", 2400), floats("b", 640), floats("value", 800)];
  const { offsets, constantsEnd, memoryBytes } = placeStorage({
    preparation: [placed(large, fromLarge), placed(small, fromSmall)],
    steps: [placed(fromLarge, bias, value), placed(fromSmall, value)],
    inputs: [],
    outputs: [],
    kept: [],
  });
  const at = (storage: Storage): number => ((offsets.get(storage) ?? 0) - 64) / 4;
  expect([bias, large, small].map(at)).toEqual([0, 16, 1616]);
  expect((constantsEnd - 64) / 4).toBe(1776);
  // The first result has to lie behind both weights, the second and the value fit where the first weights were.
  expect(at(fromLarge)).toBe(1776);
  expect([at(fromSmall), at(value)].sort((a, b) => a - b)).toEqual([16, expect.any(Number)]);
  expect(Math.abs(at(fromSmall) - at(value))).toBeGreaterThanOrEqual(640);
  expect(memoryBytes).toBe(64 + 4 * (1776 + 2400) + 64);
});
