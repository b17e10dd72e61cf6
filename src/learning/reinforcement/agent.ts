/**
 * What a reinforcement learner is to whoever runs episodes with it: it names an action for a state, and is told what came
 * of it. It knows no word of mappings. One number is one action, as in DNNFuser (section 4.2).
 */

/** What an action is: one of so many choices, 0 .. count - 1, or a number from -1 to 1. */
export type ActionSpace = { readonly kind: "choice"; readonly count: number } | { readonly kind: "number" };

export interface Agent {
  /** The action to try next. The state is copied. */
  act(state: Float32Array): number;
  /** What the last action led to; `next` is undefined where it ended the episode. Now and then, the networks take a step. */
  learn(reward: number, next: Float32Array | undefined): void;
  /** The action that the agent holds for the best in a state; draws nothing. */
  best(state: Float32Array): number;
}
