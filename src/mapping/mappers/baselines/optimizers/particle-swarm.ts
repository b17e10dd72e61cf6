/**
 * Particle swarm optimisation (Kennedy and Eberhart, 1995) with the constants of SPSO 2011 as nevergrad has them: every
 * particle keeps part of its speed and is pulled to the best point of its own path and to the best of all. Particles fly
 * in the open unit cube, which an arctangent makes of the box's coordinates. O(variables) a point.
 *
 * Equal losses: a particle's own best moves on to the newer point (<=), the swarm's best stays (<). Where nothing is
 * feasible the swarm is so pulled to its first point.
 */
import type { RandomSource } from "../../../../base/random.ts";
import { edge, type Optimizer, pointAt, uniformCoordinates, type Vector } from "./optimizer.ts";

const particles = 40;
const inertia = 0.5 / Math.LN2;
const pullToOwnBest = 0.5 + Math.LN2;
const pullToSwarmBest = 0.5 + Math.LN2;

/** The box in the cube. A particle that would leave stays at the wall with half its speed, turned (SPSO 2011). */
const walls = { low: cubeOf(-edge), high: cubeOf(edge) } as const;
const reflection = -0.5;

interface Particle {
  /** In the unit cube. */
  position: Vector;
  readonly speed: Vector;
  bestPosition: Vector;
  bestLoss: number;
}

export const particleSwarm: Optimizer = function* ({ box, random }) {
  const swarm: Particle[] = [];
  let swarmBest: { readonly position: Vector; readonly loss: number } | undefined;
  for (let turn = 0; ; turn++) {
    let particle = swarm[turn % particles];
    let coordinates: Vector;
    if (particle === undefined || swarmBest === undefined) {
      coordinates = uniformCoordinates(box.length, random);
      particle = createParticle(coordinates.map(cubeOf), random);
      swarm.push(particle);
    } else {
      coordinates = fly(particle, swarmBest.position, random);
    }
    const loss = yield pointAt(box, coordinates);
    if (swarmBest === undefined || loss < swarmBest.loss) swarmBest = { position: particle.position, loss };
    if (loss <= particle.bestLoss) {
      particle.bestPosition = particle.position;
      particle.bestLoss = loss;
    }
  }
};

function createParticle(position: Vector, random: RandomSource): Particle {
  const speed = Float64Array.from(position, () => 2 * random.uniform() - 1);
  return { position, speed, bestPosition: position, bestLoss: Number.POSITIVE_INFINITY };
}

/** Moves the particle and returns the coordinates of its new place. */
function fly(particle: Particle, swarmBest: Vector, random: RandomSource): Vector {
  const { position, speed, bestPosition } = particle;
  const own = Float64Array.from(position, () => random.uniform());
  const common = Float64Array.from(position, () => random.uniform());
  particle.position = position.map((here, index) => {
    const next =
      inertia * (speed[index] as number) +
      pullToOwnBest * (own[index] as number) * ((bestPosition[index] as number) - here) +
      pullToSwarmBest * (common[index] as number) * ((swarmBest[index] as number) - here);
    const there = Math.max(walls.low, Math.min(walls.high, here + next));
    speed[index] = there === here + next ? next : reflection * next;
    return there;
  });
  return particle.position.map((value) => Math.tan(Math.PI * (value - 0.5)));
}

function cubeOf(coordinate: number): number {
  return 0.5 + Math.atan(coordinate) / Math.PI;
}
