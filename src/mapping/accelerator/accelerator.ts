/** The accelerator: what the cost model knows of a machine. Read from YAML by parse-accelerator.ts, shipped ones in presets/. */

export interface Accelerator {
  readonly name: string;
  readonly description: string;
  readonly cores: number;
  readonly pesPerCore: number;
  readonly macsPerPePerCycle: number;
  readonly frequencyHertz: number;
  /** Capacity of the on-chip buffer that holds activations and weights. */
  readonly onChipBytes: number;
  readonly onChipBytesPerSecond: number;
  readonly offChipBytesPerSecond: number;
  readonly energyPerMacPicojoules: number;
  readonly energyPerOnChipBytePicojoules: number;
  readonly energyPerOffChipBytePicojoules: number;
  /** Element type that weights and activations have on this machine unless the user says otherwise: "int8". */
  readonly elementType: string;
  /** Where each number comes from, by field name: a citation, or "assumed: why". */
  readonly sources: Readonly<Record<string, string>>;
}

/** Multiply-accumulates per cycle of the whole machine. */
export function peakMacsPerCycle(accelerator: Accelerator): number {
  return accelerator.cores * accelerator.pesPerCore * accelerator.macsPerPePerCycle;
}
