/** The interpreter against the ONNX operator conformance models, with the tolerance of ONNX's own runner. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { compareValues } from "../src/graph/interpreter/compare-values.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import { type ConformanceModel, conformanceModels } from "./conformance-models.ts";
import { describeShared, sharedPath } from "./shared.ts";

/** Why a model does not pass; undefined where it does. */
function failureOf(model: ConformanceModel): string | undefined {
  try {
    const { model: network, inputs, expected } = model.read();
    const outputs = runGraph(network, inputs);
    for (const [name, value] of expected) {
      const actual = outputs.get(name);
      if (actual === undefined) return `no output ${name}`;
      const { isClose, maxAbsoluteError, reason } = compareValues(actual, value);
      if (!isClose) return `${name}: ${reason ?? `off by ${maxAbsoluteError.toPrecision(3)}`}`;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof LaminateError)) return `internal: ${error instanceof Error ? error.stack : error}`;
    return `${error.where}: ${error.message}`;
  }
}

/** Models that do not pass, by what they have in common. */
const knownFailures: readonly { readonly names: RegExp; readonly why: string }[] = [
  { names: /adagrad|adam|momentum|gradient_of/, why: "operators of the training domain have no rows" },
  { names: /cast_FLOAT_to_BFLOAT16$/, why: "expected cut off; the specification rounds to the nearest" },
  {
    names: /castlike_(?:FLOAT_to_BFLOAT16|BFLOAT16_to_FLOAT)(?:_expanded)?$/,
    why: "the input file's shape is not the one that the model states",
  },
  {
    names: /bernoulli|training_dropout/,
    why: "the expected values were drawn from another random generator",
  },
  {
    names: /resize_downsample_scales_(?:cubic|linear)_align_corners/,
    why: "expected for a size that is no whole number; the reference runtime fails them too",
  },
];

interface Count {
  passed: number;
  all: number;
}

interface Status {
  readonly suite: string;
  readonly name: string;
  readonly status: string;
}

describeShared("ONNX conformance models in the interpreter", 1072, () => {
  const models = conformanceModels();
  const failures = new Map(
    models.flatMap((model) => {
      const failure = failureOf(model);
      return failure === undefined ? [] : [[model.name, failure] as const];
    }),
  );

  test("every model passes but those of the list", () => {
    const unexpected = [...failures].filter(([name]) => !knownFailures.some(({ names }) => names.test(name)));
    expect(unexpected).toEqual([]);
    for (const { names } of knownFailures)
      expect([...failures.keys()].some((name) => names.test(name))).toBe(true);
  });

  test("the counts", () => {
    const counts: Record<string, Count> = {};
    for (const { name } of models) {
      const [group = ""] = name.split("/");
      counts[group] ??= { passed: 0, all: 0 };
      counts[group].all++;
      if (!failures.has(name)) counts[group].passed++;
    }
    console.log(
      Object.entries(counts)
        .map(([group, { passed, all }]) => `${group} ${passed} of ${all}`)
        .join(", "),
    );
    expect(counts).toEqual({
      node: { passed: 908, all: 932 },
      simple: { passed: 21, all: 23 },
      "pytorch-converted": { passed: 82, all: 82 },
      "pytorch-operator": { passed: 35, all: 35 },
    });
  });

  test("what the reference runtime passes passes here", () => {
    const path = sharedPath("vectors", "onnx-1.12-testdata.ort-status.json");
    const statuses: readonly Status[] = JSON.parse(readFileSync(path, "utf8"));
    const passing = statuses
      .filter(({ status }) => status === "pass")
      .map(({ suite, name }) => `${suite}/${name}`);
    expect(passing).toHaveLength(854 + 59 + 24 + 15);
    expect(passing.filter((name) => failures.has(name))).toEqual([]);
  });
});
