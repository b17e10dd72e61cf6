/** The networks of the compiler benchmark, with sizes for dimensions that their files leave open. */
import type { JobShapes } from "../src/cli/bench/job.ts";

export interface BenchedNetwork {
  readonly name: string;
  readonly file: string;
  readonly shapes?: JobShapes;
}

export const benchedNetworks: readonly BenchedNetwork[] = [
  { name: "ResNet18", file: "tv_resnet18.onnx" },
  { name: "ResNet50", file: "tv_resnet50.onnx" },
  { name: "VGG16", file: "tv_vgg16.onnx" },
  { name: "MobileNet-V2", file: "tv_mobilenet_v2.onnx" },
  { name: "EfficientNet-B0", file: "tv_efficientnet_b0.onnx" },
  { name: "U-Net", file: "mb_unet_256.onnx" },
  { name: "YOLO-V4", file: "yolov4_416.onnx" },
  { name: "BERT-base", file: "hf_bert_base_s128.onnx" },
  { name: "DistilBERT", file: "hf_distilbert_base_s128.onnx" },
  { name: "MobileBERT", file: "hf_mobilebert_s128.onnx" },
  { name: "TinyBERT", file: "hf_tinybert_4l_312_s128.onnx" },
  { name: "GPT-2", file: "hf_gpt2_s128.onnx" },
  { name: "GPT-2-decode", file: "hf_gpt2_decode_past127.onnx" },
  { name: "ViT", file: "tv_vit_b_16_op13.onnx" },
  { name: "MNIST", file: "mnist_cntk8.onnx" },
  { name: "MNIST-CNN", file: "cnn_mnist_pytorch.onnx" },
  { name: "super-resolution", file: "super_resolution.onnx" },
  { name: "DS-CNN", file: "mlperftiny_kws_dscnn_fp32.onnx" },
  { name: "DS-CNN-int8", file: "mlperftiny_kws_dscnn_int8.onnx" },
  { name: "autoencoder", file: "mlperftiny_ad_autoencoder_fp32.onnx" },
  { name: "ResNet8", file: "mlperftiny_ic_resnet8_fp32.onnx" },
  { name: "autoencoder-1D", file: "deeploy_autoencoder1d.onnx" },
  {
    name: "BERT-toy",
    file: "bert_toy_optimized.onnx",
    shapes: {
      symbols: [
        ["batch", 1],
        ["max_seq_len_in_batch", 16],
      ],
    },
  },
  { name: "nanoGPT", file: "nanogpt_char_4l.onnx" },
  {
    name: "text-direction",
    file: "ppocr_cls_mobile_v2.onnx",
    shapes: { bindings: [["x", [1, 3, 48, 192]]] },
  },
  {
    name: "voice-activity",
    file: "silero_vad_op18_ifless.onnx",
    shapes: {
      bindings: [
        ["input", [1, 576]],
        ["state", [2, 1, 128]],
      ],
    },
  },
];
