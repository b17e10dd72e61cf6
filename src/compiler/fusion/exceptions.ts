/**
 * Fusions beyond the paper's table, each a named rule that can be switched off. They join whole blocks of the
 * table-driven plan where a kernel is known that does the two in one go; limits and acyclicity hold as everywhere.
 * Rules run in this order: softmax must be with its matrix product before attention looks for the second product.
 */
import { known } from "../../base/assert.ts";
import { bySize, type Draft, tryException } from "./draft.ts";
import type { Ecg, EcgOperator } from "./ecg.ts";
import { largest } from "./grow.ts";

export interface FusionException {
  readonly name: string;
  /** What it joins and why that pays. */
  readonly about: string;
  /** Sets of operators whose blocks become one, in the order in which they are tried. */
  readonly groups: (draft: Draft) => Iterable<readonly number[]>;
}

const pools: ReadonlySet<string> = new Set([
  ...["AveragePool", "LpPool", "MaxPool", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"],
]);

/** Operators that look at one row (or one channel, or one pixel) of their operand. */
const rowOperators: ReadonlySet<string> = new Set([
  ...["Softmax", "LogSoftmax", "Hardmax", "LpNormalization", "LayerNormalization", "GroupNormalization"],
  ...["InstanceNormalization", "MeanVarianceNormalization", "LRN", "ArgMax", "ArgMin"],
  ...["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"].map(
    (what) => `Reduce${what}`,
  ),
]);

const pooling: FusionException = {
  name: "pooling",
  about: "a pool runs on the rows of the convolution that it follows, before they leave the cache",
  groups: (draft) => lightBlocks(draft, pools),
};

const normalization: FusionException = {
  name: "normalization",
  about: "a reduction of rows (softmax, mean and variance) runs on the rows of the block that makes them",
  groups: (draft) => lightBlocks(draft, rowOperators),
};

const attention: FusionException = {
  name: "attention",
  about: "softmax(Q K) V row block by row block, so that the square of scores is never in memory",
  groups: attentions,
};

const mergeGemms: FusionException = {
  name: "merge-gemms",
  about: "matrix products with constant weights that share their input run as one, which reads it once",
  groups: siblingGemms,
};

export const fusionExceptions: readonly FusionException[] = [pooling, normalization, attention, mergeGemms];

/** Runs the rules with these names, each until it finds nothing more. */
export function applyExceptions(draft: Draft, names: ReadonlySet<string>): void {
  for (const { name, groups } of fusionExceptions) {
    if (!names.has(name)) continue;
    let again = true;
    while (again) {
      again = false;
      for (const nodes of groups(draft)) if (tryException(draft, name, nodes)) again = true;
    }
  }
}

/**
 * Blocks without a heavy operator, whose Many-to-Many operators are pools and row operators and one of them of `kind`,
 * with a block that feeds them and has at most one heavy operator and beside it none but such. The largest results
 * first.
 */
function* lightBlocks(draft: Draft, kind: ReadonlySet<string>): Iterable<readonly number[]> {
  const { quotient, ecg } = draft;
  const areReductions = (operators: readonly EcgOperator[]): boolean =>
    operators.every((operator) => isKind(operator, pools) || isKind(operator, rowOperators));
  for (const { producer, consumer } of bySize(draft.edges)) {
    const [first, second] = [quotient.blockOf(producer), quotient.blockOf(consumer)];
    if (first === second) continue;
    const after = reducing(ecg, quotient.nodesOf(second));
    if (!after.some((operator) => isKind(operator, kind)) || !areReductions(after)) continue;
    const before = reducing(ecg, quotient.nodesOf(first));
    const light = before.filter(({ heavy }) => !heavy);
    if (before.length - light.length <= 1 && areReductions(light)) yield [producer, consumer];
  }
}

function isKind({ node, heavy, barrier }: EcgOperator, kinds: ReadonlySet<string>): boolean {
  return !heavy && !barrier && node.domain === "" && kinds.has(node.operator);
}

function reducing(ecg: Ecg, nodes: readonly number[]): readonly EcgOperator[] {
  const operators = nodes.map((node) => known(ecg.operators[node], "operator"));
  return operators.filter(({ mappingType, barrier }) => mappingType === "many-to-many" || barrier);
}

/** From the product that makes the scores to the one that uses them, where the blocks between hold no other. */
function* attentions(draft: Draft): Iterable<readonly number[]> {
  const { ecg, quotient } = draft;
  for (const operator of ecg.operators) {
    if (operator === undefined || operator.node.operator !== "Softmax") continue;
    const before = pathToProduct(ecg, operator.index, feeding);
    const after = pathToProduct(ecg, operator.index, onlyConsumer);
    if (before === undefined || after === undefined) continue;
    const consumers = known(ecg.results[operator.index], "results").flatMap((value) => value.consumers);
    const group = [...new Set([...before, operator.index, ...consumers, ...after])];
    const products = new Set([before.at(-1), after.at(-1)]);
    const blocks = new Set(group.map((node) => quotient.blockOf(node)));
    const others = [...blocks]
      .flatMap((block) => reducing(ecg, quotient.nodesOf(block)))
      .filter(({ index }) => index !== operator.index && !products.has(index));
    if (others.length === 0) yield group;
  }
}

/** The operators from a softmax to a product of two activations, that product last; nothing reduces in between. */
function pathToProduct(
  ecg: Ecg,
  from: number,
  next: (ecg: Ecg, node: number) => number | undefined,
): readonly number[] | undefined {
  const path: number[] = [];
  for (let at = next(ecg, from); at !== undefined; at = next(ecg, at)) {
    path.push(at);
    const { heavy, mappingType } = known(ecg.operators[at], "operator");
    if (heavy) return known(ecg.reads[at], "reads").length === 2 ? path : undefined;
    if (mappingType === "many-to-many") return undefined;
  }
  return undefined;
}

function feeding(ecg: Ecg, node: number): number | undefined {
  return largest(known(ecg.reads[node], "reads"))?.producer;
}

/** The only consumer; or of two the one that the other leads to, as in Where(IsNaN(x), 0, x). */
function onlyConsumer(ecg: Ecg, node: number): number | undefined {
  const [value, ...others] = known(ecg.results[node], "results");
  if (value === undefined || others.length > 0 || value.isNetworkOutput) return undefined;
  const [first, second, ...more] = value.consumers;
  if (first === undefined || second === undefined || more.length > 0)
    return more.length > 0 ? undefined : first;
  if (onlyConsumer(ecg, first) === second) return second;
  return onlyConsumer(ecg, second) === first ? first : undefined;
}

/** Products of one activation with constants: the first, and each other one that may join it. */
function* siblingGemms({ ecg }: Draft): Iterable<readonly number[]> {
  for (const { name, consumers } of ecg.values.values()) {
    const [first, ...others] = consumers.filter((node) => isProductWithConstant(ecg, node, name));
    if (first === undefined) continue;
    for (const other of others) yield [first, other];
  }
}

function isProductWithConstant(ecg: Ecg, index: number, input: string): boolean {
  const { node, heavy } = known(ecg.operators[index], "operator");
  const isProduct = heavy && (node.operator === "MatMul" || node.operator === "Gemm");
  return isProduct && node.inputs[0] === input && ecg.flow.constants.has(node.inputs[1] ?? "");
}
