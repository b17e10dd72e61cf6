/**
 * Reads an ONNX file (IR version 1 to 11, standard opset 1 to 22) into a Graph. Weights are views into the file's
 * bytes, never copies. O(size of the file without its weights).
 */
import { badInput, LaminateError } from "../../base/errors.ts";
import type { Model } from "../ir/graph.ts";
import { findGraphProblem, problemPlaces } from "../ir/verify.ts";
import type { ReadExternal } from "./external-data.ts";
import { fileKind } from "./file-kind.ts";
import { graphOf } from "./import-graph.ts";
import { inlineFunctions } from "./inline-functions.ts";
import { opsetsOf } from "./opsets.ts";
import { type GraphProto, type ModelProto, modelProto } from "./schema.ts";
import { decode } from "./wire-decode.ts";

export interface ImportOptions {
  /** The file's name, for errors. */
  readonly name?: string;
  /** Gives external data files, by their location relative to the model; without it their tensors are "missing". */
  readonly readExternal?: ReadExternal;
}

/**
 * The model in a file. Model-local functions are inlined, nodes sorted and named. Throws bad-input that names the
 * file and the place: node, tensor or byte.
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): Model {
  const where = options.name ?? "model";
  const { proto, graph } = modelOf(bytes, where);
  const irVersion = checkedIrVersion(proto.irVersion, where);
  const stated = opsetsOf(proto.opsetImport, irVersion, where);
  const inlined = inlineFunctions(graph, proto.functions, stated, where);
  const context = { opsets: inlined.opsets, readExternal: options.readExternal, depth: 0 };
  const model: Model = {
    graph: graphOf(inlined.graph, context, where),
    irVersion,
    opsets: inlined.opsets,
    producer: [proto.producerName, proto.producerVersion].filter(Boolean).join(" "),
    metadata: new Map(proto.metadataProps.map(({ key, value }) => [key ?? "", value ?? ""])),
  };
  checkGraph(model, where);
  return model;
}

function modelOf(
  bytes: Uint8Array,
  where: string,
): { readonly proto: ModelProto; readonly graph: GraphProto } {
  try {
    const proto = decode(modelProto, bytes, where);
    if (proto.graph !== undefined) return { proto, graph: proto.graph };
    throw badInput("not an ONNX model: it has no graph", { where, fix: "pass a .onnx file" });
  } catch (error) {
    const kind = error instanceof LaminateError ? fileKind(bytes) : undefined;
    if (kind === undefined) throw error;
    throw badInput(`not an ONNX model: it looks like ${kind.what}`, { where, fix: kind.fix });
  }
}

/** Newer ones are read too: what they add is skipped, and the opset decides what nodes mean. */
function checkedIrVersion(version: bigint | undefined, where: string): number {
  if (version !== undefined && version >= 1n && version < 2n ** 31n) return Number(version);
  const message = version === undefined ? "no IR version" : `IR version ${version}, which does not exist`;
  throw badInput(`not a valid ONNX model: ${message}`, { where, fix: "export the model again" });
}

function checkGraph({ graph }: Model, where: string): void {
  const problem = findGraphProblem(graph);
  if (problem === undefined) return;
  throw badInput(problem.message, {
    where: [where, ...problemPlaces(problem)].join(": "),
    fix: "the graph is not valid ONNX: export the model again, or look at it with onnx.checker",
  });
}
