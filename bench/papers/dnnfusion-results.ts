/**
 * What DNNFusion reports of its 15 networks (Niu et al., PLDI 2021, tables 5 and 6): operators, MB between them, and
 * milliseconds on the processor of a Snapdragon 865, all three of one code base.
 */

export interface PaperRow {
  readonly network: string;
  /** The file here, in the folder of models, that has the same network. */
  readonly file: string;
  readonly operators: number;
  readonly blocks: number;
  readonly megabytesBefore: number;
  readonly megabytesAfter: number;
  readonly milliseconds: {
    readonly none: number;
    readonly fixed: number;
    readonly dnnFusion: number;
  };
  /** cnn: held to 1.15 x the heavy operators; transformer: to fewer; detector: to the fixed patterns only. */
  readonly kind: "cnn" | "transformer" | "detector";
}

type Numbers = readonly [operators: number, blocks: number, before: number, after: number];
type Times = readonly [none: number, fixed: number, dnnFusion: number];

const row = (
  network: string,
  file: string,
  kind: PaperRow["kind"],
  [operators, blocks, megabytesBefore, megabytesAfter]: Numbers,
  [none, fixed, dnnFusion]: Times,
): PaperRow => ({
  network,
  file: `${file}.onnx`,
  kind,
  operators,
  blocks,
  megabytesBefore,
  megabytesAfter,
  milliseconds: { none, fixed, dnnFusion },
});

export const dnnFusionResults: readonly PaperRow[] = [
  row("EfficientNet-B0", "tv_efficientnet_b0", "cnn", [309, 97, 108, 26], [54, 38, 16]),
  row("VGG-16", "tv_vgg16", "cnn", [51, 17, 161, 52], [251, 231, 171]),
  row("MobileNetV1-SSD", "mobilenetv1_ssd_300", "cnn", [202, 71, 110, 37], [79, 61, 33]),
  row("YOLO-V4", "yolov4_416", "cnn", [398, 135, 329, 205], [633, 426, 235]),
  row("C3D", "c3d_16x112", "cnn", [27, 16, 195, 90], [880, 802, 582]),
  row("S3D", "tv_s3d", "cnn", [272, 98, 996, 356], [1409, 1279, 710]),
  row("U-Net", "mb_unet_256", "cnn", [292, 82, 312, 158], [227, 168, 99]),
  row(
    "Faster R-CNN",
    "tv_fasterrcnn_resnet50_fpn_static",
    "detector",
    [3640, 942, 914, 374],
    [2325, 1462, 862],
  ),
  row(
    "Mask R-CNN",
    "tv_maskrcnn_resnet50_fpn_static",
    "detector",
    [3999, 981, 1524, 543],
    [5539, 3907, 2471],
  ),
  row("TinyBERT", "hf_tinybert_4l_312_s128", "transformer", [366, 74, 183, 55], [114, 92, 51]),
  row("DistilBERT", "hf_distilbert_base_s128", "transformer", [457, 109, 540, 197], [573, 467, 224]),
  row("ALBERT", "hf_albert_base_s128", "transformer", [936, 225, 1260, 320], [1033, 923, 386]),
  row("BERT-base", "hf_bert_base_s128", "transformer", [976, 216, 915, 196], [1086, 948, 394]),
  row("MobileBERT", "hf_mobilebert_s128", "transformer", [2387, 510, 744, 255], [448, 326, 170]),
  row("GPT-2", "hf_gpt2_s128", "transformer", [2533, 254, 1389, 356], [1350, 990, 394]),
];
