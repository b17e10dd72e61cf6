/**
 * Workloads of real networks: multiply-accumulates against the manifest to the unit, layers against GAMMA's tables row
 * by row, and how many layers there are.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { FusedGraph } from "../src/compiler/fusion/fused-graph.ts";
import { fuse } from "../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { rowOf } from "../src/graph/ops/registry.ts";
import { extractWorkload, workloadTotals } from "../src/mapping/workload/extract.ts";
import { macsOf } from "../src/mapping/workload/loop-nest.ts";
import type { Layer, Workload, WorkloadTensor } from "../src/mapping/workload/workload.ts";
import { expectOrder } from "./expect-order.ts";
import { describeShared, hasShared, sharedPath } from "./shared.ts";

interface ManifestEntry {
  readonly name: string;
  readonly file: string;
  readonly macs?: number | null;
}

interface Loaded {
  readonly fused: FusedGraph;
  readonly workload: Workload;
}

const manifest: readonly ManifestEntry[] = hasShared
  ? JSON.parse(readFileSync(sharedPath("models", "manifest.json"), "utf8")).files
  : [];
const models = manifest.filter(({ file }) => file.endsWith(".onnx"));
const staticModels = models.filter(({ macs }) => typeof macs === "number");

function load(entry: ManifestEntry): Loaded {
  const bytes = readFileSync(sharedPath(entry.file));
  const fused = fuse(inferShapes(importOnnx(bytes, { name: entry.file }), { batch: 1 }));
  return { fused, workload: extractWorkload(fused, { name: entry.name }) };
}

function loadByName(name: string): Loaded {
  const entry = models.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`no model ${name}`);
  return load(entry);
}

function checkPlan({ fused }: Loaded): void {
  const nodes = fused.blocks.flatMap((block) => block.nodes);
  expect(new Set(nodes).size).toBe(fused.typed.graph.nodes.length);
  expect(nodes.length).toBe(fused.typed.graph.nodes.length);
  expectOrder(fused);
}

function checkWorkload({ fused, workload }: Loaded): void {
  const { typed } = fused;
  const nodes = new Map(typed.graph.nodes.map((node) => [node.name, node]));
  expect(new Set(workload.layers.map((layer) => layer.name)).size).toBe(workload.layers.length);
  workload.layers.forEach((layer, index) => {
    const node = nodes.get(layer.name);
    if (layer.macs > 0 && node !== undefined) {
      expect(layer.macs).toBe(macsOf(layer.dimensions));
      const types = (values: readonly string[]) => values.map((value) => typed.types.get(value));
      const call = { node, inputs: types(node.inputs), outputs: types(node.outputs) };
      expect(layer.macs).toBe(rowOf(node)?.macs?.(call));
    }
    expect(layer.outputs.length).toBeGreaterThan(0);
    for (const output of layer.outputs)
      expect(workload.tensors[output]?.source).toEqual({ kind: "layer", layer: index });
    const bytes = (tensors: readonly number[]): number =>
      tensors.reduce((total, at) => total + (workload.tensors[at]?.bytes ?? 0), 0);
    expect(layer.outputRowBytes, layer.name).toBeGreaterThan(0);
    if (layer.inputs.length > 0) expect(layer.inputWindowBytes, layer.name).toBeGreaterThan(0);
    if (layer.operators.length === 1) {
      expect(layer.inputWindowBytes).toBeLessThanOrEqual(bytes(layer.inputs));
      expect(layer.outputRowBytes).toBeLessThanOrEqual(bytes(layer.outputs));
    }
  });
  workload.tensors.forEach((tensor, index) => {
    expect(Number.isSafeInteger(tensor.bytes), tensor.name).toBe(true);
    for (const consumer of tensor.consumers) {
      expect(workload.layers[consumer]?.inputs).toContain(index);
      if (tensor.source.kind === "layer") expect(consumer).toBeGreaterThan(tensor.source.layer);
    }
  });
}

describeShared("multiply-accumulates of the manifest", 29, () => {
  test.each(staticModels)("$name", (entry) => {
    const loaded = load(entry);
    checkPlan(loaded);
    checkWorkload(loaded);
    expect(workloadTotals(loaded.workload).macs).toBe(entry.macs);
  });
});

/** Y and X are input sizes here; T is 2 for depthwise convolutions, which have K = 1. */
function gammaRow(layer: Layer, { typed }: FusedGraph): string {
  const node = typed.graph.nodes.find(({ name }) => name === layer.name);
  const shape = typed.types.get(node?.inputs[0] ?? "")?.shape ?? [];
  const { K, C, R, S } = layer.dimensions;
  const depthwise = layer.kind === "depthwise";
  return [depthwise ? 1 : K, C, shape[2], shape[3], R, S, depthwise ? 2 : 1].join(",");
}

