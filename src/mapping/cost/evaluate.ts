/**
 * Evaluates a given mapping: a pure function of problem and mapping. O(layers + edges) when pass sizes are on a ladder.
 */
import { known } from "../../base/assert.ts";
import { sum } from "../../base/integers.ts";
import type { Accelerator } from "../accelerator/accelerator.ts";
import { decodeMapping } from "../space/encoding.ts";
import { type Section, sectionsOf } from "../space/lanes.ts";
import { groupsOf, type LayerRange, type Mapping } from "../space/mapping.ts";
import { networkInputBytes, type Workload } from "../workload/workload.ts";
import { checkCores, checkMapping, coresOf } from "./check-mapping.ts";
import { type CostModel, createCostModel, streamedWeightBytes } from "./cost-model.ts";
import { type Bound, costOf, type Evaluation, type GroupCost } from "./evaluation.ts";
import { type ChannelUse, runSideBySide } from "./fair-share.ts";
import { fullFootprintBytes, paperFootprintBytes } from "./footprint.ts";
import { completeProblem, type Problem } from "./problem.ts";

/** What a mapping may carry besides its layers. */
export interface EvaluateOptions {
  /** Images of the network's input that the first group stages (mB_0 of a vector); counted in paper mode only. */
  readonly inputImages?: number | undefined;
}

/**
 * The cost of a mapping, or why it does not fit.
 *
 * @throws LaminateError (bad-input) when the mapping is none of this workload
 */
export function evaluate(problem: Problem, mapping: Mapping, options: EvaluateOptions = {}): Evaluation {
  return evaluateWith(createCostModel(problem), mapping, options);
}

/** The cost of a vector [mB_0 .. mB_N] (space/encoding.ts). */
export function evaluateVector(problem: Problem, vector: readonly number[]): Evaluation {
  const { workload, batch, accelerator } = completeProblem(problem);
  const shape = { layerCount: workload.layers.length, batch, cores: accelerator.cores };
  const { mapping, inputImages } = decodeMapping(vector, shape);
  return evaluate(problem, mapping, { inputImages });
}

/** The baseline of every speed-up: each layer alone, in one pass. */
export function evaluateLayerByLayer(problem: Problem): Evaluation {
  return evaluate(problem, layerByLayer(problem));
}

/** The mapping that fuses nothing. */
export function layerByLayer({ workload, batch, accelerator }: Problem): Mapping {
  return workload.layers.map(() => ({
    pass: batch,
    output: "sync",
    weights: "streamed",
    cores: accelerator.cores,
  }));
}

/** As `evaluate`, with a cost model that is already there. */
export function evaluateWith(model: CostModel, mapping: Mapping, options: EvaluateOptions = {}): Evaluation {
  const { workload, mode, accelerator, memoryBytes } = model.problem;
  checkMapping(model.problem, mapping);
  const passOf = (layer: number): number => mapping[layer]?.pass ?? 1;
  const staged = (layer: number): boolean => mapping[layer]?.output === "stage";
  const ranges = groupsOf(
    workload,
    mapping.map((entry) => entry.output),
  );
  const models = ranges.map((range) => model.onCores(coresOf(workload, mapping, range)));
  const modelOf = (group: number): CostModel => models[group] ?? model;
  const sections = sectionsOf(workload, mapping, ranges);
  checkCores(model.problem, mapping, ranges, sections);
  const full = ranges.map((range, group) => fullFootprintBytes(modelOf(group), range, passOf));
  const footprints =
    mode === "full"
      ? full
      : ranges.map(
          (range) =>
            paperFootprintBytes(model, range, passOf, staged) + inputFootprint(workload, range, options),
        );
  const uses = memoryUses(memoryBytes, models, sections, footprints);
  const worst = largestUse(uses.filter(misfits));
  if (worst !== undefined) {
    return {
      feasible: false,
      group: worst.groups.flatMap((group) => layersOf(ranges[group])),
      requiredBytes: worst.bytes,
      availableBytes: worst.availableBytes,
    };
  }
  const costOf = (group: number, startCycles: number): GroupCost =>
    groupCost(modelOf(group), known(ranges[group], "a group"), passOf, footprints[group] ?? 0, startCycles);
  const groups: GroupCost[] = [];
  let latencyCycles = 0;
  for (const section of sections) {
    const [[only = 0] = []] = section;
    if (section.length === 1) {
      const group = costOf(only, latencyCycles);
      groups.push(group);
      latencyCycles += group.latencyCycles;
    } else latencyCycles = pushSideBySide(groups, section, costOf, latencyCycles, accelerator);
  }
  const fullUses = footprints === full ? uses : memoryUses(memoryBytes, models, sections, full);
  return {
    feasible: true,
    physical: !fullUses.some(misfits),
    physicalPeakFootprintBytes: largestUse(fullUses)?.bytes ?? 0,
    latencyCycles,
    latencySeconds: latencyCycles / accelerator.frequencyHertz,
    offChipBytes: sum(groups.map((group) => group.offChipBytes)),
    onChipTrafficBytes: sum(groups.map((group) => group.onChipTrafficBytes)),
    peakFootprintBytes: largestUse(uses)?.bytes ?? 0,
    energyJoules: sum(groups.map((group) => group.energyJoules)),
    groups,
    sections,
  };
}

/** A mapping's cost in the problem's objective; Infinity where it does not fit. */
export function costWith(model: CostModel, mapping: Mapping): number {
  const evaluation = evaluateWith(model, mapping);
  return evaluation.feasible ? costOf(evaluation, model.problem.objective) : Number.POSITIVE_INFINITY;
}

