/** Whether a node has the inputs that its operator needs. */
import type { Call, OperatorRow } from "./row.ts";

/** Throws bad-input where a required input is missing or there are too many. */
export function checkArity(row: OperatorRow, call: Call): void {
  const [least, most] = row.arity;
  const given = call.node.inputs.length;
  const missing = Array.from({ length: least }, (_, index) => index).find(
    (index) => call.inputs[index] === undefined,
  );
  if (missing === undefined && given <= most) return;
  const wanted =
    least === most
      ? `${least}`
      : most === Number.POSITIVE_INFINITY
        ? `at least ${least}`
        : `${least} to ${most}`;
  throw call.error(
    `${given} inputs are given, ${wanted} are needed (${call.node.inputs.map((name) => `"${name}"`).join(", ")})`,
    "export the network again",
  );
}
