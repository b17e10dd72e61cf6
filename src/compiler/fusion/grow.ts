/**
 * Growing blocks from seeds (DNNFusion, listing 1): the One-to-One operator with the smallest result among those not
 * fused yet takes in its successors, then its predecessors, while the table, entered with the block's own type, and
 * all else agree. Where the listing leaves a choice:
 * - When no One-to-One operator is left, every remaining operator seeds, in the order of the graph.
 * - Whatever joins, its successors and predecessors are tried too, until nothing changes.
 * - An epilogue goes before a prologue, which would run once for each element of a window: a Many-to-Many successor
 *   waits until the predecessors were tried.
 * - An operator that follows from a Many-to-Many operator by its largest operand is left to that one: a mask that is
 *   made of a handful of numbers must not take the addition from its matrix product, nor a residual branch.
 * O(edges) examinations, each of the cost of `tryFuse`.
 */
import { known } from "../../base/assert.ts";
import { type Draft, type Edge, tryFuse } from "./draft.ts";
import type { Ecg, EcgOperator, EcgValue } from "./ecg.ts";

interface Growth {
  readonly draft: Draft;
  /** By node, the Many-to-Many operator whose epilogue it can be. */
  readonly epilogueOf: readonly (number | undefined)[];
  /** By node, whether it has seeded or joined a block. */
  readonly taken: boolean[];
  readonly seed: number;
}

export function growBlocks(draft: Draft): void {
  const { ecg } = draft;
  const epilogueOf = epilogues(ecg);
  const taken = ecg.operators.map((operator) => operator === undefined);
  for (const seed of seeds(ecg)) {
    if (taken[seed]) continue;
    taken[seed] = true;
    if (!ecg.operators[seed]?.barrier) grow({ draft, epilogueOf, taken, seed });
  }
}

/** One-to-One operators by the size of their results, then the others, in the order of the graph. */
function seeds(ecg: Ecg): readonly number[] {
  const operators = ecg.operators.filter((operator) => operator !== undefined);
  const size = ({ index }: EcgOperator): number =>
    known(ecg.results[index], "results").reduce((sum, { bytes }) => sum + bytes, 0);
  const isSeed = ({ mappingType }: EcgOperator): boolean => mappingType === "one-to-one";
  const first = operators.filter(isSeed).sort((a, b) => size(a) - size(b) || a.index - b.index);
  return [...first, ...operators.filter((operator) => !isSeed(operator))].map(({ index }) => index);
}

function grow(growth: Growth): void {
  const sides = [successors, predecessors, lateSuccessors];
  while (sides.some((side) => sweep(growth, side))) {}
}

/** Tries the edges that a side offers until it offers no new one that fuses; says if any did. */
function sweep(growth: Growth, side: (growth: Growth, block: number) => readonly Edge[]): boolean {
  const { draft, taken, seed } = growth;
  const tried = new Set<number>();
  let grown = false;
  for (let again = true; again; ) {
    again = false;
    for (const edge of side(growth, draft.quotient.blockOf(seed))) {
      if (tried.has(edge.id)) continue;
      tried.add(edge.id);
      if (!tryFuse(draft, edge)) continue;
      taken[edge.producer] = true;
      taken[edge.consumer] = true;
      grown = true;
      again = true;
      break;
    }
  }
  return grown;
}

function successors(growth: Growth, block: number): readonly Edge[] {
  return outgoing(growth, block).filter(
    ({ consumer }) => growth.draft.ecg.operators[consumer]?.mappingType !== "many-to-many",
  );
}

/** Many-to-Many operators, once there is nothing left that could be their epilogue's producer. */
function lateSuccessors(growth: Growth, block: number): readonly Edge[] {
  return outgoing(growth, block).filter(
    ({ consumer }) => growth.draft.ecg.operators[consumer]?.mappingType === "many-to-many",
  );
}

/** Edges from a block to operators that are in none yet, the first consumer first. */
function outgoing(growth: Growth, block: number): readonly Edge[] {
  const { quotient, edgesFrom } = growth.draft;
  return quotient
    .nodesOf(block)
    .flatMap((node) =>
      known(edgesFrom[node], "edges").filter(({ consumer }) => mayJoin(growth, consumer, block)),
    )
    .sort((a, b) => a.consumer - b.consumer);
}

/**
 * Edges from operators that are in no block yet to a block, the last producer first; but a Many-to-Many operator other
 * than the one whose epilogue the seed is waits, so as not to take its place.
 */
function predecessors(growth: Growth, block: number): readonly Edge[] {
  const { draft, epilogueOf, seed } = growth;
  const { quotient, edgesTo, ecg } = draft;
  const owner = epilogueOf[seed];
  const waits = ({ producer }: Edge): boolean =>
    owner !== undefined && producer !== owner && ecg.operators[producer]?.mappingType === "many-to-many";
  return quotient
    .nodesOf(block)
    .flatMap((node) =>
      known(edgesTo[node], "edges").filter(({ producer }) => mayJoin(growth, producer, block)),
    )
    .sort((a, b) => Number(waits(a)) - Number(waits(b)) || b.producer - a.producer);
}

/** Whether an operator is free, and not the epilogue of an operator that this block neither has nor will take in. */
function mayJoin({ draft, taken, epilogueOf, seed }: Growth, node: number, block: number): boolean {
  if (taken[node]) return false;
  const owner = epilogueOf[node];
  return owner === undefined || owner === epilogueOf[seed] || draft.quotient.blockOf(owner) === block;
}

/** For each operator that is not Many-to-Many, the one it follows from by the largest operands. */
function epilogues(ecg: Ecg): readonly (number | undefined)[] {
  const owners: (number | undefined)[] = [];
  for (const operator of ecg.operators) {
    if (operator === undefined) {
      owners.push(undefined);
      continue;
    }
    const main = largest(known(ecg.reads[operator.index], "reads"));
    const producer = main?.producer === undefined ? undefined : ecg.operators[main.producer];
    if (operator.mappingType === "many-to-many" || producer === undefined || producer.barrier)
      owners.push(undefined);
    else owners.push(producer.mappingType === "many-to-many" ? producer.index : owners[producer.index]);
  }
  return owners;
}

/** The largest value; of equals the one made last. */
export function largest(values: readonly EcgValue[]): EcgValue | undefined {
  return values.reduce<EcgValue | undefined>((best, value) => {
    if (best === undefined || value.bytes > best.bytes) return value;
    return value.bytes === best.bytes && (value.producer ?? -1) > (best.producer ?? -1) ? value : best;
  }, undefined);
}
