/**
 * dlfusion's last step, for latency on several cores: where the network falls apart into branches (space/branches.ts), they run side by
 * side (section.ts) if that takes less than the blocks that are there. Blocks that reach over the border of the branches are cut
 * at it. Runs of branches are taken up in the order of what they save, so that of overlapping ones the better counts; in the end
 * the blocks between sections are grown anew.
 *
 * The paper's blocks run one at a time. A run of branches that cannot pay, even if its work fell evenly to all cores, costs no
 * more than the cuts; another O(its layers) evaluations for each way to deal out cores that is tried.
 */
import { sum } from "../../../base/integers.ts";
import { type Branches, findBranches } from "../../space/branches.ts";
import type { LayerRange } from "../../space/mapping.ts";
import type { TargetCharacteristics } from "../../targets/characteristics.ts";
import type { Block, GroupCosts } from "./block-costs.ts";
import { climb } from "./dlfusion.ts";
import { createGrow, type Grow, planSection, type Scheme } from "./section.ts";

/** Yields after each step, and returns the blocks with what they cost; those given where no lanes save anything. */
export function* addLanes(
  costs: GroupCosts,
  target: TargetCharacteristics,
  blocks: readonly Block[],
): Generator<void, Scheme> {
  const grow = createGrow(costs, target);
  let parts: readonly Scheme[] = blocks.map((block) => partOf(costs, block));
  const sections: { readonly section: Scheme; readonly saves: number }[] = [];
  for (const branches of findBranches(costs.model.problem.workload)) {
    const place = placeOf(costs, parts, rangeOf(branches));
    if (place === undefined || leastCost(costs, rangeOf(branches)) >= place.room) continue;
    const section = yield* planSection(costs, grow, branches, place.room);
    if (section !== undefined && section.cost < place.room)
      sections.push({ section, saves: place.room - section.cost });
  }
  for (const { section } of sections.sort((a, b) => b.saves - a.saves)) {
    const [first, last] = [section.blocks[0]?.first ?? 0, section.blocks.at(-1)?.last ?? 0];
    const place = placeOf(costs, parts, { first, last });
    if (place !== undefined && section.cost < place.room) parts = [...place.before, section, ...place.after];
    yield;
  }
  parts = yield* growBetween(costs, grow, parts);
  return { blocks: parts.flatMap((part) => part.blocks), cost: total(parts) };
}

function total(parts: readonly Scheme[]): number {
  return sum(parts.map(({ cost }) => cost));
}

const firstOf = ({ blocks }: Scheme): number => blocks[0]?.first ?? 0;
const lastOf = ({ blocks }: Scheme): number => blocks.at(-1)?.last ?? 0;
const isSection = ({ blocks }: Scheme): boolean => blocks[0]?.lane !== undefined;

const partOf = (costs: GroupCosts, block: Block): Scheme => ({ blocks: [block], cost: costs.costOf(block) });

const rangeOf = (branches: Branches): LayerRange => ({
  first: branches[0]?.first ?? 0,
  last: branches.at(-1)?.last ?? 0,
});

/** Where a section would stand. */
interface Place {
  readonly before: readonly Scheme[];
  readonly after: readonly Scheme[];
  /** What the section must take less than. */
  readonly room: number;
}

/** The place of some layers among the parts, blocks cut at its border; undefined where one of them is in a section. */
function placeOf(
  costs: GroupCosts,
  parts: readonly Scheme[],
  { first, last }: LayerRange,
): Place | undefined {
  const there = parts.filter((part) => lastOf(part) >= first && firstOf(part) <= last);
  if (there.some(isSection)) return undefined;
  const [head, tail] = [there[0]?.blocks[0], there.at(-1)?.blocks[0]];
  if (head === undefined || tail === undefined) return undefined;
  const left = head.first < first ? [partOf(costs, climb(costs, { ...head, last: first - 1 }).block)] : [];
  const right = tail.last > last ? [partOf(costs, climb(costs, { ...tail, first: last + 1 }).block)] : [];
  return {
    before: [...parts.filter((part) => lastOf(part) < first), ...left],
    after: [...right, ...parts.filter((part) => firstOf(part) > last)],
    room: total(there) - total(left) - total(right),
  };
}

/** A section of these layers starts at least one group, does all work on all cores at best, and streams all weights. */
function leastCost({ model, coreCount }: GroupCosts, { first, last }: LayerRange): number {
  const { accelerator } = model.problem;
  const { groupLaunchSeconds = 0, frequencyHertz, offChipBytesPerSecond } = accelerator;
  let weightBytes = 0;
  for (let layer = first; layer <= last; layer++) weightBytes += model.weightBytes(layer);
  let oneCoreCycles = 0;
  for (let layer = first; layer <= last; layer++)
    oneCoreCycles += model.onCores(1).computeCycles(layer, layer);
  return (
    groupLaunchSeconds * frequencyHertz +
    Math.max(oneCoreCycles / coreCount, (weightBytes * frequencyHertz) / offChipBytesPerSecond)
  );
}

/** Each block of a scheme by itself. */
function alone(costs: GroupCosts, scheme: Scheme | undefined): readonly Scheme[] | undefined {
  return scheme?.blocks.map((block) => partOf(costs, block));
}

/** Between two sections the blocks of one growth where that saves: cuts may have left some that are worth joining. */
function* growBetween(
  costs: GroupCosts,
  grow: Grow,
  parts: readonly Scheme[],
): Generator<void, readonly Scheme[]> {
  if (!parts.some(isSection)) return parts;
  const done: Scheme[] = [];
  let between: Scheme[] = [];
  const close = (): void => {
    const [head, tail] = [between[0], between.at(-1)];
    if (head === undefined || tail === undefined) return;
    const range = { first: firstOf(head), last: lastOf(tail) };
    const grown = alone(costs, grow(range, costs.coreCount, "alone"));
    done.push(...(grown !== undefined && total(grown) < total(between) ? grown : between));
    between = [];
  };
  for (const part of parts) {
    if (!isSection(part)) between.push(part);
    else {
      close();
      done.push(part);
      yield;
    }
  }
  close();
  return done;
}
