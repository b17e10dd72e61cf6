/** From what the user names as MODEL to its workload: the gallery, reading, shapes, fusion, layers. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { badInput, LaminateError } from "../base/errors.ts";
import { nearestName } from "../base/nearest.ts";
import { fuse } from "../compiler/fusion/static-plan.ts";
import type { Graph, Model, TypedGraph } from "../graph/ir/graph.ts";
import type { ElementType } from "../graph/ir/tensor.ts";
import { importOnnx } from "../graph/onnx/import-onnx.ts";
import type { ShapeOptions } from "../graph/ops/bindings.ts";
import { inferShapes } from "../graph/ops/infer-shapes.ts";
import { folderReader } from "../host/folder-reader.ts";
import { packageRoot } from "../host/package-root.ts";
import { readWholeFile } from "../host/read-file.ts";
import { extractWorkload } from "../mapping/workload/extract.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import type { ModelOptions, ShapesGiven } from "./options.ts";

export interface LoadedModel {
  readonly typed: TypedGraph;
  readonly workload: Workload;
}

/** Reads a model and makes its workload, for one image. */
export function loadModel(nameOrFile: string, options: ModelOptions, elementType: ElementType): LoadedModel {
  const read = readModel(nameOrFile, options);
  return { typed: read.typed, workload: read.extract(elementType) };
}

/** A model whose types are known, and the way to its workload, which may turn out to be barred. */
export interface ReadModel {
  readonly name: string;
  readonly path: string;
  readonly typed: TypedGraph;
  extract(elementType: ElementType): Workload;
}

/** Reads a model and infers its types. */
export function readModel(nameOrFile: string, options: ModelOptions): ReadModel {
  const { path, name, model } = readModelFile(nameOrFile);
  const typed = inFile(path, () => inferShapes(model, shapeOptions(model.graph, options)));
  return {
    name,
    path,
    typed,
    extract: (elementType) => inFile(path, () => extractWorkload(fuse(typed), { name, elementType })),
  };
}

/** A model as its file holds it. */
export interface ModelFile extends Place {
  readonly model: Model;
}

/** Reads a model and nothing else. */
export function readModelFile(nameOrFile: string): ModelFile {
  const place = placeOf(nameOrFile);
  const external = folderReader(dirname(place.path));
  const model = inFile(place.path, () =>
    importOnnx(readWholeFile(place.path), {
      name: basename(place.path),
      readExternal: (location) => external.read(location),
    }),
  );
  return { ...place, model };
}

/** Errors of the inner floors name node and tensor; here they get the file's name too. */
export function inFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw withFile(path, error);
  }
}

/** The same for what takes time. */
export async function inFileLater<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw withFile(path, error);
  }
}

function withFile(path: string, error: unknown): unknown {
  if (!(error instanceof LaminateError) || error.where?.includes(basename(path))) return error;
  const where = error.where === undefined ? basename(path) : `${basename(path)}: ${error.where}`;
  return new LaminateError({ ...error.toJSON(), where }, { cause: error });
}

/** Problems are made of single images, so a free batch is 1, unless the user says how many images the shapes hold. */
export function shapeOptions(graph: Graph, { shape, symbol }: ShapesGiven): ShapeOptions {
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

/** A network: its file, and the name that its workload gets. */
interface Place {
  readonly path: string;
  readonly name: string;
}

/** The shipped networks by name: models/tv_resnet18.onnx is resnet18 (tv_: exported from torchvision). */
function gallery(): ReadonlyMap<string, Place> {
  const folder = join(packageRoot(), "models");
  const files = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const places = files.flatMap((file): Place[] => {
    const name = /^(?:tv_)?(.+)\.onnx$/.exec(file)?.[1];
    return name === undefined ? [] : [{ path: join(folder, file), name }];
  });
  return new Map(places.map((place) => [place.name, place]));
}

/** Names of the networks that come with the package. */
export function galleryNames(): readonly string[] {
  return [...gallery().keys()];
}

/** Where the model is. A file at the path wins over the gallery, a folder does not. */
function placeOf(nameOrFile: string): Place {
  const given = { path: nameOrFile, name: basename(nameOrFile).replace(/\.onnx$/i, "") };
  const stats = statSync(nameOrFile, { throwIfNoEntry: false });
  if (stats?.isFile()) return given;
  const places = gallery();
  const place = places.get(nameOrFile) ?? places.get(nameOrFile.replace(/^tv_/, ""));
  if (place !== undefined) return place;
  if (stats !== undefined) return given;
  const names = [...places.keys()];
  const near = nearestName(nameOrFile, names);
  const meant = near === undefined ? "" : `did you mean "${near}"? `;
  throw badInput(`there is no model "${nameOrFile}", neither as a file nor in the gallery`, {
    where: "MODEL",
    fix: `${meant}give the path of an ONNX file, or one of ${names.join(", ")}`,
  });
}
