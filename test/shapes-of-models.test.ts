/**
 * Shape inference on real networks: every type that a file states of a value must follow from its inputs alone, inside
 * subgraphs too, and the multiply-accumulates must be those of the manifest to the unit.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import type { Graph, Model, TypedGraph } from "../src/graph/ir/graph.ts";
import type { Shape, TensorType } from "../src/graph/ir/tensor.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { type InferOptions, inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { graphMacs } from "../src/graph/ops/macs.ts";
import { describeShared, hasShared, sharedPath } from "./shared.ts";
import { withoutStatedTypes } from "./without-stated-types.ts";

const folders = ["structure", "complete", "third-party"];

interface ManifestEntry {
  readonly file: string;
  readonly macs?: number | null;
}

function modelFiles(): readonly string[] {
  if (!hasShared) return [];
  return folders.flatMap((folder) =>
    readdirSync(sharedPath("models", folder))
      .filter((name) => name.endsWith(".onnx"))
      .map((name) => `models/${folder}/${name}`),
  );
}

function read(file: string): Model {
  return importOnnx(readFileSync(sharedPath(file)), { name: file });
}

/** What the file states of the values that the graph's nodes make. */
function statedValues(graph: Graph): readonly (readonly [string, TensorType])[] {
  const outputs = new Map(graph.outputs.map(({ name, type }) => [name, type]));
  return graph.nodes
    .flatMap((node) => node.outputs)
    .flatMap((name) => {
      const type = graph.statedTypes.get(name) ?? outputs.get(name);
      return type === undefined || type.shape === undefined ? [] : [[name, type] as const];
    });
}

/** Values that depend on what an operator without a row returns, where the file does not state that. */
function behindBarriers(typed: TypedGraph): ReadonlySet<string> {
  const unknown = new Set<string>();
  const barriers = new Set(typed.unsupported.map(({ node }) => node));
  for (const node of typed.graph.nodes) {
    const starts =
      barriers.has(node.name) && node.outputs.some((name) => typed.types.get(name)?.shape === undefined);
    if (starts || node.inputs.some((name) => unknown.has(name)))
      for (const name of node.outputs) unknown.add(name);
  }
  return unknown;
}

/** Every size that is stated as a number must be inferred; a stated symbol may be anything. */
function agrees(stated: TensorType, inferred: TensorType | undefined): boolean {
  if (inferred?.shape === undefined || inferred.elementType !== stated.elementType) return false;
  const { shape } = inferred;
  return (
    stated.shape?.length === shape.length &&
    stated.shape.every((size, axis) => typeof size === "string" || size === shape[axis])
  );
}

interface Findings {
  readonly typed: TypedGraph;
  readonly compared: number;
  readonly behind: number;
  readonly wrong: readonly string[];
}

function compareModel(model: Model, options: InferOptions = {}): Findings {
  const inner = new Map<string, readonly [Graph, ReadonlyMap<string, TensorType>]>();
  const stripped = withoutStatedTypes(model);
  const typed = inferShapes(stripped, {
    ...options,
    onSubgraph: (graph, types) => inner.set(graph.name, [graph, types]),
  });
  const behind = behindBarriers(typed);
  const top = statedValues(model.graph).filter(([name]) => !behind.has(name));
  const nested = [...subgraphs(model.graph)].flatMap((graph) => {
    const found = inner.get(graph.name);
    return found === undefined
      ? []
      : statedValues(graph).map(([name, type]) => [name, type, found[1].get(name)] as const);
  });
  const all = [...top.map(([name, type]) => [name, type, typed.types.get(name)] as const), ...nested];
  const wrong = all.flatMap(([name, stated, inferred]) =>
    agrees(stated, inferred) ? [] : [`${name}: ${describeType(stated)}, inferred ${describeType(inferred)}`],
  );
  return { typed, compared: all.length, behind: behind.size, wrong };
}

function describeType(type: TensorType | undefined): string {
  return `${type?.elementType}[${type?.shape?.join(",") ?? "?"}]`;
}

function* subgraphs(graph: Graph): Generator<Graph> {
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) {
      if (attribute.kind !== "graph") continue;
      yield attribute.value;
      yield* subgraphs(attribute.value);
    }
  }
}

describeShared("shapes of the networks", 63, () => {
  const manifest: { readonly files: readonly ManifestEntry[] } = hasShared
    ? JSON.parse(readFileSync(sharedPath("models", "manifest.json"), "utf8"))
    : { files: [] };
  const macs = new Map(manifest.files.map((entry) => [entry.file, entry.macs]));

  const sums = { compared: 0, behind: 0 };
  afterAll(() => {
    console.log(`${sums.compared} stated types compared, ${sums.behind} values behind barriers`);
  });

  test.each(modelFiles())("%s", (file) => {
    const model = read(file);
    const { typed, compared, behind, wrong } = compareModel(model);
    const total = graphMacs(typed);
    sums.compared += compared;
    sums.behind += behind;
    expect(wrong).toEqual([]);
    const stated = macs.get(file);
    if (typeof stated === "number") expect(total).toBe(stated);
  });
});

interface Bound {
  readonly file: string;
  readonly bindings: Readonly<Record<string, Shape>>;
  readonly outputs: Readonly<Record<string, Shape>>;
}

// The outputs' sizes are those that onnxruntime returned for these inputs (models/refs).
const bound: readonly Bound[] = [
  {
    file: "models/complete/bert_toy_optimized.onnx",
    bindings: { input_ids: [1, 16], token_type_ids: [1, 16], input_mask: [1, 16] },
    outputs: { prediction_scores: [1, 16, 99], seq_relationship_score: [1, 2] },
  },
  {
    file: "models/complete/super_resolution.onnx",
    bindings: { input: [1, 1, 224, 224] },
    outputs: { output: [1, 1, 672, 672] },
  },
  {
    file: "models/complete/ppocr_cls_mobile_v2.onnx",
    bindings: { x: [1, 3, 48, 192] },
    outputs: { "softmax_0.tmp_0": [1, 2] },
  },
  {
    file: "models/complete/silero_vad_op18_ifless.onnx",
    bindings: { input: [1, 576], state: [2, 1, 128] },
    outputs: { output: [1, 1], stateN: [2, 1, 128] },
  },
];

describeShared("networks with symbolic inputs", bound.length * 2, () => {
  test.each(bound)("$file with its inputs bound", ({ file, bindings, outputs }) => {
    const { typed, wrong } = compareModel(read(file), { bindings: new Map(Object.entries(bindings)) });
    expect(wrong).toEqual([]);
    for (const [name, shape] of Object.entries(outputs)) expect(typed.types.get(name)?.shape).toEqual(shape);
    const open = [...typed.types].filter(
      ([, { shape }]) => shape?.some((size) => typeof size === "string") ?? true,
    );
    expect(open).toEqual([]);
  });

  test.each(bound)("$file with a free batch: its symbol reaches the outputs", ({ file }) => {
    const { typed } = compareModel(read(file));
    const leading = typed.graph.inputs[0]?.type.shape?.[0];
    const sizes = typed.graph.outputs.flatMap(({ name }) => typed.types.get(name)?.shape ?? []);
    expect(typeof leading).toBe("string");
    expect(sizes).toContain(leading);
  });

  test("--batch binds the leading symbol wherever it occurs", () => {
    const typed = inferShapes(read("models/complete/bert_toy_optimized.onnx"), { batch: 8 });
    expect(typed.types.get("input_mask")?.shape).toEqual([8, "max_seq_len_in_batch"]);
    expect(typed.types.get("prediction_scores")?.shape).toEqual([8, "max_seq_len_in_batch", 99]);
  });
});
