/**
 * The runtimes that we are measured against, on whole networks: a rival that gives wrong outputs would be no rival. The
 * outputs are those of a reference runtime, within 1e-3 of each output's range.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeCompleteModel } from "../src/cli/bench/complete-model.ts";
import { contenderByName } from "../src/cli/bench/contenders.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { readReference } from "./references.ts";
import { describeShared, sharedPath } from "./shared.ts";

const folder = mkdtempSync(join(tmpdir(), "laminate-rivals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const networks = (process.env.LAMINATE_RIVAL_NETWORKS ?? "").split(" ").filter(Boolean);
const chosen =
  networks.length > 0
    ? networks
    : [
        "cnn_mnist_pytorch",
        "mlperftiny_kws_dscnn_fp32",
        "mlperftiny_ic_resnet8_fp32",
        "mlperftiny_ad_autoencoder_fp32",
        "deeploy_autoencoder1d",
        "super_resolution",
        "nanogpt_char_4l",
        "bert_toy_optimized",
        "ppocr_cls_mobile_v2",
        "tv_mobilenet_v2.synthetic",
        "tv_efficientnet_b0.synthetic",
        "tv_resnet18.synthetic",
        "hf_tinybert_4l_312_s128.synthetic",
      ];

describeShared("rivals on whole networks", chosen.length * 2, () => {
  describe.each(["ort-web", "tfjs-wasm"])("%s", (name) => {
    test.each(chosen)("%s", async (file) => {
      const { model, inputs, check } = readReference(`${file}.json`);
      const path = join(folder, "model.onnx");
      writeCompleteModel(importOnnx(readFileSync(sharedPath("models", model)), { name: model }), path);
      const bindings = new Map(
        [...inputs].map(([input, value]) => [input, value.kind === "tensor" ? value.shape : []]),
      );
      const network = { name: model, bytes: readFileSync(path), shapes: { bindings } };
      const loading = await contenderByName(name).load(network, { threads: 1 });
      expect(loading, loading.kind === "unsupported" ? loading.reason : "").toMatchObject({ kind: "loaded" });
      if (loading.kind !== "loaded") return;
      const bound = loading.bind(inputs);
      // Twice: the second run finds what the first has left.
      for (let run = 0; run < 2; run++) await bound.run();
      check(bound.outputs());
      await loading.dispose();
    });
  });
});
