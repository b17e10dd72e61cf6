/** A chip like Eyeriss (Y.-H. Chen et al., JSSC 2017), whose energies are known relative to a MAC. */
import type { Accelerator } from "../accelerator.ts";

const citation = "Y.-H. Chen et al., Eyeriss, IEEE JSSC 52(1), 2017";
const energyCitation = "Y.-H. Chen, J. Emer, V. Sze, Eyeriss, ISCA 2016";

export const eyeriss: Accelerator = {
  name: "eyeriss",
  description:
    "Like Eyeriss: 168 PEs of one 16-bit MAC at 200 MHz with a global buffer of 108 KiB. Energies keep the published " +
    "ratios (global buffer 6, DRAM 200 MACs per 16-bit word) over an assumed MAC of 1 pJ.",
  cores: 1,
  pesPerCore: 168,
  macsPerPePerCycle: 1,
  frequencyHertz: 200e6,
  onChipBytes: 108 * 1024,
  onChipBytesPerSecond: 4.8e9,
  offChipBytesPerSecond: 1.6e9,
  energyPerMacPicojoules: 1,
  energyPerOnChipBytePicojoules: 3,
  energyPerOffChipBytePicojoules: 100,
  elementType: "int16",
  sources: {
    cores: `${citation}: one array of 12 x 14 PEs`,
    pesPerCore: `${citation}: 168 PEs`,
    macsPerPePerCycle: `${citation}: one 16-bit MAC per PE`,
    frequencyHertz: `${citation}: 200 MHz core clock`,
    onChipBytes: `${citation}: global buffer of 108 KB, read as 2^10 bytes each`,
    onChipBytesPerSecond: "assumed: three 64-bit ports (inputs, filters, partial sums) at 200 MHz",
    offChipBytesPerSecond: "assumed: a 64-bit interface at the core's 200 MHz",
    energyPerMacPicojoules: "assumed: 1 pJ, so that energies read as multiples of a MAC",
    energyPerOnChipBytePicojoules: `${energyCitation}: global buffer access 6 x a MAC, per 16-bit word of 2 bytes`,
    energyPerOffChipBytePicojoules: `${energyCitation}: DRAM access 200 x a MAC, per 16-bit word of 2 bytes`,
    elementType: `${citation}: 16-bit fixed point`,
  },
};