const gammaTables = [
  { model: "tv_vgg16", table: "gamma_vgg16.csv", rows: 13 },
  { model: "tv_resnet18", table: "gamma_resnet18.csv", rows: 20 },
  { model: "tv_resnet50", table: "gamma_resnet50.csv", rows: 53 },
  { model: "tv_mobilenet_v2", table: "gamma_mobilenet_v2.csv", rows: 52 },
  { model: "tv_mnasnet1_0", table: "gamma_mnasnet.csv", rows: 52 },
];

describeShared("layers against GAMMA's tables, row by row", gammaTables.length, () => {
  test.each(gammaTables)("$model", ({ model, table, rows }) => {
    const loaded = loadByName(model);
    const convolutions = loaded.workload.layers.filter(({ kind }) => kind !== "matmul");
    const ours = convolutions.map((layer) => gammaRow(layer, loaded.fused));
    const theirs = readFileSync(sharedPath("layer-tables", table), "utf8").trim().split(/\r?\n/).slice(1);
    expect(theirs).toHaveLength(rows);
    expect(ours).toEqual(theirs);
  });
});

/** Convolutions (downsampling ones too) and products; a transformer adds its embedding. */
const layerCounts: Readonly<Record<string, number>> = {
  tv_vgg16: 16,
  tv_resnet18: 21,
  tv_resnet50: 54,
  tv_mobilenet_v2: 53,
  tv_mnasnet1_0: 53,
  tv_efficientnet_b0: 82,
  tv_s3d: 78,
  tv_vit_b_16_op13: 74,
  mb_unet_256: 23,
  hf_bert_base_s128: 97,
  hf_gpt2_s128: 74,
  hf_llama_15m_s128: 56,
  hf_mobilebert_s128: 409,
  super_resolution: 4,
  mlperftiny_kws_dscnn_int8: 10,
  light_densenet121: 121,
  light_inception_v2: 70,
  light_shufflenet: 50,
  // The gate is a function of the file itself, so it is understood.
  stream_swiglu_2048_4096_14336: 3,
};

describeShared("number of layers", Object.keys(layerCounts).length, () => {
  test.each(Object.entries(layerCounts))("%s has %i", (name, count) => {
    const loaded = loadByName(name);
    checkPlan(loaded);
    checkWorkload(loaded);
    expect(loaded.workload.layers).toHaveLength(count);
  });
});

/** What layer by layer moves beside weights, for one image in int8: where the borders between layers lie decides it. */
const bytesBetweenLayers: Readonly<Record<string, number>> = {
  tv_resnet50: 26_598_376,
  tv_efficientnet_b0: 13_750_752,
  tv_s3d: 90_065_232,
  tv_ssd300_vgg16_static: 39_091_964,
  tv_maskrcnn_resnet50_fpn_static: 735_128_945,
  mb_unet_256: 42_074_112,
  hf_bert_base_s128: 33_133_056,
  hf_gpt2_decode_past127: 6_152_793,
  light_densenet121: 36_330_472,
  light_inception_v1: 6_927_672,
  light_shufflenet: 7_429_704,
};

describeShared("bytes between layers", Object.keys(bytesBetweenLayers).length, () => {
  test.each(Object.entries(bytesBetweenLayers))("%s hands on %i", (name, bytes) => {
    const { tensors } = loadByName(name).workload;
    const timesMoved = ({ consumers, source }: WorkloadTensor): number =>
      consumers.length + (source.kind === "layer" ? 1 : 0);
    expect(tensors.reduce((total, tensor) => total + tensor.bytes * timesMoved(tensor), 0)).toBe(bytes);
  });
});

describeShared("networks whose sizes depend on the data", 2, () => {
  test.each(["tv_ssd300_vgg16", "tv_fasterrcnn_resnet50_fpn"])("%s is refused at a named node", (name) => {
    expect(() => loadByName(name)).toThrowError(
      expect.objectContaining({
        code: "bad-input",
        message: expect.stringContaining("only a run can tell"),
        where: expect.stringMatching(/^node "/),
      }),
    );
  });
});
