/**
 * Energy figures for machines whose own are not public: the 45 nm table that the field quotes. One place, so that every
 * preset that borrows them borrows the same ones and says so.
 */

const citation = "M. Horowitz, Computing's energy problem, ISSCC 2014, 45 nm";

/** Energies of an 8-bit machine with a large SRAM and a DRAM behind it. */
export const horowitzEnergies = {
  energyPerMacPicojoules: 0.3,
  energyPerOnChipBytePicojoules: 12.5,
  energyPerOffChipBytePicojoules: 162.5,
} as const;

/** Their sources: the machine's makers published none of them, hence assumed. */
export const horowitzSources = {
  energyPerMacPicojoules: `assumed: 8-bit multiply 0.2 pJ + 32-bit add 0.1 pJ (${citation})`,
  energyPerOnChipBytePicojoules: `assumed: banks of 1 MB, 100 pJ per 64-bit access / 8 bytes (${citation})`,
  energyPerOffChipBytePicojoules: `assumed: low end of 1.3 to 2.6 nJ per 64-bit DRAM access / 8 bytes (${citation})`,
} as const;
