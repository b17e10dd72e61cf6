/**
 * Evaluates a given mapping: a pure function of problem and mapping. O(layers + edges) when pass sizes are on a ladder.
 */
import { badInput } from "../../base/errors.ts";
import { sum } from "../../base/integers.ts";
import { decodeMapping } from "../space/encoding.ts";
import { groupsOf, type LayerMapping, type LayerRange, type Mapping } from "../space/mapping.ts";
import { networkInputBytes, type Workload } from "../workload/workload.ts";
import { type CostModel, createCostModel, streamedWeightBytes } from "./cost-model.ts";
import type { Bound, Evaluation, GroupCost } from "./evaluation.ts";
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
  const { workload, mode, accelerator } = model.problem;
  checkMapping(model, mapping);
  const passOf = (layer: number): number => mapping[layer]?.pass ?? 1;
  const staged = (layer: number): boolean => mapping[layer]?.output === "stage";
  const ranges = groupsOf(
    workload,
    mapping.map((entry) => entry.output),
  );
  const models = ranges.map((range) => model.onCores(coresOf(workload, mapping, range)));
  const modelOf = (group: number): CostModel => models[group] ?? model;
  const available = models.map((groupModel) => groupModel.problem.memoryBytes);
  const full = ranges.map((range, group) => fullFootprintBytes(modelOf(group), range, passOf));
  const footprints =
    mode === "full"
      ? full
      : ranges.map(
          (range) =>
            paperFootprintBytes(model, range, passOf, staged) + inputFootprint(workload, range, options),
        );
  const misfits = footprints.map((bytes, group) => (bytes > (available[group] ?? 0) ? bytes : 0));
  const worst = largest(misfits);
  if (worst.value > 0) {
    return {
      feasible: false,
      group: layersOf(ranges[worst.index]),
      requiredBytes: worst.value,
      availableBytes: available[worst.index] ?? 0,
    };
  }
  const groups = ranges.map((range, index) =>
    groupCost(modelOf(index), range, passOf, footprints[index] ?? 0),
  );
  const latencyCycles = sum(groups.map((group) => group.latencyCycles));
  return {
    feasible: true,
    physical: full.every((bytes, group) => bytes <= (available[group] ?? 0)),
    physicalPeakFootprintBytes: largest(full).value,
    latencyCycles,
    latencySeconds: latencyCycles / accelerator.frequencyHertz,
    offChipBytes: sum(groups.map((group) => group.offChipBytes)),
    onChipTrafficBytes: sum(groups.map((group) => group.onChipTrafficBytes)),
    peakFootprintBytes: largest(footprints).value,
    energyJoules: sum(groups.map((group) => group.energyJoules)),
    groups,
  };
}

/** Cost of one group, its footprint being known. */
function groupCost(
  model: CostModel,
  range: LayerRange,
  passOf: (layer: number) => number,
  footprintBytes: number,
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
    latencyCycles,
    latencySeconds: latencyCycles / frequency,
    computeSeconds: computeCycles / frequency,
    overheadSeconds: overheadCycles / frequency,
    energyJoules: energyPicojoules * 1e-12,
    bound,
  };
}

/** The number of cores that a group runs on: cores are started for a group, so all of its layers have the same. */
function coresOf(workload: Workload, mapping: Mapping, { first, last }: LayerRange): number {
  const cores = mapping[first]?.cores ?? 1;
  for (let layer = first + 1; layer <= last; layer++) {
    const other = mapping[layer]?.cores;
    if (other === cores) continue;
    const names = [workload.layers[first]?.name, workload.layers[layer]?.name];
    throw badInput(`the layer runs on ${other} cores, and ${names[0]} of the same group on ${cores}`, {
      where: `mapping[${layer}] (${names[1]})`,
      fix: "give all layers of a group the same cores, or sync a layer between the two",
    });
  }
  return cores;
}

/** The paper counts a staged input, mB_0 x |input|, in the group that reads it first. */
function inputFootprint(workload: Workload, range: LayerRange, { inputImages }: EvaluateOptions): number {
  return inputImages === undefined || range.first !== 0 ? 0 : inputImages * networkInputBytes(workload);
}

function layersOf(range: LayerRange | undefined): readonly number[] {
  if (!range) return [];
  return Array.from({ length: range.last - range.first + 1 }, (_, index) => range.first + index);
}

function largest(values: readonly number[]): { readonly value: number; readonly index: number } {
  let index = 0;
  values.forEach((value, at) => {
    if (value > (values[index] ?? 0)) index = at;
  });
  return { value: values[index] ?? 0, index };
}

function checkMapping(model: CostModel, mapping: Mapping): void {
  const { batch, workload, accelerator } = model.problem;
  if (mapping.length !== model.layerCount) {
    throw badInput(`the mapping has ${mapping.length} layers and the workload ${model.layerCount}`, {
      where: "mapping",
      fix: `give one entry for each layer of ${workload.name} (laminate inspect lists them)`,
    });
  }
  mapping.forEach((entry, layer) => {
    const problem = faultOf(entry, batch, accelerator.cores);
    if (problem) throw badInput(problem, { where: `mapping[${layer}] (${workload.layers[layer]?.name})` });
  });
}

function faultOf(
  { pass, output, weights, cores }: LayerMapping,
  batch: number,
  coreCount: number,
): string | undefined {
  if (!Number.isInteger(pass) || pass < 1 || pass > batch)
    return `pass ${pass} is not a whole number from 1 to ${batch}`;
  if (output !== "stage" && output !== "sync") return `output "${output}" is neither "stage" nor "sync"`;
  if (weights !== "streamed") return `weights "${weights}": only "streamed" weights are supported`;
  if (!Number.isInteger(cores) || cores < 1 || cores > coreCount)
    return `${cores} cores: the accelerator has ${coreCount}, and a layer runs on 1 to ${coreCount}`;
  return undefined;
}
