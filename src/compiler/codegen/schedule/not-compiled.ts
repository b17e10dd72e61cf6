/** The error of an operator that has no generated code. */
import { badInput, type LaminateError } from "../../../base/errors.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { placeOf } from "./static-call.ts";

export function notCompiled(node: OpNode, reason = `${node.operator} is not compiled`): LaminateError {
  return badInput(reason, {
    where: placeOf(node),
    fix: "run the network with the interpreter: --target interpreter",
  });
}
