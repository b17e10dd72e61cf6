/**
 * laminate: from an ONNX network and an accelerator to the best way to fuse its layers. Everything public is named here;
 * result documents, tables, HTML and traces are in "laminate/report", reading files in "laminate/node".
 */

export { type ErrorCode, type ErrorParts, LaminateError } from "./base/errors.ts";
export type { Clock, FileReader, ReadInto, StartThread } from "./base/host.ts";
export {
  readSafetensors,
  type SafeTensor,
  type Safetensors,
  type SafetensorsType,
  writeSafetensors,
} from "./base/safetensors.ts";
export { readArtefact } from "./compiler/artefact/read-artefact.ts";
export { writeArtefact } from "./compiler/artefact/write-artefact.ts";
export { type CompileOptions, compileGraph as compile, compilePlan } from "./compiler/codegen/compile.ts";
export type { Content } from "./compiler/codegen/content.ts";
export type { Program, ProgramConstants, ProgramTensor, Step } from "./compiler/codegen/program.ts";
export type { LatencyOf } from "./compiler/fusion/draft.ts";
export type { Ecg, EcgOperator, EcgValue } from "./compiler/fusion/ecg.ts";
export { planFixed, planNone } from "./compiler/fusion/fixed-plan.ts";
export type { Block, FusedGraph } from "./compiler/fusion/fused-graph.ts";
export type { FusionPlan, PlanKind, PlannedBlock } from "./compiler/fusion/fusion-plan.ts";
export {
  checkOrigin,
  type LatencyProfile,
  mergeEntries,
  type ProfileEntries,
  type ProfileEntry,
  type ProfileOrigin,
  parseProfile,
  printProfile,
} from "./compiler/fusion/latency-profile.ts";
export type { BlockLimits } from "./compiler/fusion/limits.ts";
export { exceptionNames, type PlanOptions, planFusion } from "./compiler/fusion/plan.ts";
export { type PlanSummary, summarizePlan } from "./compiler/fusion/plan-summary.ts";
export { explainNode, printPlan } from "./compiler/fusion/print-plan.ts";
export {
  type OptimizeOptions,
  optimizeGraph,
  passList,
  passNames,
} from "./compiler/fusion/rewrite/optimize.ts";
export { type FusionPlanner, fuse } from "./compiler/fusion/static-plan.ts";
export { type Reason, reasonText, type Verdict } from "./compiler/fusion/verdict.ts";
export { type Bench, blockMeasurer, type MeasureBlocks } from "./compiler/profile/measure-blocks.ts";
export { profiledLatency } from "./compiler/profile/profiled-latency.ts";
export { type Tuned, type TuneOptions, tuneNetwork } from "./compiler/profile/tune.ts";
export type { ModelInput, ModelInputs } from "./compiler/runtime/elements.ts";
export { supportsRelaxedSimd, supportsSimd } from "./compiler/runtime/features.ts";
export type { ModelParts } from "./compiler/runtime/model-parts.ts";
export { createRuntime, type Runtime, type RuntimeOptions } from "./compiler/runtime/runtime.ts";
export type { RunningModel } from "./compiler/runtime/start-model.ts";
export type { AdamW } from "./graph/autodiff/adamw.ts";
export {
  type DifferentiatedGraph,
  type DifferentiateOptions,
  differentiate,
} from "./graph/autodiff/differentiate.ts";
export {
  type TrainingGraph,
  type TrainingOptions,
  type TrainingState,
  trainingGraph,
} from "./graph/autodiff/training-graph.ts";
export { compareValues, type Difference, type Tolerance } from "./graph/interpreter/compare-values.ts";
export { randomInputs } from "./graph/interpreter/random-inputs.ts";
export { type RunOptions, runGraph } from "./graph/interpreter/run-graph.ts";
export type {
  Attribute,
  Graph,
  Model,
  OpNode,
  TypedGraph,
  UnsupportedNode,
  Value,
} from "./graph/ir/graph.ts";
export { materialize } from "./graph/ir/materialize.ts";
export { printGraph } from "./graph/ir/print.ts";
export { tensorOfValue, valueOfTensor } from "./graph/ir/runtime-tensor.ts";
export type {
  ElementArray,
  OptionalValue,
  RuntimeValue,
  SequenceValue,
  TensorValue,
} from "./graph/ir/runtime-value.ts";
export type { Dimension, ElementType, Shape, Tensor, TensorData, TensorType } from "./graph/ir/tensor.ts";
export { verifyGraph } from "./graph/ir/verify.ts";
export { type ExportOptions, exportOnnx, exportOnnxChunks } from "./graph/onnx/export-onnx.ts";
export { type ImportOptions, importOnnx } from "./graph/onnx/import-onnx.ts";
export { type ImportValueOptions, importValue } from "./graph/onnx/import-value.ts";
export { type InferOptions, inferShapes } from "./graph/ops/infer-shapes.ts";
export { type SupportedOperator, supportedOperators } from "./graph/ops/registry.ts";
export { type Dataset, readDataset } from "./learning/dataset/read-dataset.ts";
export type { ProblemFacts, ProblemRecord } from "./learning/dataset/record.ts";
export { allowedPasses, nearestAllowed } from "./learning/environment/allowed.ts";
export {
  type Decision,
  type DecisionArrays,
  decisionsOf,
  mappingOfDecisions,
} from "./learning/environment/decision.ts";
export {
  createStateEncoder,
  readAction,
  type StateEncoder,
  writeAction,
} from "./learning/environment/encode.ts";
export { createEnvironment, type Environment } from "./learning/environment/environment.ts";
export { generalSchema } from "./learning/environment/general-schema.ts";
export { paperSchema } from "./learning/environment/paper-schema.ts";
export {
  type ActionNotation,
  type Feature,
  type FeatureSchema,
  parseFeatureSchema,
} from "./learning/environment/schema.ts";
export { generateModel, generateWorkload } from "./learning/generate/generate-network.ts";
export { type GenerateOptions, generateProblem } from "./learning/generate/generate-problem.ts";
export { type DecodeOptions, decodeMappings } from "./learning/inference/decode.ts";
export { createStepNetwork, type StepNetwork } from "./learning/inference/step-network.ts";
export { type DnnfuserOptions, dnnfuserMapper } from "./learning/mappers/dnnfuser.ts";
export {
  type DecisionTransformer,
  decisionTransformer,
  type TransformerOptions,
} from "./learning/network/decision-transformer.ts";
export {
  type MapperWeights,
  readMapperWeights,
  writeMapperWeights,
} from "./learning/network/mapper-weights.ts";
export {
  firstParameters,
  type NetworkSizes,
  paperSizes,
  parameterShapes,
} from "./learning/network/network-sizes.ts";
export { type A2cOptions, a2cMapper, ddpgMapper } from "./learning/reinforcement/mappers.ts";
export type { TrainingSettings } from "./learning/training/settings.ts";
export { firstState, type TrainerState } from "./learning/training/state.ts";
export { type TrainingInput, type TrainingStep, trainMapper } from "./learning/training/trainer.ts";
export { readTrainingData, type TrainingData } from "./learning/training/training-data.ts";
export type { Learner } from "./learning/trajectories/guide.ts";
export { type Lesson, type TeachOptions, teach } from "./learning/trajectories/teach.ts";
export { createDecorator, type Decorate, type Trajectory } from "./learning/trajectories/trajectory.ts";
export type { Accelerator } from "./mapping/accelerator/accelerator.ts";
export { parseAccelerator } from "./mapping/accelerator/parse-accelerator.ts";
export { findPreset, presetNames, presets } from "./mapping/accelerator/presets/presets.ts";
export { printAccelerator } from "./mapping/accelerator/print-accelerator.ts";
export { type CostModel, createCostModel } from "./mapping/cost/cost-model.ts";
export {
  type EvaluateOptions,
  evaluate,
  evaluateLayerByLayer,
  evaluateVector,
} from "./mapping/cost/evaluate.ts";
export {
  type Bound,
  costOf,
  type Evaluation,
  type FeasibleEvaluation,
  type GroupCost,
  type InfeasibleEvaluation,
} from "./mapping/cost/evaluation.ts";
export { createIncrementalCost, type IncrementalCost } from "./mapping/cost/incremental-cost.ts";
export { type MergeHint, mergeHint } from "./mapping/cost/merge-hint.ts";
export type { CostMode, Objective, Problem } from "./mapping/cost/problem.ts";
export { createVectorCost, type VectorCost } from "./mapping/cost/vector-cost.ts";
export { type BaselineName, baselineMapper, baselineNames } from "./mapping/mappers/baselines/baselines.ts";
export {
  type ComparedMapper,
  type ComparedSearch,
  type CompareOptions,
  type Comparison,
  compareMappers,
  type Target,
} from "./mapping/mappers/compare-mappers.ts";
export { characterise } from "./mapping/mappers/dlfusion/characteristics.ts";
export { type StrategyName, strategyMapper, strategyNames } from "./mapping/mappers/dlfusion/mapper.ts";
export { completeExactly, type ExactOptions, exactMapper } from "./mapping/mappers/exact/exact.ts";
export {
  type Budget,
  type FindOptions,
  type FoundMapping,
  findMapping,
} from "./mapping/mappers/find-mapping.ts";
export { gTeacherMapper } from "./mapping/mappers/g-teacher/g-teacher.ts";
export { layerByLayerMapper } from "./mapping/mappers/layer-by-layer/layer-by-layer.ts";
export type { Mapper, Proof, SearchOptions, SearchState } from "./mapping/mappers/mapper.ts";
export { type Improvement, type RecordedSearch, recordSearch } from "./mapping/mappers/record-search.ts";
export { type DecodedVector, decodeMapping, encodeMapping } from "./mapping/space/encoding.ts";
export { type GroupGraph, groupGraph } from "./mapping/space/group-graph.ts";
export type { Section } from "./mapping/space/lanes.ts";
export type { LayerMapping, LayerRange, Mapping, Output, Weights } from "./mapping/space/mapping.ts";
export { type Firing, pullSchedule } from "./mapping/space/pull-schedule.ts";
export { analyticTarget } from "./mapping/targets/analytic-target.ts";
export type { Estimate, TargetCharacteristics } from "./mapping/targets/characteristics.ts";
export {
  type MachineOptions,
  type MachineTarget,
  machineTarget,
  type NetworkPart,
} from "./mapping/targets/machine-target.ts";
export {
  defaultGrid,
  type GridSettings,
  type Measurement,
  measureGrid,
} from "./mapping/targets/measure-grid.ts";
export { type LayerShape, synthesize } from "./mapping/targets/synthesized-layers.ts";
export type { Block as TargetBlock, Target as BlockTarget } from "./mapping/targets/target.ts";
export { acceleratorOrigin, type TargetOrigin } from "./mapping/targets/target-origin.ts";
export {
  type CharacteriseOptions,
  characteriseTarget,
  characteristicsOf,
  parseTargetProfile,
  printTargetProfile,
  type TargetProfile,
} from "./mapping/targets/target-profile.ts";
export {
  type ExtractOptions,
  extractWorkload,
  type WorkloadTotals,
  workloadTotals,
} from "./mapping/workload/extract.ts";
export type {
  Layer,
  LayerKind,
  LoopDimensions,
  TensorSource,
  Workload,
  WorkloadTensor,
} from "./mapping/workload/workload.ts";

