/**
 * What DNNFuser reports of its searches on VGG16 (Kao, Huang, Krishna, 2022, arXiv 2201.11218, table 1): the speed-up over
 * layer by layer, the activation memory of the mapping found, and the search time on a 4-core Xeon with a GTX 1070. Every
 * search had 2,000 samples. N/A is a search that found nothing that fits; its memory is then that of what it ended with.
 */

export interface PaperSearch {
  /** As the paper calls it. */
  readonly method: string;
  /** The mapper of that name here. */
  readonly mapper: string;
  /** Undefined for N/A. */
  readonly speedup: number | undefined;
  readonly megabytes: number;
  readonly minutes: number;
}

export interface PaperCase {
  readonly name: string;
  readonly memoryMegabytes: number;
  readonly batch: number;
  readonly searches: readonly PaperSearch[];
}

/** Samples of every search of the table. */
export const paperSamples = 2_000;

type Figures = readonly [speedup: number | undefined, megabytes: number, minutes: number];

const search = (method: string, mapper: string, [speedup, megabytes, minutes]: Figures): PaperSearch => ({
  method,
  mapper,
  speedup,
  megabytes,
  minutes,
});

const none = undefined;

export const dnnFuserTable1: readonly PaperCase[] = [
  {
    name: "case 1",
    memoryMegabytes: 20,
    batch: 64,
    searches: [
      search("PSO", "pso", [none, 102.76, 69.17]),
      search("CMA", "cma-es", [none, 186.25, 77.03]),
      search("DE", "de", [none, 114, 65.17]),
      search("TBPSA", "tbpsa", [none, 153.34, 110.5]),
      search("stdGA", "std-ga", [none, 139.69, 61.66]),
      search("A2C", "a2c", [0.98, 2.26, 335.63]),
      search("G-Teacher", "g-teacher", [1.19, 16.46, 0.66]),
      search("DNNFuser", "dnnfuser", [1.2, 19.27, 0.01]),
    ],
  },
  {
    name: "case 2",
    memoryMegabytes: 40,
    batch: 128,
    searches: [
      search("PSO", "pso", [none, 255.3, 93.28]),
      search("CMA", "cma-es", [none, 411.04, 91.42]),
      search("DE", "de", [none, 149.32, 104.74]),
      search("TBPSA", "tbpsa", [none, 245.66, 106.2]),
      search("stdGA", "std-ga", [none, 236.03, 151.74]),
      search("A2C", "a2c", [none, 372.51, 293.81]),
      search("G-Teacher", "g-teacher", [2.06, 37.73, 1.27]),
      search("DNNFuser", "dnnfuser", [3.13, 37.73, 0.01]),
    ],
  },
];

/** A mapping that the paper draws, with the names of its figure. */
export interface PaperMapping {
  readonly method: string;
  /** [mB_0 .. mB_N] of the paper's network: ResNet18 without the convolutions on its shortcuts, 18 layers. */
  readonly vector: readonly number[];
}

/** Figure 3: ResNet18, batch 64, 20 MB. */
export const dnnFuserFigure3 = {
  network: "resnet18",
  memoryMegabytes: 20,
  mappings: [
    {
      method: "DNNFuser",
      vector: [42, -1, 30, 27, -1, 30, -1, 30, -1, -1, -1, 31, -1, 36, -1, -1, 47, 62, 35],
    },
    {
      method: "G-Teacher",
      vector: [64, -1, 36, -1, 64, -1, -1, 25, -1, 60, 43, 20, 36, 42, 61, 46, 1, 37, 21],
    },
  ] satisfies readonly PaperMapping[],
} as const;
