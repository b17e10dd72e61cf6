/** The call that a kernel and its row's shape rule are given: a node with the values of its inputs. */
import { assert } from "../../base/assert.ts";
import { badInput } from "../../base/errors.ts";
import type { RandomSource } from "../../base/random.ts";
import type { Graph, OpNode } from "../ir/graph.ts";
import { numbersOf, type RuntimeValue } from "../ir/runtime-value.ts";
import type { Elements, Fact } from "../ops/fact.ts";
import { foldableCount, sequenceFact, tensorFact } from "../ops/fact.ts";
import { staticShape } from "../ops/fold.ts";
import type { KernelCall, OutputType } from "../ops/kernels/kernel.ts";
import type { OperatorRow } from "../ops/row.ts";
import type { SymbolTable } from "../ops/symbols.ts";

/** What surrounds a call. */
export interface Surroundings {
  readonly where: string;
  readonly symbols: SymbolTable;
  readonly random: RandomSource;
  readonly run: (graph: Graph, inputs: readonly RuntimeValue[]) => readonly RuntimeValue[];
}

export function makeCall(
  node: OpNode,
  row: OperatorRow,
  values: readonly (RuntimeValue | undefined)[],
  { where, symbols, random, run }: Surroundings,
): KernelCall {
  const facts = values.map((value) => (value === undefined ? undefined : factOf(value)));
  const known = new Map<Fact, Elements | undefined>();
  let types: readonly OutputType[] | undefined;
  const call: KernelCall = {
    node,
    values,
    inputs: facts,
    symbols,
    random,
    run,
    elements: (fact) => {
      if (fact === undefined) return undefined;
      if (!known.has(fact)) known.set(fact, elementsOf(values[facts.indexOf(fact)]));
      return known.get(fact);
    },
    error: (message, fix = "check the shapes of the inputs, or export the network again") =>
      badInput(message, { where, fix }),
    subgraph: noSubgraph,
    trySubgraph: noSubgraph,
    outputTypes: () => {
      types ??= row.infer(call).map(({ elementType, shape }) => ({ elementType, shape: staticShape(shape) }));
      return types;
    },
  };
  return call;
}

/** Kernels of operators with subgraphs run them; they ask for no types. */
function noSubgraph(): never {
  assert(false, "a kernel asked for the types of a subgraph");
  throw new Error();
}

function factOf(value: RuntimeValue): Fact {
  switch (value.kind) {
    case "tensor":
      return tensorFact(value.elementType, value.shape);
    case "sequence":
      return sequenceFact(value.elementType, commonShape(value.items));
    case "optional": {
      const inner = value.value === undefined ? tensorFact("undefined", undefined) : factOf(value.value);
      return { ...inner, container: "optional" };
    }
    default:
      return value satisfies never;
  }
}

function commonShape(items: readonly RuntimeValue[]): readonly number[] | undefined {
  const shapes = items.map((item) => (item.kind === "tensor" ? item.shape : undefined));
  const [first] = shapes;
  return shapes.every((shape) => shape?.join() === first?.join()) ? first : undefined;
}

/** The elements of small values, which shapes may depend on. */
function elementsOf(value: RuntimeValue | undefined): Elements | undefined {
  if (value?.kind !== "tensor" || Array.isArray(value.elements)) return undefined;
  return foldableCount(value.shape) === undefined ? undefined : Array.from(numbersOf(value));
}
