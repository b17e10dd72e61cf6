/** The accelerators that come with the package, by identifier and by name. */
import { badInput } from "../../../base/errors.ts";
import { suggestName } from "../../../base/nearest.ts";
import type { Accelerator } from "../accelerator.ts";
import { dnnfuser2022 } from "./dnnfuser-2022.ts";
import { dnnfuser2022Calibrated } from "./dnnfuser-2022-calibrated.ts";
import { edgeNpu } from "./edge-npu.ts";
import { eyeriss } from "./eyeriss.ts";
import { mesh256 } from "./mesh-256.ts";
import { mlu100Like } from "./mlu100-like.ts";
import { quadNpu } from "./quad-npu.ts";
import { tpuV1 } from "./tpu-v1.ts";

/** Shipped accelerators; every number has its source in `sources`. */
export const presets = {
  dnnfuser2022,
  dnnfuser2022Calibrated,
  edgeNpu,
  tpuV1,
  eyeriss,
  mlu100Like,
  quadNpu,
  mesh256,
} as const;

/** Those whose groups have no cores to choose. */
export const oneCorePresets: readonly Accelerator[] = Object.values(presets).filter(
  ({ cores }) => cores === 1,
);

/** Names as the command line takes them: "dnnfuser-2022-calibrated". */
export const presetNames: readonly string[] = Object.values(presets).map(({ name }) => name);

/** The preset of a name, or undefined. */
export function presetByName(name: string): Accelerator | undefined {
  return Object.values(presets).find((preset) => preset.name === name);
}

/**
 * The preset of a name.
 *
 * @throws LaminateError bad-input that names the nearest preset, or all of them
 */
export function findPreset(name: string): Accelerator {
  const preset = presetByName(name);
  if (preset !== undefined) return preset;
  throw badInput(`there is no accelerator preset "${name}"`, {
    fix: suggestName(name, presetNames, "presets"),
  });
}
