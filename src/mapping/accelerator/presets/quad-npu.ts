/** The edge NPU with its four quads of compute engines as cores of their own. */
import type { Accelerator } from "../accelerator.ts";
import { edgeNpu } from "./edge-npu.ts";

const citation = "Arm Ethos-N77 (WikiChip, Ethos, table of the N series)";

export const quadNpu: Accelerator = {
  ...edgeNpu,
  name: "quad-npu",
  description:
    "The edge NPU with four cores: each quad of an Arm Ethos-N77, four compute engines with their banks of SRAM, can be " +
    "given a share of a layer or be left out.",
  cores: 4,
  pesPerCore: 4,
  coreBufferBytes: 2 ** 20,
  channelGranularity: 16,
  groupLaunchSeconds: 1e-6,
  coreSyncSeconds: 100e-9,
  sources: {
    ...edgeNpu.sources,
    cores: `${citation}: 4 quads; that each can run alone is assumed`,
    pesPerCore: `${citation}: 16 compute engines / 4 quads`,
    coreBufferBytes: `${citation}: 4 banks of 256 KiB for a quad`,
    channelGranularity: "assumed: each of the 4 engines of a quad makes 4 output channels side by side",
    groupLaunchSeconds: "assumed: 1,000 cycles to load the commands of a group",
    coreSyncSeconds: "assumed: 100 cycles for each core that reports at the barrier",
  },
};
