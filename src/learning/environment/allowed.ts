/** What may be decided next: every choice, for a network whose output is masked, or the one nearest to a wish. */
import { assert, known } from "../../base/assert.ts";
import type { Output } from "../../mapping/space/mapping.ts";
import { nearestSize } from "../../mapping/space/pass-sizes.ts";
import type { Decision } from "./decision.ts";
import type { Environment } from "./environment.ts";

/**
 * The pass sizes with which the next step may be staged, or synced, ascending. O(log sizes) looks ahead for staging in
 * paper mode, where fewer images never need more memory; one for each size elsewhere.
 */
export function allowedPasses(environment: Environment, output: Output): Int32Array {
  const { passSizes, impliedPass, model } = environment;
  const allows = (pass: number): boolean => environment.allows({ pass, output });
  const isPaper = model.problem.mode === "paper";
  if (output === "sync" && (isPaper || environment.step === 0)) {
    return allows(impliedPass) ? Int32Array.of(impliedPass) : new Int32Array();
  }
  if (!isPaper) return passSizes.filter(allows);
  let allowed = 0;
  let refused = passSizes.length;
  while (allowed < refused) {
    const middle = (allowed + refused) >> 1;
    if (allows(passSizes[middle] as number)) allowed = middle + 1;
    else refused = middle;
  }
  return passSizes.slice(0, allowed);
}

/**
 * The first of some wishes that is allowed, the most wanted first; where none is, the decision nearest to the first wish: the same
 * output with the pass size whose logarithm is nearest, else the other output. There always is one where the problem is feasible
 * and every decision so far was allowed.
 */
export function nearestAllowed(environment: Environment, wishes: readonly Decision[]): Decision {
  const { passSizes } = environment;
  const granted = wishes.find((wish) => passSizes.includes(wish.pass) && environment.allows(wish));
  if (granted !== undefined) return granted;
  const { pass: wanted, output: first } = known(wishes[0], "a wish");
  const other: Output = first === "stage" ? "sync" : "stage";
  for (const output of [first, other]) {
    const passes = allowedPasses(environment, output);
    const pass = passes[nearestSize(passes, wanted)];
    if (pass !== undefined) return { pass, output };
  }
  assert(!environment.feasible || !environment.fits, "some decision is always allowed");
  throw new Error("internal: a decision was asked for where no mapping fits");
}
