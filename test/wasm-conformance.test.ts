/**
 * Generated code against the ONNX operator conformance models: what is compiled gives the expected outputs, and all else
 * is refused with an error that says why. A wrong answer, an invalid module or a trap is a failure. Each model is compiled
 * twice: as it is, and with all inputs but the first as constants, as weights, axes and sizes are in networks.
 */
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { compareValues } from "../src/graph/interpreter/compare-values.ts";
import { tensorOfValue } from "../src/graph/ir/runtime-tensor.ts";
import { type ConformanceCase, type ConformanceModel, conformanceModels } from "./conformance-models.ts";
import { runCompiled, runsRelaxed } from "./run-compiled.ts";
import { describeShared } from "./shared.ts";
import { type Counts, mostRefused } from "./wasm-conformance-counts.ts";

type Result =
  | { readonly kind: "passed" }
  | { readonly kind: "refused"; readonly reason: string; readonly error: LaminateError }
  | { readonly kind: "wrong"; readonly why: string };

async function resultOf({ model, inputs, expected }: ConformanceCase, relaxedSimd: boolean): Promise<Result> {
  try {
    const outputs = await runCompiled(model, inputs, { relaxedSimd });
    for (const [name, value] of expected) {
      const actual = outputs.get(name);
      if (actual === undefined) return { kind: "wrong", why: `no output ${name}` };
      const { isClose, maxAbsoluteError, reason } = compareValues(actual, value);
      if (!isClose)
        return { kind: "wrong", why: `${name}: ${reason ?? `off by ${maxAbsoluteError.toPrecision(3)}`}` };
    }
    return { kind: "passed" };
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input")
      return { kind: "refused", reason: reasonOf(error), error };
    return { kind: "wrong", why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The operator that is refused, or the type of elements. */
function reasonOf({ where = "", message }: LaminateError): string {
  const operator = /^node ".*" \((?:\S+ )?(\w+), /.exec(where)?.[1];
  if (operator !== undefined) return operator;
  const type = /elements of type (\w+)/.exec(message)?.[1];
  return type === "undefined" ? "no tensor" : (type ?? (/shape/.test(message) ? "unknown shape" : message));
}

/** All inputs but the first are constants. */
function withParameters(given: ConformanceCase): ConformanceCase | undefined {
  const { model, inputs } = given;
  const { graph } = model;
  const [first, ...parameters] = graph.inputs;
  if (first === undefined || parameters.length === 0) return undefined;
  const constants = new Map(graph.constants);
  for (const { name } of parameters) {
    const value = inputs.get(name);
    const tensor = value?.kind === "tensor" ? tensorOfValue(value) : undefined;
    if (tensor === undefined) return undefined;
    constants.set(name, tensor);
  }
  const kept = new Map([...inputs].filter(([name]) => name === first.name));
  return { ...given, model: { ...model, graph: { ...graph, inputs: [first], constants } }, inputs: kept };
}

async function runAll(
  models: readonly ConformanceModel[],
  change: (given: ConformanceCase) => ConformanceCase | undefined,
  relaxedSimd: boolean,
): Promise<ReadonlyMap<string, Result>> {
  const results = new Map<string, Result>();
  for (const { name, read } of models) {
    const given = change(read());
    if (given !== undefined) results.set(name, await resultOf(given, relaxedSimd));
  }
  return results;
}

/** Expected for a size that is no whole number; the interpreter and the reference runtime give others too. */
const knownFailures = /resize_downsample_scales_(?:cubic|linear)_align_corners/;

/** How many are refused, by reason, the most first. */
function countsOf(results: ReadonlyMap<string, Result>): Counts {
  const counts: Record<string, number> = {};
  for (const result of results.values())
    if (result.kind === "refused") counts[result.reason] = (counts[result.reason] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a, m], [b, n]) => n - m || a.localeCompare(b)));
}

function check(results: ReadonlyMap<string, Result>, most: Counts, leastPassed: number): void {
  const wrong = [...results].flatMap(([name, result]) =>
    result.kind === "wrong" && !knownFailures.test(name) ? [`${name}: ${result.why}`] : [],
  );
  const counts = countsOf(results);
  const passed = [...results.values()].filter(({ kind }) => kind === "passed").length;
  const refused = Object.values(counts).reduce((sum, count) => sum + count, 0);
  console.log(`${passed} passed, ${refused} refused of ${results.size}: ${JSON.stringify(counts)}`);
  expect(wrong).toEqual([]);
  for (const result of results.values()) {
    if (result.kind !== "refused") continue;
    expect(result.error).toMatchObject({ where: expect.any(String), fix: expect.any(String) });
  }
  const more = Object.entries(counts).filter(([reason, count]) => count > (most[reason] ?? 0));
  expect(more).toEqual([]);
  expect(passed).toBeGreaterThanOrEqual(leastPassed);
}

describeShared("ONNX conformance models compiled", 1072, () => {
  const models = conformanceModels();

  test("as they are", async () => {
    check(await runAll(models, (given) => given, runsRelaxed), mostRefused.asTheyAre, 738);
  });

  test("with parameters as constants", async () => {
    const results = await runAll(models, withParameters, !runsRelaxed);
    check(results, mostRefused.withParameters, 383);
  });
});
