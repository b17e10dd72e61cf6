import { expect, test } from "vitest";
import { nearestName, suggestName } from "./nearest.ts";

test("slips of the fingers find their name, other words find none", () => {
  const names = ["offChip", "onChip", "frequency", "dnnfuser-2022-calibrated"];
  expect(nearestName("frequncy", names)).toBe("frequency");
  expect(nearestName("off_chip", names)).toBe("offChip");
  expect(nearestName("dnnfuser", names)).toBe("dnnfuser-2022-calibrated");
  expect(nearestName("banana", names)).toBeUndefined();
  expect(nearestName("x", [])).toBeUndefined();
});

test("without a near name, the names are listed", () => {
  expect(suggestName("banana", ["onChip", "offChip"], "keys here")).toBe("keys here: onChip, offChip");
  expect(suggestName("onchip", ["onChip", "offChip"], "keys here")).toBe('did you mean "onChip"?');
});
