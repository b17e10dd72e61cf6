/** Writes an accelerator as YAML that parse-accelerator.ts reads back as the same accelerator. */
import { stringify } from "yaml";
import type { Accelerator } from "./accelerator.ts";
import { type AcceleratorFileInput, filePaths, quantityWriters } from "./accelerator-schema.ts";

/** YAML with units; sources last. */
export function printAccelerator(accelerator: Accelerator): string {
  return stringify(acceleratorFile(accelerator), { lineWidth: 110 });
}

/** The same as data: its JSON is an accelerator file too, since JSON is YAML. */
export function acceleratorFile(accelerator: Accelerator): AcceleratorFileInput {
  const { capacity, bandwidth, frequency, energy, duration } = quantityWriters;
  const { coreBufferBytes, channelGranularity, groupLaunchSeconds, coreSyncSeconds } = accelerator;
  const perCore = {
    ...(coreBufferBytes === undefined ? {} : { capacity: capacity(coreBufferBytes) }),
    ...(channelGranularity === undefined ? {} : { channelGranularity }),
  };
  const perGroup = {
    ...(groupLaunchSeconds === undefined ? {} : { launch: duration(groupLaunchSeconds) }),
    ...(coreSyncSeconds === undefined ? {} : { syncPerCore: duration(coreSyncSeconds) }),
  };
  return {
    schema: "laminate.accelerator/1",
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
    ...(Object.keys(perCore).length === 0 ? {} : { perCore }),
    ...(Object.keys(perGroup).length === 0 ? {} : { perGroup }),
    elementType: accelerator.elementType as AcceleratorFileInput["elementType"],
    sources: fileSources(accelerator),
  };
}

/** Sources by the keys of the file instead of our field names. */
function fileSources(accelerator: Accelerator): Readonly<Record<string, string>> {
  const entries = Object.entries(filePaths).flatMap(([field, path]) => {
    const source = accelerator.sources[field];
    return source === undefined ? [] : [[path, source] as const];
  });
  return Object.fromEntries(entries);
}
