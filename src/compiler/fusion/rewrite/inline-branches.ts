/**
 * An If whose branches only compute becomes both branches and a Where of their results. That computes what is not taken
 * too, but the operators of a branch can then be fused and compiled, which no code that jumps can be; and where the
 * condition is constant, only one branch is left. Branches that draw random numbers, hold subgraphs, or give results of
 * different or unknown shapes stay.
 */

import { LaminateError } from "../../../base/errors.ts";
import { subgraphs } from "../../../graph/ir/captures.ts";
import type { Graph, OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import type { Tensor } from "../../../graph/ir/tensor.ts";
import { tensorToNumbers } from "../../../graph/ir/tensor-values.ts";
import { staticShape } from "../../../graph/ops/fold.ts";
import { inferShapes } from "../../../graph/ops/infer-shapes.ts";

/** Where came with opset 9, Reshape with a constant shape with 5; both are as they are in 16. */
const opset = 16;

/** The shape of a scalar. */
const noDimensions: Tensor = {
  elementType: "int64",
  shape: [0],
  data: { kind: "bytes", bytes: new Uint8Array() },
};

const drawsNumbers: ReadonlySet<string> = new Set([
  ...["Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform"],
  "RandomUniformLike",
]);

export function inlineBranches(typed: TypedGraph): TypedGraph {
  let current = typed;
  const refused = new Set<string>();
  for (;;) {
    const node = current.graph.nodes.find((one) => one.operator === "If" && !refused.has(one.name));
    if (node === undefined) return current;
    const inlined = inlineOne(current, node);
    if (inlined === undefined) refused.add(node.name);
    else current = inlined;
  }
}

function inlineOne(typed: TypedGraph, node: OpNode): TypedGraph | undefined {
  const [condition = ""] = node.inputs;
  const then = branchOf(node, "then_branch");
  const otherwise = branchOf(node, "else_branch");
  if (then === undefined || otherwise === undefined) return undefined;
  if (![then, otherwise].every(isPlain)) return undefined;
  const constant = typed.graph.constants.get(condition) ?? typed.values.get(condition);
  const known = constant === undefined ? undefined : tensorToNumbers(constant)?.[0];
  const parts = [renamed(then, `${node.name}/then/`), renamed(otherwise, `${node.name}/else/`)] as const;
  const taken = known === undefined ? parts : [known !== 0 ? parts[0] : parts[1]];
  const shape = `${node.name}/scalar_shape`;
  const scalar = `${node.name}/scalar_condition`;
  const isSelected = known === undefined;
  const selects = isSelected ? [newNode(`${node.name}/scalar`, "Reshape", [condition, shape], [scalar])] : [];
  const results = node.outputs.map((output, at): OpNode => {
    const values = taken.map(({ outputs }) => outputs[at] ?? "");
    return isSelected
      ? newNode(`${node.name}/${at}`, "Where", [scalar, ...values], [output])
      : newNode(`${node.name}/${at}`, "Identity", values, [output]);
  });
  const nodes = typed.graph.nodes.flatMap((one) =>
    one === node ? [...taken.flatMap((part) => part.nodes), ...selects, ...results] : [one],
  );
  const constants = new Map<string, Tensor>([
    ...typed.graph.constants,
    ...taken.flatMap((part) => [...part.constants]),
    ...(isSelected ? [[shape, noDimensions] as const] : []),
  ]);
  const graph: Graph = { ...typed.graph, nodes, constants };
  const made = typesOf(graph);
  return made !== undefined && isSelected && !haveOneShape(made, parts, node) ? undefined : made;
}

/** Undefined where a Where contradicts its branches, or a branch that may never be taken contradicts itself. */
function typesOf(graph: Graph): TypedGraph | undefined {
  try {
    return inferShapes({
      graph,
      irVersion: 8,
      opsets: new Map([["", opset]]),
      producer: "",
      metadata: new Map(),
    });
  } catch (error) {
    if (error instanceof LaminateError) return undefined;
    throw error;
  }
}

function branchOf(node: OpNode, name: string): Graph | undefined {
  const branch = node.attributes.get(name);
  return branch?.kind === "graph" ? branch.value : undefined;
}

function isPlain({ nodes }: Graph): boolean {
  return nodes.every((node) => subgraphs(node).length === 0 && !drawsNumbers.has(node.operator));
}

interface Branch {
  readonly nodes: readonly OpNode[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly string[];
}

/** The branch with names of its own; what it takes from around it keeps its name. */
function renamed(branch: Graph, prefix: string): Branch {
  const own = new Set([...branch.constants.keys(), ...branch.nodes.flatMap(({ outputs }) => outputs)]);
  const nameOf = (name: string): string => (name !== "" && own.has(name) ? prefix + name : name);
  return {
    nodes: branch.nodes.map((node) => ({
      ...node,
      name: prefix + node.name,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    })),
    constants: new Map([...branch.constants].map(([name, tensor]) => [nameOf(name), tensor])),
    outputs: branch.outputs.map(({ name }) => nameOf(name)),
  };
}

function newNode(
  name: string,
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
): OpNode {
  return { name, operator, domain: "", opset, inputs, outputs, attributes: new Map() };
}

/** Whether both branches give each result in the same type, all sizes known. */
function haveOneShape({ types }: TypedGraph, branches: readonly Branch[], node: OpNode): boolean {
  return node.outputs.every((output, at) => {
    if (output === "") return true;
    const [first, second] = branches.map(({ outputs }) => types.get(outputs[at] ?? ""));
    const [a, b] = [staticShape(first?.shape), staticShape(second?.shape)];
    return a !== undefined && a.join() === b?.join() && first?.elementType === second?.elementType;
  });
}
