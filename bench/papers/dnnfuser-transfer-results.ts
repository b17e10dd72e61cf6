/**
 * What DNNFuser reports of memories and networks that its training never saw (Kao, Huang, Krishna, 2022, arXiv 2201.11218, tables 2
 * and 3): speed-ups over layer by layer at batch 64, by on-chip memory in MB. N/A is an answer that did not fit.
 */

/** Undefined for N/A. */
type Speedup = number | undefined;

/** A network of table 2, asked for memories between those of training. */
export interface UnseenMemories {
  /** As the gallery calls it. */
  readonly network: string;
  readonly rows: readonly {
    readonly megabytes: number;
    readonly dnnfuser: Speedup;
    readonly gTeacher: Speedup;
  }[];
}

const memories = (
  network: string,
  rows: readonly (readonly [number, Speedup, Speedup])[],
): UnseenMemories => ({
  network,
  rows: rows.map(([megabytes, dnnfuser, gTeacher]) => ({ megabytes, dnnfuser, gTeacher })),
});

/** Memories of the training data, in MB (section 5.3). */
export const trainingMegabytes: readonly number[] = [16, 32, 48, 64];

export const dnnFuserTable2: readonly UnseenMemories[] = [
  memories("vgg16", [
    [20, 1.2, 1.19],
    [25, 1.2, 2.18],
    [30, 1.16, 1.86],
    [35, 1.88, 2.14],
    [40, 1.97, 2.17],
    [45, 1.97, 2.3],
  ]),
  memories("resnet18", [
    [20, 1.27, 1.37],
    [25, 1.27, 1.34],
    [30, 2.31, 1.51],
    [35, 2.31, 1.53],
    [40, 2.68, 2.88],
    [45, 2.68, 2.95],
  ]),
];

/** A network of table 3: the transformer trained on others and fine-tuned with a tenth of the steps, and one trained on it alone. */
export interface UnseenNetwork {
  readonly network: string;
  readonly rows: readonly {
    readonly megabytes: number;
    readonly transfer: Speedup;
    readonly direct: Speedup;
    readonly gTeacher: Speedup;
  }[];
}

const transfers = (
  network: string,
  rows: readonly (readonly [number, Speedup, Speedup, Speedup])[],
): UnseenNetwork => ({
  network,
  rows: rows.map(([megabytes, transfer, direct, gTeacher]) => ({ megabytes, transfer, direct, gTeacher })),
});

const none = undefined;

export const dnnFuserTable3: readonly UnseenNetwork[] = [
  transfers("resnet50", [
    [25, 1.31, 1.17, 1.41],
    [35, 1.78, 1.78, 1.94],
    [45, 2.01, 2.03, 2.13],
    [55, 2.55, 2.03, 2.26],
  ]),
  transfers("mobilenet_v2", [
    [25, 1.83, 1.68, 2.27],
    [35, 2.01, 1.67, 2.18],
    [45, 2.66, 2.9, 2.41],
    [55, 2.94, none, 4.32],
  ]),
  transfers("mnasnet1_0", [
    [25, 3.34, none, 3.6],
    [35, 3.34, 3.34, 3.17],
    [45, 3.34, 3.34, 3.82],
    [55, 3.46, 3.53, 4.07],
  ]),
];
