/**
 * TBPSA, test-based population-size adaptation, in its naive form (the best point seen counts, not the centre), as
 * nevergrad has it after Hellwig and Beyer (PPSN 2016): an evolution strategy whose next centre is the mean of the mu best of
 * lambda children, and whose population doubles when a test sees no progress and shrinks when it sees some. O(variables) a
 * point.
 *
 * Equal losses are kept in the order in which they were asked for. An infinite loss leaves the test without a number, which
 * counts as progress: where nothing is feasible the population stays as small as it began.
 */

import { normalDraw } from "../../../../base/normal.ts";
import type { RandomSource } from "../../../../base/random.ts";
import { bounce, type Optimizer, pointAt, type Vector } from "./optimizer.ts";

const childrenPerParent = 4;
/** Losses that one test looks at, in populations; it compares the first of them with the last. */
const populationsPerTest = 5;
const progressThreshold = 2;
const shrinkFactor = 0.84;

interface Child {
  readonly coordinates: Vector;
  readonly step: number;
  readonly loss: number;
}

export const tbpsa: Optimizer = function* ({ box, random }) {
  const dimension = box.length;
  let center: Vector = new Float64Array(dimension);
  let step = 1;
  let parents = dimension;
  let children: Child[] = [];
  let record: number[] = [];
  while (true) {
    const childStep = step * Math.exp(normalDraw(random) / Math.sqrt(dimension));
    const coordinates = bounce(scatter(center, childStep, random));
    const loss = yield pointAt(box, coordinates);
    children.push({ coordinates, step: childStep, loss });
    record.push(loss);
    const population = childrenPerParent * parents;
    if (record.length >= populationsPerTest * population) {
      parents = madeProgress(record, population)
        ? Math.max(dimension, Math.floor(shrinkFactor * parents))
        : 2 * parents;
      record = [];
    }
    if (children.length >= childrenPerParent * parents) {
      const best = children.sort(byLoss).slice(0, parents);
      center = center.map((_, index) => mean(best.map((child) => child.coordinates[index] as number)));
      step = Math.exp(mean(best.map((child) => Math.log(child.step))));
      children = [];
    }
  }
};

function scatter(center: Vector, step: number, random: RandomSource): Vector {
  return center.map((value) => value + step * normalDraw(random));
}

function byLoss(a: Child, b: Child): number {
  return a.loss === b.loss ? 0 : a.loss - b.loss;
}

/** Whether the last losses are lower than the first by two standard errors. */
function madeProgress(record: readonly number[], population: number): boolean {
  const [first, last] = [record.slice(0, population), record.slice(-population)];
  const z = (mean(first) - mean(last)) / Math.hypot(standardError(first), standardError(last));
  return !(z < progressThreshold);
}

function mean(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}

function standardError(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)) / (values.length - 1));
}
