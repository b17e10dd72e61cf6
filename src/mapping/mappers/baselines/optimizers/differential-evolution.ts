/**
 * Differential evolution (Storn and Price, 1997), current-to-best/1 with binomial crossover and nevergrad's constants. Each
 * member in turn breeds one child, which takes its place if it is not worse. O(variables) a point.
 *
 * Equal losses: the child replaces its parent, and the newer point is the best (<=). Where nothing is feasible the
 * population so drifts after its latest point.
 */
import type { RandomSource } from "../../../../base/random.ts";
import { bounce, type Optimizer, pointAt, uniformCoordinates, type Vector } from "./optimizer.ts";

const populationSize = 30;
/** F1: weight of the difference of two members; F2: of the way to the best. */
const differenceWeight = 0.8;
const bestWeight = 0.8;
/** CR: share of the variables that a child takes from the donor. */
const crossoverRate = 0.5;

interface Member {
  readonly coordinates: Vector;
  readonly loss: number;
}

export const differentialEvolution: Optimizer = function* ({ box, random }) {
  const population: Member[] = [];
  let best: Member = { coordinates: new Float64Array(box.length), loss: Number.POSITIVE_INFINITY };
  for (let turn = 0; ; turn++) {
    const place = turn % populationSize;
    const parent = population[place];
    const coordinates =
      parent === undefined
        ? uniformCoordinates(box.length, random)
        : bounce(breed(parent.coordinates, best.coordinates, population, random));
    const child: Member = { coordinates, loss: yield pointAt(box, coordinates) };
    if (child.loss <= best.loss) best = child;
    if (parent === undefined || child.loss <= parent.loss) population[place] = child;
  }
};

function breed(parent: Vector, best: Vector, population: readonly Member[], random: RandomSource): Vector {
  const draw = (): Vector => (population[random.below(population.length)] as Member).coordinates;
  const [a, b] = [draw(), draw()];
  const always = random.below(parent.length);
  return parent.map((value, index) => {
    if (index !== always && random.uniform() > crossoverRate) return value;
    const difference = (a[index] as number) - (b[index] as number);
    return value + differenceWeight * difference + bestWeight * ((best[index] as number) - value);
  });
}
