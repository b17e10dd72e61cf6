/** An NPU for phones on LPDDR memory, the size of an Arm Ethos-N77 in its larger configuration. */
import type { Accelerator } from "../accelerator.ts";
import { horowitzEnergies, horowitzSources } from "./horowitz.ts";

const citation = "Arm Ethos-N77 (WikiChip, Ethos, table of the N series)";

export const edgeNpu: Accelerator = {
  name: "edge-npu",
  description:
    "An edge NPU on LPDDR: 2,048 int8 MACs at 1 GHz (4 TOPS) with 4 MiB of SRAM, the published size of an Arm " +
    "Ethos-N77, behind one channel of LPDDR4.",
  cores: 1,
  pesPerCore: 16,
  macsPerPePerCycle: 128,
  frequencyHertz: 1e9,
  onChipBytes: 4 * 2 ** 20,
  onChipBytesPerSecond: 256e9,
  offChipBytesPerSecond: 12.8e9,
  ...horowitzEnergies,
  elementType: "int8",
  sources: {
    cores: "assumed: one NPU; its compute engines work on one layer together",
    pesPerCore: `${citation}: 16 compute engines`,
    macsPerPePerCycle: `${citation}: 2,048 MACs / 16 engines`,
    frequencyHertz: `${citation}: 4.096 TOPS = 2,048 MACs x 2 x 1 GHz`,
    onChipBytes: `${citation}: 16 banks of 256 KiB`,
    onChipBytesPerSecond: "assumed: one 16-byte word per cycle from each of the 16 banks",
    offChipBytesPerSecond:
      "assumed: one 32-bit channel of LPDDR4-3200 (4 bytes x 3.2 GT/s); WikiChip Fuse, Arm Ethos is for Ubiquitous AI " +
      "at the Edge, puts the need of an N77 at 8 GB/s and more",
    ...horowitzSources,
    elementType: `${citation}: TOPS are given for int8`,
  },
};
