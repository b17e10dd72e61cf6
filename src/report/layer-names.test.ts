import { describe, expect, test } from "vitest";
import { fitName, keepEnd, nameLines, sharedStart, shortName } from "./layer-names.ts";

test.each([
  ["/features/features.3/conv/Conv", "features.3/conv"],
  ["/features/features.3/conv/conv.0/conv.0.0/Conv", "features.3/conv.0.0"],
  ["/conv1/Conv", "conv1"],
  ["Conv_0", "Conv_0"],
  ["Conv", "Conv"],
  ["/", "/"],
  ["", ""],
])("%s is %s for short", (name, short) => {
  expect(shortName(name)).toBe(short);
});

describe("the start that all names share", () => {
  test.each([
    [["resnet_stage1_conv", "resnet_stage2_conv"], "resnet_"],
    [["a/b.1", "a/b.2"], "a/b."],
    [["conv1", "conv2"], ""],
    [["same_name", "same_name"], "same_"],
    [["only_one"], ""],
    [[], ""],
  ])("%j: %j", (names, start) => {
    expect(sharedStart(names)).toBe(start);
  });
});

test.each([
  ["encoder/layer.23/attention/self", "layer.23", "attention/self"],
  ["features.3/conv.0.0", "features.3", "conv.0.0"],
  ["attention/self", "attention", "self"],
  ["conv1", "", "conv1"],
])("%s takes the lines %s and %s", (short, place, name) => {
  expect(nameLines(short)).toEqual([place, name]);
});

test("long names keep their end", () => {
  expect(keepEnd("stage3_conv5_fwd", 10)).toBe("…conv5_fwd");
  expect(keepEnd("short", 10)).toBe("short");
});

test("a name that is too long keeps the number of its block", () => {
  expect(fitName("encoder/layer.3/output/bottleneck/dense", 26)).toBe("layer.3/…/bottleneck/dense");
  expect(fitName("encoder/layer.3/output/dense", 26)).toBe("layer.3/output/dense");
  expect(fitName("backbone/stem/a_long_name_without_end", 20)).toBe("…ng_name_without_end");
  expect(fitName("layer1.0/conv1", 26)).toBe("layer1.0/conv1");
});
