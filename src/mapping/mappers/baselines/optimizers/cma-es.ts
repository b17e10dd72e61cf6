/**
 * CMA-ES with active (negative) weights, after Hansen, The CMA Evolution Strategy: A Tutorial (2016, arXiv 1604.00772),
 * whose symbols stand beside the names here. Starts in the middle of the box with nevergrad's first step for a box that is
 * bounded on all sides. O(d^2) a point, and an O(d^3) eigensystem every few generations (the tutorial's B.2).
 *
 * Equal losses rank in the order in which they were asked for. Where nothing is feasible a generation so selects by chance,
 * and mean and step take a walk at random.
 */

import { normalDraws } from "../../../../base/normal.ts";
import type { RandomSource } from "../../../../base/random.ts";
import { type CmaConstants, cmaConstants } from "./cma-constants.ts";
import { bounce, type Optimizer, pointAt, type Vector } from "./optimizer.ts";
import { type EigenSystem, symmetricEigen } from "./symmetric-eigen.ts";

/** Steps beyond these, or axes whose variances differ by more, end a run: the next one starts where the first did. */
const stepRange = { least: 1e-12, most: 1e12 } as const;
const largestCondition = 1e14;

interface State {
  mean: Vector;
  /** sigma */
  step: number;
  /** C, row-major. */
  readonly covariance: Float64Array;
  /** Of C, as it was when last asked for. */
  eigen: EigenSystem;
  /** p_sigma and p_c */
  readonly stepPath: Vector;
  readonly covariancePath: Vector;
  generation: number;
  eigenGeneration: number;
}

interface Child {
  readonly coordinates: Vector;
  readonly loss: number;
}

export const cmaEs: Optimizer = function* ({ box, random }) {
  const constants = cmaConstants(box.length);
  let state = startState(constants);
  while (true) {
    const children: Child[] = [];
    while (children.length < constants.population) {
      const coordinates = bounce(sample(state, random));
      children.push({ coordinates, loss: yield pointAt(box, coordinates) });
    }
    children.sort((a, b) => (a.loss === b.loss ? 0 : a.loss - b.loss));
    update(state, children, constants);
    if (isSpent(state)) state = startState(constants);
  }
};

function startState({ dimension, firstStep }: CmaConstants): State {
  const covariance = new Float64Array(dimension * dimension);
  for (let index = 0; index < dimension; index++) covariance[index * dimension + index] = 1;
  return {
    mean: new Float64Array(dimension),
    step: firstStep,
    covariance,
    eigen: symmetricEigen(covariance, dimension),
    stepPath: new Float64Array(dimension),
    covariancePath: new Float64Array(dimension),
    generation: 0,
    eigenGeneration: 0,
  };
}

/** mean + sigma B D z */
function sample({ mean, step, eigen }: State, random: RandomSource): Vector {
  const { values, vectors } = eigen;
  const along = normalDraws(mean.length, random).map((z, axis) => z * Math.sqrt(values[axis] as number));
  return mean.map((value, row) => {
    let offset = 0;
    for (let axis = 0; axis < along.length; axis++)
      offset += (vectors[row * along.length + axis] as number) * (along[axis] as number);
    return value + step * offset;
  });
}

/** C^(-1/2) y */
function whiten({ values, vectors }: EigenSystem, y: Vector): Vector {
  const n = y.length;
  const result = new Float64Array(n);
  for (let axis = 0; axis < n; axis++) {
    let along = 0;
    for (let row = 0; row < n; row++) along += (vectors[row * n + axis] as number) * (y[row] as number);
    along /= Math.sqrt(values[axis] as number);
    for (let row = 0; row < n; row++)
      result[row] = (result[row] as number) + along * (vectors[row * n + axis] as number);
  }
  return result;
}

