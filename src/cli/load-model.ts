/** From what the user names as MODEL to its workload: the gallery, reading, shapes, fusion, layers. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { badInput, LaminateError } from "../base/errors.ts";
import { nearestName } from "../base/nearest.ts";
import { fuse } from "../compiler/fusion/static-plan.ts";
import type { Graph, TypedGraph } from "../graph/ir/graph.ts";
import type { ElementType } from "../graph/ir/tensor.ts";
import { importOnnx } from "../graph/onnx/import-onnx.ts";
import type { ShapeOptions } from "../graph/ops/bindings.ts";
import { inferShapes } from "../graph/ops/infer-shapes.ts";
import { folderReader } from "../host/folder-reader.ts";
import { packageRoot } from "../host/package-root.ts";
import { readWholeFile } from "../host/read-file.ts";
import { extractWorkload } from "../mapping/workload/extract.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import type { ModelOptions } from "./options.ts";

export interface LoadedModel {
  readonly typed: TypedGraph;
  readonly workload: Workload;
}

/** Reads a model and makes its workload, for one image. */
export function loadModel(nameOrFile: string, options: ModelOptions, elementType: ElementType): LoadedModel {
  const path = modelPath(nameOrFile);
  return inFile(path, () => {
    const external = folderReader(dirname(path));
    const model = importOnnx(readWholeFile(path), {
      name: basename(path),
      readExternal: (location) => external.read(location),
    });
    const typed = inferShapes(model, shapeOptions(model.graph, options));
    const name = basename(path).replace(/\.onnx$/i, "");
    return { typed, workload: extractWorkload(fuse(typed), { name, elementType }) };
  });
}

/** Errors of the inner floors name node and tensor; here they get the file's name too. */
function inFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof LaminateError) || error.where?.includes(basename(path))) throw error;
    const where = error.where === undefined ? basename(path) : `${basename(path)}: ${error.where}`;
    throw new LaminateError({ ...error.toJSON(), where }, { cause: error });
  }
}

/** Problems are made of single images, so a free batch is 1, unless the user says how many images the shapes hold. */
function shapeOptions(graph: Graph, { shape, symbol }: ModelOptions): ShapeOptions {
  const leading = graph.inputs.map(({ type }) => type.shape?.[0]).find((size) => typeof size === "string");
  const isBound =
    leading === undefined ||
    symbol?.has(leading) ||
    graph.inputs.some(({ name, type }) => shape?.has(name) && type.shape?.includes(leading));
  return {
    ...(isBound ? {} : { batch: 1 }),
    ...(shape === undefined ? {} : { bindings: shape }),
    ...(symbol === undefined ? {} : { symbols: symbol }),
  };
}

/** Names of the networks that come with the package. */
export function galleryNames(): readonly string[] {
  const folder = galleryFolder();
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.flatMap((file) => (file.endsWith(".onnx") ? [file.slice(0, -".onnx".length)] : [])).toSorted();
}

/** The file of a gallery name, or the path itself. A file at the path wins over the gallery, a folder does not. */
function modelPath(nameOrFile: string): string {
  const stats = statSync(nameOrFile, { throwIfNoEntry: false });
  if (stats?.isFile()) return nameOrFile;
  const names = galleryNames();
  const name = names.find((known) => known === nameOrFile || known === `tv_${nameOrFile}`);
  if (name !== undefined) return join(galleryFolder(), `${name}.onnx`);
  if (stats !== undefined) return nameOrFile;
  const near = nearestName(nameOrFile, names);
  const meant = near === undefined ? "" : `did you mean "${near}"? `;
  throw badInput(`there is no model "${nameOrFile}", neither as a file nor in the gallery`, {
    where: "MODEL",
    fix: `${meant}give the path of an ONNX file, or one of ${names.join(", ")}`,
  });
}

const galleryFolder = (): string => join(packageRoot(), "models");
