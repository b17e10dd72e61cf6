/**
 * The shape rules against the ONNX operator conformance models: what they state of their outputs must be inferred from
 * their inputs, once from the inputs' types alone and once with the inputs' elements as constants, which also holds the
 * folded values against the expected outputs.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import type { Model } from "../src/graph/ir/graph.ts";
import type { Tensor, TensorType } from "../src/graph/ir/tensor.ts";
import { tensorToNumbers } from "../src/graph/ir/tensor-values.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { importTensor } from "../src/graph/onnx/import-tensor.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { describeShared, sharedPath } from "./shared.ts";
import { readTarGz } from "./tar.ts";
import { withoutStatedTypes } from "./without-stated-types.ts";

interface Vector {
  readonly name: string;
  readonly model: Model;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

function readVectors(): readonly Vector[] {
  const files = readTarGz(readFileSync(sharedPath("vectors", "onnx-1.12-testdata.tar.gz")));
  return [...files].flatMap(([path, bytes]) => {
    if (!path.endsWith("/model.onnx")) return [];
    const folder = path.slice(0, -"/model.onnx".length);
    const model = importOnnx(bytes, { name: path });
    const tensors = (kind: string, names: readonly string[]): ReadonlyMap<string, Tensor> =>
      new Map(
        names.flatMap((name, index) => {
          const tensor = tensorOrNothing(files.get(`${folder}/test_data_set_0/${kind}_${index}.pb`));
          return tensor === undefined ? [] : [[name, tensor] as const];
        }),
      );
    const inputs = model.graph.inputs.map(({ name }) => name);
    const outputs = model.graph.outputs.map(({ name }) => name);
    return [{ name: folder, model, inputs: tensors("input", inputs), outputs: tensors("output", outputs) }];
  });
}

/** Sequences and optional values are other messages in files of the same name. */
function tensorOrNothing(bytes: Uint8Array | undefined): Tensor | undefined {
  try {
    return bytes === undefined ? undefined : importTensor(bytes).tensor;
  } catch (error) {
    if (error instanceof LaminateError) return undefined;
    throw error;
  }
}

/** The model with the inputs that are tensors made constants. */
function withInputs({ model, inputs }: Vector): Model {
  const { graph } = model;
  const stated = new Map(graph.inputs.map(({ name, type }) => [name, type]));
  // A few files are for an input of another kind than the type says: a sequence's, an optional's.
  const tensors = [...inputs].filter(
    ([name, tensor]) => stated.get(name)?.elementType === tensor.elementType,
  );
  const given = new Map(tensors);
  return {
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => !given.has(name)),
      constants: new Map([...graph.constants, ...given]),
    },
  };
}

type Agreement = "agrees" | "open" | "differs";

/** "open": the inferred type leaves sizes to the run that the file states. */
function compare(stated: TensorType, inferred: TensorType | undefined): Agreement {
  if (stated.elementType === "undefined") return "agrees";
  if (inferred === undefined || inferred.elementType !== stated.elementType) return "differs";
  if (stated.shape === undefined) return "agrees";
  if (inferred.shape === undefined) return "open";
  if (inferred.shape.length !== stated.shape.length) return "differs";
  const sizes = stated.shape.map((size, axis) => [size, inferred.shape?.[axis]] as const);
  if (sizes.some(([a, b]) => typeof a === "number" && typeof b === "number" && a !== b)) return "differs";
  return sizes.some(([a, b]) => typeof a === "number" && typeof b === "string") ? "open" : "agrees";
}

function worst(all: readonly Agreement[]): Agreement {
  return all.includes("differs") ? "differs" : all.includes("open") ? "open" : "agrees";
}

interface Count {
  readonly agree: number;
  readonly unsupported: number;
  readonly open: readonly string[];
  readonly differ: readonly string[];
}

function countAgreement(vectors: readonly Vector[], prepare: (vector: Vector) => Model): Count {
  const count = { agree: 0, unsupported: 0, open: [] as string[], differ: [] as string[] };
  for (const vector of vectors) {
    const typed = inferShapes(withoutStatedTypes(prepare(vector)));
    if (typed.unsupported.length > 0) {
      count.unsupported++;
      continue;
    }
    const { outputs } = vector.model.graph;
    switch (worst(outputs.map(({ name, type }) => compare(type, typed.types.get(name))))) {
      case "agrees":
        count.agree++;
        break;
      case "open":
        count.open.push(vector.name);
        break;
      case "differs":
        count.differ.push(vector.name);
        break;
    }
  }
  return count;
}

describeShared("ONNX conformance models", 1072, () => {
  const vectors = readVectors();

  test("shapes follow from the inputs' types, or are left open where they depend on elements", () => {
    const { agree, open, differ, unsupported } = countAgreement(vectors, ({ model }) => model);
    console.log(
      `of ${vectors.length}: ${agree} agree, ${open.length} depend on elements, ${unsupported} barriers`,
    );
    // The type of an optional input is no tensor's, so what is taken out of it is not known.
    expect(differ).toEqual(["node/test_optional_get_element"]);
    expect(agree).toBeGreaterThanOrEqual(929);
  });

  test("with the inputs' elements known, only data decides what is still open", () => {
    const { agree, open, differ, unsupported } = countAgreement(vectors, withInputs);
    console.log(`of ${vectors.length}: ${agree} agree, ${open.length} open, ${unsupported} barriers`);
    // How many boxes, strings or values are left is for the run to tell; of a sequence the length is not tracked.
    const decidedByData = /nonmaxsuppression|strnorm|unique|sequence_model[15]$|loop11$/;
    expect(open.filter((name) => !decidedByData.test(name))).toEqual([]);
    expect(differ).toEqual(["node/test_optional_get_element"]);
    expect(agree).toBeGreaterThanOrEqual(1035);
  });

  test("folded outputs equal the expected ones", () => {
    let folded = 0;
    const wrong: string[] = [];
    for (const vector of vectors) {
      const typed = inferShapes(withoutStatedTypes(withInputs(vector)));
      for (const [name, expected] of vector.outputs) {
        const value = typed.values.get(name);
        const [is, wanted] = [value && tensorToNumbers(value), tensorToNumbers(expected)];
        if (is === undefined || wanted === undefined) continue;
        folded++;
        const equal =
          is.length === wanted.length && is.every((element, index) => close(element, wanted[index]));
        if (!equal) wrong.push(vector.name);
      }
    }
    console.log(`${folded} outputs folded`);
    expect(folded).toBeGreaterThanOrEqual(334);
    expect(wrong).toEqual([]);
  });
});

function close(a: number, b: number | undefined): boolean {
  if (b === undefined) return false;
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b));
}
