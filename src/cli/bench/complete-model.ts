/**
 * The file that all contenders get: complete, with weights inside and made where they are synthetic. Before IR version 4
 * constants must be listed as inputs, which keeps runtimes from folding and packing them; so an older file is raised to 4.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { badInput } from "../../base/errors.ts";
import { sum } from "../../base/integers.ts";
import type { Model } from "../../graph/ir/graph.ts";
import { tensorByteLength } from "../../graph/ir/materialize.ts";
import { exportOnnxChunks } from "../../graph/onnx/export-onnx.ts";

/** A protobuf message, and so an ONNX file, ends here. */
const mostBytes = 2 ** 31 - 1;

/** Bytes of all constants of the network itself, those in Constant nodes included. */
export function weightBytes({ graph }: Model): number {
  const inNodes = graph.nodes.flatMap(({ operator, attributes }) => {
    const value = operator === "Constant" ? attributes.get("value") : undefined;
    return value?.kind === "tensor" ? [value.value] : [];
  });
  return sum([...graph.constants.values(), ...inNodes].map((tensor) => tensorByteLength(tensor) ?? 0));
}

/** Writes the file. Throws bad-input where it would pass 2 GB. */
export function writeCompleteModel(model: Model, path: string): void {
  const bytes = weightBytes(model);
  if (bytes > mostBytes) {
    throw badInput(
      `the network has ${(bytes / 1e9).toFixed(1)} GB of weights, and an ONNX file ends at 2 GB`,
      {
        where: "model",
        fix: "measure a smaller network",
      },
    );
  }
  const file = openSync(path, "w");
  try {
    const raised = { ...model, irVersion: Math.max(model.irVersion, 4) };
    for (const chunk of exportOnnxChunks(raised, { materialize: true })) {
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
    }
  } finally {
    closeSync(file);
  }
}
