/** Writes an accelerator as YAML that parse-accelerator.ts reads back as the same accelerator. */
import { stringify } from "yaml";
import type { Accelerator } from "./accelerator.ts";
import { filePaths, quantityWriters } from "./accelerator-schema.ts";

/** YAML with units; sources last. */
export function printAccelerator(accelerator: Accelerator): string {
  const { capacity, bandwidth, frequency, energy } = quantityWriters;
  const file = {
    name: accelerator.name,
    description: accelerator.description,
    cores: accelerator.cores,
    pesPerCore: accelerator.pesPerCore,
    macsPerPePerCycle: accelerator.macsPerPePerCycle,
    frequency: frequency(accelerator.frequencyHertz),
    onChip: {
      capacity: capacity(accelerator.onChipBytes),
      bandwidth: bandwidth(accelerator.onChipBytesPerSecond),
      energyPerByte: energy(accelerator.energyPerOnChipBytePicojoules),
    },
    offChip: {
      bandwidth: bandwidth(accelerator.offChipBytesPerSecond),
      energyPerByte: energy(accelerator.energyPerOffChipBytePicojoules),
    },
    energyPerMac: energy(accelerator.energyPerMacPicojoules),
    elementType: accelerator.elementType,
    sources: fileSources(accelerator),
  };
  return stringify(file, { lineWidth: 110 });
}

/** Sources by the keys of the file instead of our field names. */
function fileSources(accelerator: Accelerator): Readonly<Record<string, string>> {
  const entries = Object.entries(filePaths).flatMap(([field, path]) => {
    const source = accelerator.sources[field];
    return source === undefined ? [] : [[path, source] as const];
  });
  return Object.fromEntries(entries);
}