/** One generation: mean, paths, covariance, step (the tutorial's figure 6), the children ranked from the best. */
function update(state: State, children: readonly Child[], constants: CmaConstants): void {
  const { weights, parents, dimension, expectedLength } = constants;
  const { stepLearning, stepDamping, pathLearning, effectiveParents } = constants;
  const steps = children.map(({ coordinates }) =>
    coordinates.map((value, index) => (value - (state.mean[index] as number)) / state.step),
  );
  const move = new Float64Array(dimension);
  for (let rank = 0; rank < parents; rank++) addScaled(move, weights[rank] as number, steps[rank] as Vector);
  addScaled(state.mean, state.step, move);
  state.generation++;

  decay(state.stepPath, 1 - stepLearning);
  const stepGain = Math.sqrt(stepLearning * (2 - stepLearning) * effectiveParents);
  addScaled(state.stepPath, stepGain, whiten(state.eigen, move));
  const pathLength = Math.hypot(...state.stepPath);

  // h_sigma: while the step path is long the step is still growing, and C must not follow.
  const settled = Math.sqrt(1 - (1 - stepLearning) ** (2 * (state.generation + 1)));
  const keepsPath = pathLength / settled < (1.4 + 2 / (dimension + 1)) * expectedLength;
  decay(state.covariancePath, 1 - pathLearning);
  const pathGain = Math.sqrt(pathLearning * (2 - pathLearning) * effectiveParents);
  if (keepsPath) addScaled(state.covariancePath, pathGain, move);

  updateCovariance(state, steps, constants, keepsPath);
  state.step *= Math.exp((stepLearning / stepDamping) * (pathLength / expectedLength - 1));
  if (state.generation - state.eigenGeneration >= constants.eigenInterval) {
    state.eigen = symmetricEigen(state.covariance, dimension);
    state.eigenGeneration = state.generation;
  }
}

/** The rank-one and rank-mu updates of C, in place. */
function updateCovariance(
  { covariance, covariancePath, eigen }: State,
  steps: readonly Vector[],
  { dimension, weights, weightSum, rankOneLearning, rankMuLearning, pathLearning }: CmaConstants,
  keepsPath: boolean,
): void {
  const lost = keepsPath ? 0 : pathLearning * (2 - pathLearning);
  decay(covariance, 1 + rankOneLearning * lost - rankOneLearning - rankMuLearning * weightSum);
  addOuterProduct(covariance, rankOneLearning, covariancePath);
  steps.forEach((y, rank) => {
    const weight = weights[rank] as number;
    // A bad step is shortened to the expected length, so that C stays positive definite.
    const scale = weight >= 0 ? 1 : dimension / (squaredLength(whiten(eigen, y)) || 1);
    addOuterProduct(covariance, rankMuLearning * weight * scale, y);
  });
}

function isSpent({ step, eigen, mean }: State): boolean {
  const largest = Math.max(...eigen.values);
  const smallest = Math.min(...eigen.values);
  const width = step * Math.sqrt(largest);
  const inRange = width > stepRange.least && width < stepRange.most && mean.every(Number.isFinite);
  return !(inRange && smallest > 0 && largest < largestCondition * smallest);
}

function addScaled(to: Vector, scale: number, of: Vector): void {
  for (let index = 0; index < to.length; index++)
    to[index] = (to[index] as number) + scale * (of[index] as number);
}

function decay(values: Float64Array, factor: number): void {
  for (let index = 0; index < values.length; index++) values[index] = (values[index] as number) * factor;
}

/** matrix += scale x y y^T */
function addOuterProduct(matrix: Float64Array, scale: number, y: Vector): void {
  const n = y.length;
  for (let row = 0; row < n; row++) {
    const factor = scale * (y[row] as number);
    for (let column = 0; column < n; column++)
      matrix[row * n + column] = (matrix[row * n + column] as number) + factor * (y[column] as number);
  }
}

function squaredLength(y: Vector): number {
  return y.reduce((total, value) => total + value * value, 0);
}
