/** Returns of a stretch of experience (Mnih et al., Asynchronous methods for deep reinforcement learning, 2016, algorithm S3). */

/** A step of an episode: what it brought, and whether the episode ended with it. */
export interface Reward {
  readonly reward: number;
  readonly ends: boolean;
}

/**
 * R_i = r_i + discount x R_(i+1), where R begins anew behind the end of an episode; behind the last step of the stretch it is
 * `valueAfter`, what the critic expects of the state there. O(steps).
 */
export function discountedReturns(
  steps: readonly Reward[],
  valueAfter: number,
  discount: number,
): readonly number[] {
  const returns = new Array<number>(steps.length);
  let later = valueAfter;
  for (let at = steps.length - 1; at >= 0; at--) {
    const { reward, ends } = steps[at] as Reward;
    later = reward + (ends ? 0 : discount * later);
    returns[at] = later;
  }
  return returns;
}
