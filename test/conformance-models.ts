/** ONNX's operator conformance models: each a small network with inputs and the outputs that it must give. */
import { readFileSync } from "node:fs";
import type { Model, Value } from "../src/graph/ir/graph.ts";
import { valueOfTensor } from "../src/graph/ir/runtime-tensor.ts";
import type { RuntimeValue } from "../src/graph/ir/runtime-value.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { importValue } from "../src/graph/onnx/import-value.ts";
import { sharedPath } from "./shared.ts";
import { readTarGz } from "./tar.ts";

type Values = ReadonlyMap<string, RuntimeValue>;

export interface ConformanceCase {
  readonly model: Model;
  readonly inputs: Values;
  readonly expected: Values;
}

export interface ConformanceModel {
  /** As "node/test_abs": the suite, then the model. */
  readonly name: string;
  /** Throws LaminateError where the file cannot be read. */
  read(): ConformanceCase;
}

export function conformanceModels(): readonly ConformanceModel[] {
  const files = readTarGz(readFileSync(sharedPath("vectors", "onnx-1.12-testdata.tar.gz")));
  return [...files.keys()].flatMap((path) => {
    if (!path.endsWith("/model.onnx")) return [];
    const name = path.slice(0, -"/model.onnx".length);
    return [{ name, read: () => readCase(files, name) }];
  });
}

function readCase(files: ReadonlyMap<string, Uint8Array>, name: string): ConformanceCase {
  const bytes = files.get(`${name}/model.onnx`) ?? new Uint8Array();
  const model = importOnnx(bytes, { name });
  const { graph } = model;
  const valuesOf = (names: readonly Value[], kind: "input" | "output"): Values =>
    new Map(
      names.flatMap(({ name: valueName, type: stated }, index) => {
        const path = `${name}/test_data_set_0/${kind}_${index}.pb`;
        const encoded = files.get(path);
        const type = graph.otherTypes?.get(valueName);
        if (encoded === undefined) return [];
        const value = importValue(encoded, { name: path, type });
        return [[valueName, stated.elementType === "bfloat16" ? asBfloat16(value) : value] as const];
      }),
    );
  return { model, inputs: valuesOf(graph.inputs, "input"), expected: valuesOf(graph.outputs, "output") };
}

/** The files hold bfloat16 numbers as the uint16 of their bits. */
function asBfloat16(value: RuntimeValue): RuntimeValue {
  if (value.kind !== "tensor" || !(value.elements instanceof Uint16Array)) return value;
  const bytes = new Uint8Array(value.elements.slice().buffer);
  return valueOfTensor({ elementType: "bfloat16", shape: value.shape, data: { kind: "bytes", bytes } });
}
