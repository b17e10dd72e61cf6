/** The activations that recurrent layers name in their attributes. */
import { floats } from "../call.ts";
import type { KernelCall } from "./kernel.ts";
import { sigmoid, softplus } from "./scalar-functions.ts";

export type Activation = (x: number) => number;

/** How an activation is made of its alpha and beta, with their defaults. */
interface Recipe {
  readonly alpha?: number;
  readonly beta?: number;
  readonly make: (alpha: number, beta: number) => Activation;
}

const recipes: Readonly<Record<string, Recipe>> = {
  affine: { alpha: 1, beta: 0, make: (alpha, beta) => (x) => alpha * x + beta },
  elu: { alpha: 1, make: (alpha) => (x) => (x < 0 ? alpha * Math.expm1(x) : x) },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    make: (alpha, beta) => (x) => Math.min(Math.max(alpha * x + beta, 0), 1),
  },
  leakyrelu: { alpha: 0.01, make: (alpha) => (x) => (x < 0 ? alpha * x : x) },
  relu: { make: () => (x) => Math.max(x, 0) },
  scaledtanh: { alpha: 1, beta: 1, make: (alpha, beta) => (x) => alpha * Math.tanh(beta * x) },
  sigmoid: { make: () => sigmoid },
  softplus: { make: () => softplus },
  softsign: { make: () => (x) => x / (1 + Math.abs(x)) },
  tanh: { make: () => Math.tanh },
  thresholdedrelu: { alpha: 1, make: (alpha) => (x) => (x > alpha ? x : 0) },
};

/** The activations of each direction: as many as the defaults, by name, each taking its numbers from the lists in turn. */
export function activationsOf(
  call: KernelCall,
  defaults: readonly string[],
  directions: number,
): readonly (readonly Activation[])[] {
  const attribute = call.node.attributes.get("activations");
  const names = attribute?.kind === "strings" ? attribute.value : [];
  const alphas = [...(floats(call, "activation_alpha") ?? [])];
  const betas = [...(floats(call, "activation_beta") ?? [])];
  return Array.from({ length: directions }, (_, side) =>
    defaults.map((otherwise, index) => {
      const name = names[side * defaults.length + index] ?? otherwise;
      const recipe = recipes[name.toLowerCase()];
      if (recipe === undefined) throw call.error(`the activation "${name}" does not exist`);
      const alpha = recipe.alpha === undefined ? 0 : (alphas.shift() ?? recipe.alpha);
      const beta = recipe.beta === undefined ? 0 : (betas.shift() ?? recipe.beta);
      return recipe.make(alpha, beta);
    }),
  );
}
