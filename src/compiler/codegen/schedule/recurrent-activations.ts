/** The activations that recurrent layers name in their attributes, as expressions. */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { floats } from "../../../graph/ops/call.ts";
import type { Expr } from "../loops/expr.ts";
import { elementwiseExpr } from "../operators/elementwise.ts";
import { plus, times } from "../operators/values.ts";
import type { Context } from "./context.ts";
import { notCompiled } from "./not-compiled.ts";
import { staticCall } from "./static-call.ts";

export type Activation = (x: Expr) => Expr;

/** Which numbers an activation takes from the attributes' lists. */
const parameters: Readonly<Record<string, readonly ("alpha" | "beta")[]>> = {
  ...{ Affine: ["alpha", "beta"], HardSigmoid: ["alpha", "beta"], ScaledTanh: ["alpha", "beta"] },
  ...{ Elu: ["alpha"], LeakyRelu: ["alpha"], ThresholdedRelu: ["alpha"] },
  ...{ Relu: [], Sigmoid: [], Softplus: [], Softsign: [], Tanh: [] },
};

/** The activations of a direction; those before it take their numbers from the lists first. */
export function activationsOf(
  { typed }: Context,
  node: OpNode,
  defaults: readonly string[],
  side: number,
): readonly Activation[] {
  const call = staticCall(typed, node);
  const attribute = node.attributes.get("activations");
  const names = attribute?.kind === "strings" ? attribute.value : [];
  const given = {
    alpha: [...(floats(call, "activation_alpha") ?? [])],
    beta: [...(floats(call, "activation_beta") ?? [])],
  };
  const all = Array.from({ length: (side + 1) * defaults.length }, (_, at) => {
    const name = names[at] ?? known(defaults[at % defaults.length], "activation");
    const operator = Object.keys(parameters).find((one) => one.toLowerCase() === name.toLowerCase());
    if (operator === undefined) throw notCompiled(node, `the activation "${name}" is not compiled`);
    const numbers = new Map(
      known(parameters[operator], "parameters").flatMap((which) => {
        const value = given[which].shift();
        return value === undefined ? [] : [[which, value] as const];
      }),
    );
    return activation(node, operator, numbers);
  });
  return all.slice(side * defaults.length);
}

function activation(node: OpNode, operator: string, numbers: ReadonlyMap<string, number>): Activation {
  const [alpha, beta] = [numbers.get("alpha"), numbers.get("beta")];
  if (operator === "Affine") return (x) => plus(times(x, alpha ?? 1), beta ?? 0);
  const attributes = new Map([...numbers].map(([name, value]) => [name, { kind: "float", value } as const]));
  const single: OpNode = {
    ...{ ...node, operator: operator === "ScaledTanh" ? "Tanh" : operator, attributes },
    inputs: ["x"],
    outputs: ["y"],
  };
  const types = { inputs: ["float32"], outputs: ["float32"] } as const;
  const apply = (x: Expr): Expr => known(elementwiseExpr(single, [x], types), operator);
  return operator === "ScaledTanh" ? (x) => times(apply(times(x, beta ?? 1)), alpha ?? 1) : apply;
}
