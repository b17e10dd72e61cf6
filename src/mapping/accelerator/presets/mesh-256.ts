/** A mesh of many small cores: no machine that was built, but the shape of several, to see what fine shares cost. */
import type { Accelerator } from "../accelerator.ts";
import { horowitzEnergies, horowitzSources } from "./horowitz.ts";

export const mesh256: Accelerator = {
  name: "mesh-256",
  description:
    "A mesh of 16 x 16 small cores of 64 int8 MACs, each with its own buffer, behind one channel of memory. No machine " +
    "that was built: the shape of several, with round numbers.",
  cores: 256,
  pesPerCore: 8,
  macsPerPePerCycle: 8,
  frequencyHertz: 1e9,
  onChipBytes: 64 * 2 ** 20,
  onChipBytesPerSecond: 4096e9,
  offChipBytesPerSecond: 100e9,
  ...horowitzEnergies,
  coreBufferBytes: 256 * 2 ** 10,
  channelGranularity: 8,
  groupLaunchSeconds: 1e-6,
  coreSyncSeconds: 10e-9,
  elementType: "int8",
  sources: {
    cores: "assumed: a mesh of 16 x 16",
    pesPerCore: "assumed: 8 vector units in a core",
    macsPerPePerCycle: "assumed: vectors of 8",
    frequencyHertz: "assumed: 1 GHz",
    onChipBytes: "assumed: the buffers of the 256 cores together",
    onChipBytesPerSecond: "assumed: 16 bytes per core and cycle",
    offChipBytesPerSecond: "assumed: 100 GB/s, four channels of DDR4",
    ...horowitzSources,
    coreBufferBytes:
      "assumed: 256 KiB, enough for the rows that one layer of a usual image network works from",
    channelGranularity: "assumed: each of the 8 vector units makes one output channel",
    groupLaunchSeconds: "assumed: 1,000 cycles to spread the commands of a group over the mesh",
    coreSyncSeconds:
      "assumed: 10 cycles for each core, as barriers of a mesh run as trees of its rows and columns",
    elementType: "assumed: one byte per element",
  },
};