/** What is reserved on chip at one time. */
interface MemoryUse {
  /** One group, or the largest of each lane of a section. */
  readonly groups: readonly number[];
  readonly bytes: number;
  readonly availableBytes: number;
}

/** Each group by itself against what its cores may use; where lanes run side by side, also what they keep together against all. */
function memoryUses(
  memoryBytes: number,
  models: readonly CostModel[],
  sections: readonly Section[],
  footprints: readonly number[],
): readonly MemoryUse[] {
  const bytesOf = (group: number): number => footprints[group] ?? 0;
  const uses = models.map(({ problem }, group): MemoryUse => {
    return { groups: [group], bytes: bytesOf(group), availableBytes: problem.memoryBytes };
  });
  for (const section of sections) {
    if (section.length === 1) continue;
    const groups = section.map((lane) => lane.reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a)));
    uses.push({ groups, bytes: sum(groups.map(bytesOf)), availableBytes: memoryBytes });
  }
  return uses;
}

const misfits = ({ bytes, availableBytes }: MemoryUse): boolean => bytes > availableBytes;

function largestUse(uses: readonly MemoryUse[]): MemoryUse | undefined {
  return uses.reduce<MemoryUse | undefined>(
    (a, b) => (a === undefined || b.bytes > a.bytes ? b : a),
    undefined,
  );
}

/**
 * The groups of a section with several lanes, as they run beside each other; `costOf` says what they cost by themselves. Returns when
 * the last of them ends, in cycles.
 */
function pushSideBySide(
  groups: GroupCost[],
  section: Section,
  costOf: (group: number, startCycles: number) => GroupCost,
  sectionStart: number,
  { frequencyHertz, offChipBytesPerSecond }: Accelerator,
): number {
  const lanes = section.map((lane) => lane.map((group) => costOf(group, sectionStart)));
  const uses = lanes.map((lane) =>
    lane.map(({ latencyCycles, overheadSeconds, offChipBytes }): ChannelUse => {
      const overheadCycles = overheadSeconds * frequencyHertz;
      return { overheadCycles, workCycles: latencyCycles - overheadCycles, offChipBytes };
    }),
  );
  const spans = runSideBySide(uses, offChipBytesPerSecond / frequencyHertz);
  lanes.forEach((of, lane) => {
    of.forEach((group, index) => {
      const { startCycles, endCycles } = known(spans[lane]?.[index], "the span of a group");
      const latencyCycles = endCycles - startCycles;
      groups.push({
        ...group,
        lane,
        startSeconds: (sectionStart + startCycles) / frequencyHertz,
        latencyCycles,
        latencySeconds: latencyCycles / frequencyHertz,
        contentionSeconds: Math.max(0, latencyCycles - group.latencyCycles) / frequencyHertz,
      });
    });
  });
  return sectionStart + Math.max(...spans.map((lane) => lane.at(-1)?.endCycles ?? 0));
}

/** Cost of one group that runs by itself from a cycle on, its footprint being known. */
function groupCost(
  model: CostModel,
  range: LayerRange,
  passOf: (layer: number) => number,
  footprintBytes: number,
  startCycles: number,
): GroupCost {
  const { accelerator } = model.problem;
  const layers = layersOf(range);
  const streamed = streamedWeightBytes(model, range, passOf);
  const macs = model.macs(range.first, range.last);
  const offChipBytes = model.activationBytes(range.first, range.last) + streamed;
  const onChipTrafficBytes = model.onChipActivationBytes(range.first, range.last) + streamed;
  const frequency = accelerator.frequencyHertz;
  const computeCycles = model.computeCycles(range.first, range.last);
  const terms: readonly (readonly [Bound, number])[] = [
    ["compute", computeCycles],
    ["off-chip", offChipBytes / (accelerator.offChipBytesPerSecond / frequency)],
    ["on-chip", onChipTrafficBytes / model.onChipBytesPerCycle],
  ];
  let [bound, roofCycles] = terms[0] ?? ["compute", 0];
  for (const [roof, cycles] of terms) if (cycles > roofCycles) [bound, roofCycles] = [roof, cycles];
  const overheadCycles = model.overheadCycles(range.first, range.last);
  const latencyCycles = roofCycles + overheadCycles;
  const energyPicojoules =
    macs * accelerator.energyPerMacPicojoules +
    onChipTrafficBytes * accelerator.energyPerOnChipBytePicojoules +
    offChipBytes * accelerator.energyPerOffChipBytePicojoules;
  return {
    layers,
    passes: layers.map(passOf),
    cores: model.cores,
    footprintBytes,
    offChipBytes,
    onChipTrafficBytes,
    macs,
    startSeconds: startCycles / frequency,
    latencyCycles,
    latencySeconds: latencyCycles / frequency,
    contentionSeconds: 0,
    computeSeconds: computeCycles / frequency,
    overheadSeconds: overheadCycles / frequency,
    energyJoules: energyPicojoules * 1e-12,
    bound,
  };
}

/** The paper counts a staged input, mB_0 x |input|, in the group that reads it first. */
function inputFootprint(workload: Workload, range: LayerRange, { inputImages }: EvaluateOptions): number {
  return inputImages === undefined || range.first !== 0 ? 0 : inputImages * networkInputBytes(workload);
}

function layersOf(range: LayerRange | undefined): readonly number[] {
  if (!range) return [];
  return Array.from({ length: range.last - range.first + 1 }, (_, index) => range.first + index);
}
