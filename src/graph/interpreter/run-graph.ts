/**
 * Runs a network with the reference kernels: slow, plain, the truth that generated code is tested against. Nodes run in
 * their order; constants are made when they are first read, and a value is let go after its last reader.
 */
import { badInput, LaminateError } from "../../base/errors.ts";
import { type RandomSource, seededRandom } from "../../base/random.ts";
import type { Graph, OpNode } from "../ir/graph.ts";
import { valueOfTensor } from "../ir/runtime-tensor.ts";
import type { RuntimeValue } from "../ir/runtime-value.ts";
import { checkArity } from "../ops/arity.ts";
import type { Kernel, KernelCall } from "../ops/kernels/kernel.ts";
import { findRow } from "../ops/registry.ts";
import type { OperatorRow } from "../ops/row.ts";
import { type SymbolTable, symbolTable } from "../ops/symbols.ts";
import { checkInputs } from "./check-inputs.ts";
import { makeCall } from "./make-call.ts";
import { type Plan, planOf } from "./plan.ts";

export interface RunOptions {
  /** Of the operators that draw random numbers without a seed of their own (default 1). */
  readonly seed?: number;
  /** Told each value that a node of the network itself (not of a subgraph) has made. */
  readonly onValue?: (name: string, value: RuntimeValue) => void;
}

/** What one run carries along. */
interface Run {
  readonly symbols: SymbolTable;
  readonly random: RandomSource;
  readonly plans: Map<Graph, Plan>;
  readonly onValue: RunOptions["onValue"];
}

/** The values of one graph, and those around it. */
interface Frame {
  readonly values: Map<string, RuntimeValue>;
  readonly plan: Plan;
  readonly outer: Frame | undefined;
}

/**
 * The outputs of a network (a Model or a TypedGraph) for these inputs, by name, in the network's order.
 *
 * @throws LaminateError bad-input for a missing, unknown or ill-fitting input, and for an operator that has no kernel at
 * its opset; it names the node
 */
export function runGraph(
  network: { readonly graph: Graph },
  inputs: ReadonlyMap<string, RuntimeValue>,
  options: RunOptions = {},
): ReadonlyMap<string, RuntimeValue> {
  const { graph } = network;
  checkInputs(graph, inputs);
  const run: Run = {
    symbols: symbolTable(),
    random: seededRandom(options.seed ?? 1),
    plans: new Map(),
    onValue: options.onValue,
  };
  const values = graph.inputs.map(({ name }) => inputs.get(name));
  const outputs = runInside(run, graph, values, undefined);
  return new Map(graph.outputs.map(({ name }, index) => [name, outputs[index] as RuntimeValue]));
}

function runInside(
  run: Run,
  graph: Graph,
  inputs: readonly (RuntimeValue | undefined)[],
  outer: Frame | undefined,
): readonly RuntimeValue[] {
  const frame: Frame = { values: new Map(), plan: planFor(run, graph), outer };
  graph.inputs.forEach(({ name }, index) => {
    const value = inputs[index];
    if (value !== undefined) frame.values.set(name, value);
  });
  graph.nodes.forEach((node, index) => {
    runNode(run, frame, node);
    for (const name of frame.plan.lastReads[index] ?? []) frame.values.delete(name);
  });
  return graph.outputs.map(({ name }) => lookUp(frame, name, `graph "${graph.name}"`));
}

function planFor(run: Run, graph: Graph): Plan {
  const old = run.plans.get(graph);
  if (old !== undefined) return old;
  const plan = planOf(graph);
  run.plans.set(graph, plan);
  return plan;
}

function lookUp(frame: Frame, name: string, where: string): RuntimeValue {
  for (let at: Frame | undefined = frame; at !== undefined; at = at.outer) {
    const value = at.values.get(name) ?? constantOf(at, name);
    if (value !== undefined) return value;
  }
  throw badInput(`nothing makes the value "${name}"`, { where, fix: "export the network again" });
}

/** A loop's body runs often, so its constants are kept with its plan; the network's own are let go as other values are. */
function constantOf({ plan, values, outer }: Frame, name: string): RuntimeValue | undefined {
  const kept = plan.constants.get(name);
  const tensor = plan.graph.constants.get(name);
  if (kept !== undefined || tensor === undefined) return kept;
  const value = valueOfTensor(tensor, `tensor "${name}"`);
  (outer === undefined ? values : plan.constants).set(name, value);
  return value;
}

function runNode(run: Run, frame: Frame, node: OpNode): void {
  const { row, kernel } = kernelOf(node);
  const where = placeOf(node);
  const inputs = node.inputs.map((name) => (name === "" ? undefined : lookUp(frame, name, where)));
  const call = makeCall(node, row, inputs, {
    where,
    symbols: run.symbols,
    random: run.random,
    run: (graph, values) => runInside(run, graph, values, frame),
  });
  checkArity(row, call);
  const outputs = compute(kernel, call);
  node.outputs.forEach((name, index) => {
    if (name === "") return;
    const value = outputs[index];
    if (value === undefined) throw call.error(`output ${index} "${name}" is not computed by the interpreter`);
    frame.values.set(name, value);
    if (frame.outer === undefined) run.onValue?.(name, value);
  });
}

function kernelOf(node: OpNode): { readonly row: OperatorRow; readonly kernel: Kernel } {
  const lookup = findRow(node);
  if (lookup.kind === "row" && lookup.row.kernel !== undefined) {
    return { row: lookup.row, kernel: lookup.row.kernel };
  }
  const reason =
    lookup.kind === "unsupported" ? lookup.reason : `the interpreter has no kernel for ${node.operator}`;
  throw badInput(reason, {
    where: placeOf(node),
    fix: "docs/operators.md lists what can be run; export the network without this operator",
  });
}

/** What the machine has no memory for is bad input too: a size that the network asks for. */
function compute(kernel: Kernel, call: KernelCall): readonly RuntimeValue[] {
  try {
    return kernel(call);
  } catch (error) {
    if (error instanceof RangeError) {
      throw call.error("its values do not fit in memory", "run the network on smaller inputs");
    }
    if (error instanceof LaminateError && error.where === "interpreter") {
      throw call.error(error.message, error.fix);
    }
    throw error;
  }
}

function placeOf(node: OpNode): string {
  const domain = node.domain === "" ? "" : `${node.domain} `;
  return `node "${node.name}" (${node.operator}, ${domain}opset ${node.opset})`;
}
