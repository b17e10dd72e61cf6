/**
 * The standard genetic algorithm (Holland, 1975; Goldberg, 1989) in its common form: parents by tournaments of two, one-point
 * crossover, mutation that draws a variable anew, one elite. Population 40, as G-Teacher's, so that both make 50 generations
 * of 2,000 samples. It has what G-Teacher does not: no word of layers. O(variables) a point.
 *
 * Equal losses: a tournament is won by the first that was drawn, and the older genome ranks first. Where nothing is feasible
 * selection is by chance.
 */
import type { RandomSource } from "../../../../base/random.ts";
import { type Box, type Optimizer, uniformValue, type Vector } from "./optimizer.ts";

const populationSize = 40;
const elites = 1;
const crossoverRate = 0.9;
/** Variables that a child has drawn anew, on average. */
const mutationsPerChild = 1;

interface Individual {
  readonly genome: Vector;
  readonly loss: number;
}

export const standardGa: Optimizer = function* ({ box, random }) {
  let population: Individual[] = [];
  while (population.length < populationSize) {
    const genome = Float64Array.from(box, (variable) => uniformValue(variable, random));
    population.push({ genome, loss: yield genome.slice() });
  }
  while (true) {
    const next = population.sort(byLoss).slice(0, elites);
    while (next.length < populationSize) {
      const genome = cross(select(population, random), select(population, random), random);
      mutate(genome, box, random);
      next.push({ genome, loss: yield genome.slice() });
    }
    population = next;
  }
};

function byLoss(a: Individual, b: Individual): number {
  return a.loss === b.loss ? 0 : a.loss - b.loss;
}

function select(population: readonly Individual[], random: RandomSource): Vector {
  const draw = (): Individual => population[random.below(population.length)] as Individual;
  const [first, second] = [draw(), draw()];
  return (second.loss < first.loss ? second : first).genome;
}

/** The mother's variables up to a point, the father's from there. */
function cross(mother: Vector, father: Vector, random: RandomSource): Vector {
  const child = mother.slice();
  if (random.uniform() < crossoverRate && child.length > 1) {
    const point = 1 + random.below(child.length - 1);
    child.set(father.subarray(point), point);
  }
  return child;
}

function mutate(genome: Vector, box: Box, random: RandomSource): void {
  box.forEach((variable, index) => {
    if (random.uniform() < mutationsPerChild / box.length) genome[index] = uniformValue(variable, random);
  });
}
