/** A card like Cambricon's MLU100, the machine of the DLFusion paper (arXiv 2011.05630): its public figures, the rest assumed. */
import type { Accelerator } from "../accelerator.ts";
import { horowitzEnergies, horowitzSources } from "./horowitz.ts";

const citation = "I. Cutress, Cambricon builds a big AI chip and PCIe card, AnandTech 2018 (MLU100)";

export const mlu100Like: Accelerator = {
  name: "mlu100-like",
  description:
    "Like the Cambricon MLU100: 64 TFLOPS of float16 at 1 GHz, dealt out to 32 cores, behind four channels of DDR4-3200. " +
    "What a core holds, and what starting and joining cores costs, was published by nobody and is assumed.",
  cores: 32,
  pesPerCore: 1000,
  macsPerPePerCycle: 1,
  frequencyHertz: 1e9,
  onChipBytes: 32 * 2 ** 20,
  onChipBytesPerSecond: 4096e9,
  offChipBytesPerSecond: 102.4e9,
  ...horowitzEnergies,
  energyPerMacPicojoules: 1.5,
  coreBufferBytes: 2 ** 20,
  channelGranularity: 16,
  groupLaunchSeconds: 5e-6,
  coreSyncSeconds: 100e-9,
  elementType: "float16",
  sources: {
    cores: "assumed: 32; the public figures give the card as a whole",
    pesPerCore: `${citation}: 64 TFLOPS / (2 x 32 cores x 1 GHz); the article says that this counts on sparse data`,
    macsPerPePerCycle: "assumed: a processing element is a multiplier with its adder",
    frequencyHertz: `${citation}: 1 GHz in its standard mode`,
    onChipBytes: "assumed: the buffers of the 32 cores together",
    onChipBytesPerSecond: "assumed: 128 bytes per core and cycle",
    offChipBytesPerSecond:
      "Cambricon MLU100 (public figures): four channels of DDR4-3200, 4 x 8 bytes x 3.2 GT/s",
    ...horowitzSources,
    energyPerMacPicojoules:
      "assumed: 16-bit floating-point multiply 1.1 pJ + add 0.4 pJ (M. Horowitz, Computing's energy problem, ISSCC 2014, 45 nm)",
    coreBufferBytes:
      "assumed: 1 MiB, so that a core alone can work on every layer of the usual image networks",
    channelGranularity:
      "assumed: 16 output channels side by side, about 64 multipliers deep in input channels",
    groupLaunchSeconds:
      "assumed: a kernel start of the size that drivers of such cards take when starts are queued",
    coreSyncSeconds: "assumed: 100 cycles for each core that reports at the barrier",
    elementType: `${citation}: its 64 TFLOPS are of float16`,
  },
};
