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
  /**
   * Capacity of each core's own buffer. Left out, the cores share the on-chip buffer: one core may fill all of it.
   */
  readonly coreBufferBytes?: number;
  /**
   * Output channels that a core needs to keep all its processing elements at work. Left out, work divides evenly over
   * cores, to any fraction; docs/cost-model.md says how layers are dealt out where it is given.
   */
  readonly channelGranularity?: number;
  /** Time to start a group, whatever it does; none when left out. */
  readonly groupLaunchSeconds?: number;
  /** Time that waiting for each other takes for each core that takes part; none when left out. */
  readonly coreSyncSeconds?: number;
  /** Element type that weights and activations have on this machine unless the user says otherwise: "int8". */
  readonly elementType: string;
  /** Where each number comes from, by field name: a citation, or "assumed: why". */
  readonly sources: Readonly<Record<string, string>>;
}

/** Multiply-accumulates per cycle of the whole machine, or of so many of its cores. */
export function peakMacsPerCycle(accelerator: Accelerator, cores: number = accelerator.cores): number {
  return cores * accelerator.pesPerCore * accelerator.macsPerPePerCycle;
}
