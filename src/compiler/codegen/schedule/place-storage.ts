/**
 * Where all storage lies in the linear memory: constants first, then what the preparation makes of constants, and values,
 * which share places where they are never alive at once. Constants that only the preparation reads are the last of all
 * constants, and lend their place to values after it, and to what its later steps make.
 */
import { assert, known } from "../../../base/assert.ts";
import { type PlannedValue, planMemory } from "../memory-plan.ts";
import { type PlacedBuffer, type Storage, storageBytes, type View } from "./views.ts";

/** The first bytes of the memory belong to the runtime. */
export const reservedBytes = 64;
const alignment = 64;

interface Uses {
  readonly preparation: readonly { readonly buffers: readonly PlacedBuffer[] }[];
  readonly steps: readonly { readonly buffers: readonly PlacedBuffer[] }[];
  readonly inputs: readonly View[];
  readonly outputs: readonly View[];
  /** Those of the inputs that nothing else may lie on, so that they outlast a run. */
  readonly kept: readonly View[];
}

export interface PlacedStorage {
  readonly offsets: ReadonlyMap<Storage, number>;
  /** Behind the last constant. */
  readonly constantsEnd: number;
  readonly memoryBytes: number;
}

export function placeStorage({ preparation, steps, inputs, outputs, kept }: Uses): PlacedStorage {
  // Times: the steps of the preparation, then those of a run. All constants are there at first.
  const runBegin = preparation.length;
  const end = runBegin + steps.length;
  const lives = new Map<Storage, { first: number; last: number }>();
  const use = (storage: Storage, at: number): void => {
    const life = lives.get(storage);
    lives.set(storage, {
      first: Math.min(life?.first ?? at, at),
      last: Math.max(life?.last ?? at, at),
    });
  };
  steps.forEach(({ buffers }, at) => {
    for (const { storage } of buffers) use(storage, runBegin + at);
  });
  const isLasting = (storage: Storage): boolean => storage.constant !== undefined && lives.has(storage);
  const lasting = new Set([...lives.keys()].filter(isLasting));
  preparation.forEach(({ buffers }, at) => {
    for (const { storage } of buffers) {
      use(storage, at);
      use(storage, storage.constant === undefined ? end : 0);
    }
  });
  for (const { storage } of inputs) use(storage, runBegin);
  for (const { storage } of outputs) {
    use(storage, runBegin);
    use(storage, end);
  }
  for (const { storage } of kept) {
    use(storage, 0);
    use(storage, end);
  }
  const all = [...lives.keys()];
  const offsets = new Map<Storage, number>();
  let at = reservedBytes;
  const put = (storage: Storage): void => {
    offsets.set(storage, at);
    at = aligned(at + storageBytes(storage));
  };
  for (const storage of lasting) put(storage);
  const valuesAt = at;
  const raw = all.filter((storage) => storage.constant !== undefined && !lasting.has(storage));
  for (const storage of raw) put(storage);
  const constantsEnd = at;
  const shared = all.filter((storage) => !lasting.has(storage));
  const plan = planMemory(
    shared.map((storage, index): PlannedValue => {
      const { first, last } = known(lives.get(storage), "life");
      const offset = offsets.get(storage);
      const fixed = offset === undefined ? {} : { offset: offset - valuesAt };
      return { name: `${index}`, bytes: storageBytes(storage), firstStep: first, lastStep: last, ...fixed };
    }),
  );
  shared.forEach((storage, index) => {
    offsets.set(storage, valuesAt + known(plan.offsets.get(`${index}`), "offset"));
  });
  assert(offsets.size === lives.size, "a storage has no place");
  // Kernels may read whole vectors over the end of what they are given.
  const ends = [...offsets].map(([storage, offset]) => offset + storageBytes(storage) + alignment);
  return { offsets, constantsEnd, memoryBytes: Math.max(reservedBytes, ...ends) };
}

const aligned = (at: number): number => Math.ceil(at / alignment) * alignment;