import { a2cMapper, ddpgMapper } from "./learning/reinforcement/mappers.ts";
import { baselineMapper, baselineNames } from "./mapping/mappers/baselines/baselines.ts";
import { strategyMapper, strategyNames } from "./mapping/mappers/dlfusion/mapper.ts";
import { exactMapper } from "./mapping/mappers/exact/exact.ts";
import { gTeacherMapper } from "./mapping/mappers/g-teacher/g-teacher.ts";
import { layerByLayerMapper } from "./mapping/mappers/layer-by-layer/layer-by-layer.ts";
import type { Mapper } from "./mapping/mappers/mapper.ts";

/** All mappers that need nothing, in the order in which tables show them; dnnfuserMapper needs weights. */
export const mappers: readonly (() => Mapper)[] = [
  layerByLayerMapper,
  ...baselineNames.map((name) => () => baselineMapper(name)),
  a2cMapper,
  ddpgMapper,
  gTeacherMapper,
  exactMapper,
];

/** DLFusion's strategy and those it is compared with: they choose cores too, which only accelerators with several have use for. */
export const coreMappers: readonly (() => Mapper)[] = strategyNames.map((name) => () => strategyMapper(name));

/** The mapper of that name, of either list; undefined when there is none. */
export function mapperByName(name: string): Mapper | undefined {
  return [...mappers, ...coreMappers].map((create) => create()).find((mapper) => mapper.name === name);
}
