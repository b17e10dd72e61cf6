/** Random search: every point is drawn evenly from the box, whatever was found before. O(variables) a point. */
import { type Optimizer, uniformValue } from "./optimizer.ts";

export const randomSearch: Optimizer = function* ({ box, random }) {
  while (true) yield Float64Array.from(box, (variable) => uniformValue(variable, random));
};
