/**
 * On how many cores a group may run, and what each number leaves on chip for staged tensors. What tensors and weights a group holds
 * and streams is the same on any number of cores, so a row of groups is solved once, with the most room that any of them
 * leaves, and then asked for each number: all numbers of cores cost little more than one.
 */
import { assert } from "../../../base/assert.ts";
import type { CostModel } from "../../cost/cost-model.ts";
import type { LayerMapping } from "../../space/mapping.ts";
import { doublingLadder } from "../../space/pass-sizes.ts";

export interface CoreChoices {
  /**
   * The cost models of the numbers of cores that a group starting at a layer may have, the most first: of numbers on which a group
   * costs the same the first is taken, and no core is left idle for nothing.
   */
  startingAt(first: number): readonly CostModel[];
  /** How many numbers there are to choose from. */
  readonly count: number;
  /** What a space's name says of them; "" on one core. */
  readonly name: string;
}

/** Groups, each on each number of cores, in the search's tables at most: 64 MB. */
export const tableEntries = 8_000_000;

/** Every number of cores, or 1, 2, 4, .. and all where the tables of a long network would outgrow memory. */
function allNumbers({ layerCount, problem }: CostModel): readonly number[] {
  const { cores } = problem.accelerator;
  return layerCount * layerCount * cores <= tableEntries
    ? Array.from({ length: cores }, (_, index) => index + 1)
    : doublingLadder(cores);
}

/**
 * The choices of a search. `numbers` restricts them; groups that begin within the decided first layers (`begun`) keep the cores that
 * those have.
 */
export function createCoreChoices(
  model: CostModel,
  numbers: readonly number[] | undefined,
  begun: readonly Pick<LayerMapping, "cores">[],
): CoreChoices {
  const { cores } = model.problem.accelerator;
  const chosen = numbers ?? allNumbers(model);
  assert(
    chosen.length > 0 && chosen.every((number) => Number.isInteger(number) && number >= 1 && number <= cores),
    `numbers of cores from 1 to ${cores}`,
  );
  const ascending = [...new Set(chosen)].sort((a, b) => a - b);
  const models = ascending.toReversed().map((number) => model.onCores(number));
  const decided = begun.map((entry) => [model.onCores(entry.cores)]);
  return {
    startingAt: (first) => decided[first] ?? models,
    count: models.length,
    name: nameOf(ascending, cores),
  };
}

function nameOf(numbers: readonly number[], cores: number): string {
  if (cores === 1) return "";
  const listed = numbers.join();
  if (listed === `${cores}`) return ", on all cores";
  // Groups that leave cores to others could run beside them (space/lanes.ts); this search lets none.
  if (numbers.length === cores) return `, each group on 1 .. ${cores} cores, one at a time`;
  return listed === doublingLadder(cores).join()
    ? `, each group on 1, 2, 4, .. ${cores} cores, one at a time`
    : `, each group on ${numbers.join(", ")} cores, one at a time`;
}

/**
 * What the groups that start at one layer have left for staged tensors, by index of the last layer from the first: plain fields, which a search
 * reads for every group that it looks at.
 */
export interface RowRooms {
  /** The models of the numbers of cores, as startingAt gives them. */
  readonly models: readonly CostModel[];
  /** Bytes on the number of cores of the same index; negative where the group does not fit. */
  readonly roomBytes: readonly Float64Array[];
  /** The most of all numbers. Never rises. */
  readonly mostRoomBytes: Float64Array;
}

/** The rooms of so many groups that start at `first`. O(groups x numbers of cores). */
export function createRowRooms(choices: CoreChoices, first: number, length: number): RowRooms {
  const models = choices.startingAt(first);
  const mostRoomBytes = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
  const roomBytes = models.map((model) => roomRow(model, first, length));
  for (const row of roomBytes)
    for (let index = 0; index < length; index++)
      mostRoomBytes[index] = Math.max(mostRoomBytes[index] as number, row[index] as number);
  return { models, roomBytes, mostRoomBytes };
}

function roomRow(model: CostModel, first: number, length: number): Float64Array {
  const { memoryBytes, mode } = model.problem;
  const row = new Float64Array(length).fill(memoryBytes);
  if (mode === "paper") return row;
  let reserved = 0;
  for (let index = 0; index < length; index++) {
    reserved = Math.max(reserved, model.workingSetBytes(first + index));
    row[index] = memoryBytes - reserved;
  }
  return row;
}
