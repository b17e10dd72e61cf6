/** Profiles of measured latencies as files: read, checked to be from this machine, and written whole. */
import { existsSync } from "node:fs";
import type { LatencyOf } from "../compiler/fusion/draft.ts";
import {
  checkOrigin,
  type LatencyProfile,
  type ProfileOrigin,
  parseProfile,
  printProfile,
} from "../compiler/fusion/latency-profile.ts";
import { profiledLatency } from "../compiler/profile/profiled-latency.ts";
import type { TypedGraph } from "../graph/ir/graph.ts";
import { packageVersion } from "../host/package-root.ts";
import { readTextFile } from "../host/read-file.ts";
import { writeFileAtomically } from "../host/write-file.ts";
import { describeMachine } from "./bench/machine.ts";

/** Where latencies that are measured now are from. */
export function originHere(): Omit<ProfileOrigin, "threads"> {
  const { cpu, node, v8, wasmSimd } = describeMachine();
  return {
    laminate: packageVersion(),
    processor: cpu,
    engine: `Node ${node} (V8 ${v8})`,
    simd: wasmSimd,
  };
}

/** A profile to plan with, measured with any number of threads. Throws bad-input unless it is from here. */
export function readProfile(path: string): LatencyProfile {
  const profile = parseProfile(readTextFile(path), path);
  checkOrigin(profile, originHere(), path);
  return profile;
}

/** The latencies in a file for the operators of a network, as it is after rewriting. */
export function latencyFromFile(path: string, typed: TypedGraph): LatencyOf {
  return profiledLatency(typed, readProfile(path).entries);
}

/** A profile to add to: the file's, or an empty one where there is no file. Throws bad-input unless it is from here. */
export function openProfile(path: string, threads: number): LatencyProfile {
  const origin = { ...originHere(), threads };
  if (!existsSync(path)) return { origin, entries: new Map() };
  const profile = parseProfile(readTextFile(path), path);
  checkOrigin(profile, origin, path);
  return profile;
}

export function writeProfile(path: string, profile: LatencyProfile): void {
  writeFileAtomically(path, printProfile(profile));
}
