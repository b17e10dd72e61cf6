/** A chip like Google's first TPU (N. Jouppi et al., ISCA 2017). */
import type { Accelerator } from "../accelerator.ts";
import { horowitzEnergies, horowitzSources } from "./horowitz.ts";

const citation =
  "N. Jouppi et al., In-Datacenter Performance Analysis of a Tensor Processing Unit, ISCA 2017";

export const tpuV1: Accelerator = {
  name: "tpu-v1",
  description:
    "Like the first TPU: 256 x 256 int8 MACs at 700 MHz (92 TOPS) and 24 MiB of unified buffer behind DDR3. So much " +
    "compute on so little bandwidth that layers wait for their weights.",
  cores: 1,
  pesPerCore: 65536,
  macsPerPePerCycle: 1,
  frequencyHertz: 700e6,
  onChipBytes: 24 * 2 ** 20,
  onChipBytesPerSecond: 179.2e9,
  offChipBytesPerSecond: 34e9,
  ...horowitzEnergies,
  elementType: "int8",
  sources: {
    cores: `${citation}: one matrix multiply unit`,
    pesPerCore: `${citation}: 256 x 256 MACs`,
    macsPerPePerCycle: `${citation}: one 8-bit multiply-and-add per MAC and cycle`,
    frequencyHertz: `${citation}: 700 MHz`,
    onChipBytes: `${citation}: unified buffer of 24 MiB; the other 4 MiB of its 28 MiB are accumulators`,
    onChipBytesPerSecond: `${citation}: data path 256 bytes wide, x 700 MHz (167 GiB/s in its block diagram)`,
    offChipBytesPerSecond: `${citation}: weight memory of 34 GB/s`,
    ...horowitzSources,
    elementType: `${citation}: 8-bit integers`,
  },
};
