/** The accelerator that the DNNFuser paper prints, literally (arXiv 2201.11218, section 5.1). */
import type { Accelerator } from "../accelerator.ts";
import { horowitzEnergies, horowitzSources } from "./horowitz.ts";

const citation = "S.-C. Kao, X. Huang, T. Krishna, DNNFuser, arXiv 2201.11218, section 5.1";

export const dnnfuser2022: Accelerator = {
  name: "dnnfuser-2022",
  description:
    "The accelerator of the DNNFuser paper as printed. Its 1.024 TMAC/s are so few for 900 GB/s that image networks " +
    "are bound by compute at every layer, and no fusion can be faster than layer by layer: see " +
    "dnnfuser-2022-calibrated.",
  cores: 1,
  pesPerCore: 1024,
  macsPerPePerCycle: 1,
  frequencyHertz: 1e9,
  onChipBytes: 64e6,
  onChipBytesPerSecond: 9000e9,
  offChipBytesPerSecond: 900e9,
  ...horowitzEnergies,
  elementType: "int8",
  sources: {
    cores: "assumed: one array; the paper gives PEs only",
    pesPerCore: `${citation}: 1024 PEs`,
    macsPerPePerCycle: "section 2.1 of the same paper: each PE has a MAC",
    frequencyHertz: `${citation}: 1 GHz`,
    onChipBytes: `${citation}: 64 MB, read as 10^6 bytes`,
    onChipBytesPerSecond: `${citation}: 9000 GB/s`,
    offChipBytesPerSecond: `${citation}: 900 GB/s`,
    ...horowitzSources,
    elementType: "assumed: one byte per element; the activation sizes in the paper's Fig. 3 fit it",
  },
};
