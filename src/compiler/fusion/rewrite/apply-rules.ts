/**
 * Rewriting by mathematical properties (DNNFusion, section 4.2, in the order of the paper): the graph is divided at
 * operators that no rule knows; in each part all rules that match are found, the one that saves the most FLOPs is
 * applied, and that again until none saves any. What was found is kept, but for the results near a change.
 * O(nodes x rules + applications x part).
 */
import type { OpNode } from "../../../graph/ir/graph.ts";
import { isIntegerType } from "../../../graph/ir/tensor-values.ts";
import { type Cost, compare, nothing } from "./cost.ts";
import { depthOf, operatorsIn } from "./expression.ts";
import type { GraphEditor } from "./graph-editor.ts";
import { type Match, matches } from "./match.ts";
import { apply, planRewriting, type Rewriting } from "./rewriting.ts";
import type { Rule } from "./rule.ts";

/** Rules by the operator of their result. */
export interface RuleBook {
  readonly byOperator: ReadonlyMap<string, readonly Rule[]>;
  /** Operators that stand in some rule. */
  readonly operators: ReadonlySet<string>;
  /** Operators on the longest way through a left side. */
  readonly depth: number;
}

export function ruleBook(rules: readonly Rule[]): RuleBook {
  const byOperator = new Map<string, Rule[]>();
  for (const rule of rules) {
    const list = byOperator.get(rule.before.operator) ?? [];
    list.push(rule);
    byOperator.set(rule.before.operator, list);
  }
  const operators = new Set(rules.flatMap(({ before }) => operatorsIn(before)));
  return { byOperator, operators, depth: Math.max(0, ...rules.map(({ before }) => depthOf(before))) };
}

export interface ApplyOptions {
  readonly fastMath: boolean;
  /** Told each application. */
  readonly onRule?: (rewriting: Rewriting) => void;
}

/** Applies rules until none saves anything. */
export function applyRules(editor: GraphEditor, book: RuleBook, options: ApplyOptions): void {
  for (const part of partsOf(editor, book)) rewritePart(editor, book, part, options);
}

/** Nodes that rules know, connected by values, by name. */
function partsOf(editor: GraphEditor, { operators }: RuleBook): readonly (readonly string[])[] {
  const partOf = new Map<string, string[]>();
  for (const node of editor.nodes()) {
    if (!operators.has(node.operator)) continue;
    let own: string[] = [node.name];
    for (const input of node.inputs) {
      const producer = editor.producer(input);
      const other = producer === undefined ? undefined : partOf.get(producer.name);
      if (other === undefined || other === own) continue;
      const [large, small] = other.length > own.length ? [other, own] : [own, other];
      for (const name of small) {
        large.push(name);
        partOf.set(name, large);
      }
      own = large;
    }
    partOf.set(node.name, own);
  }
  return [...new Set(partOf.values())];
}

function rewritePart(
  editor: GraphEditor,
  book: RuleBook,
  part: readonly string[],
  options: ApplyOptions,
): void {
  const found = new Map<string, Rewriting | undefined>();
  const refused = new Set<string>();
  const look = (name: string): void => {
    const node = editor.nodeNamed(name);
    const best = node === undefined ? undefined : bestAt(editor, book, node, options, refused);
    if (best === undefined) found.delete(name);
    else found.set(name, best);
  };
  for (const name of part) look(name);
  // Every application makes the part cheaper; the limit only guards against a measure that is wrong.
  for (let left = 20 * part.length + 20; left > 0 && found.size > 0; left--) {
    let best: Rewriting | undefined;
    for (const each of found.values())
      if (each !== undefined && (best === undefined || compare(each.gain, best.gain) > 0)) best = each;
    if (best === undefined) return;
    const near = nearValues(editor, best, book.depth);
    if (apply(editor, best)) options.onRule?.(best);
    else refused.add(`${best.rule.name} ${best.root.name}`);
    look(best.root.name);
    for (const name of around(editor, near, editor.nodeNamed(best.root.name), book.depth)) look(name);
    for (const name of found.keys()) if (editor.nodeNamed(name) === undefined) found.delete(name);
  }
}

/** The values that the left side reads, whose readers change. */
function nearValues(editor: GraphEditor, { root, planned }: Rewriting, most: number): readonly string[] {
  const values = new Set<string>(root.outputs);
  const open: OpNode[] = [root];
  for (let depth = 0; depth < most; depth++) {
    for (const node of open.splice(0)) {
      for (const input of node.inputs) {
        values.add(input);
        const producer = editor.producer(input);
        if (producer !== undefined) open.push(producer);
      }
    }
  }
  for (const { node } of planned.values()) for (const input of node.inputs) values.add(input);
  return [...values];
}

/** The nodes from which a left side can reach one of these values, and those that have just been made. */
function around(
  editor: GraphEditor,
  values: readonly string[],
  root: OpNode | undefined,
  depth: number,
): ReadonlySet<string> {
  const names = new Set<string>();
  let front = [...values, ...(root?.outputs ?? [])];
  for (let step = 0; step < depth && front.length > 0; step++) {
    const next: string[] = [];
    for (const value of front) {
      for (const reader of editor.readers(value)) {
        if (names.has(reader.name)) continue;
        names.add(reader.name);
        next.push(...reader.outputs);
      }
    }
    front = next;
  }
  return names;
}

function bestAt(
  editor: GraphEditor,
  { byOperator }: RuleBook,
  node: OpNode,
  options: ApplyOptions,
  refused: ReadonlySet<string>,
): Rewriting | undefined {
  let best: Rewriting | undefined;
  for (const rule of byOperator.get(node.operator) ?? []) {
    if (rule.family.floats === "fast-math" && !options.fastMath && rule.family.integers !== true) continue;
    for (const match of matches(editor, rule.before, node)) {
      if (!isAllowed(editor, rule, match, options.fastMath)) continue;
      if (refused.has(`${rule.name} ${node.name}`)) continue;
      const rewriting = planRewriting(editor, rule, node, match);
      if (rewriting === undefined || !isWorthwhile(rewriting.gain)) continue;
      if (best === undefined || compare(rewriting.gain, best.gain) > 0) best = rewriting;
    }
  }
  return best;
}

/** A division in the place of a product must save more than the few FLOPs that are counted for it. */
function isWorthwhile([flops, expensive, elementsRead, nodes]: Cost): boolean {
  return compare([flops + 4 * Math.min(expensive, 0), expensive, elementsRead, nodes], nothing) > 0;
}

function isAllowed(editor: GraphEditor, { family, when }: Rule, match: Match, fastMath: boolean): boolean {
  const types = new Set([...match.nodes].map((node) => operandType(editor, node)));
  for (const type of types) {
    if (type === "undefined" || type === "string") return false;
    if (type === "bool" ? !family.truths : isIntegerType(type) ? !family.integers : !isFloatAllowed())
      return false;
  }
  return when.every((condition) => (fastMath && condition.guardsNaN) || condition.holds(editor, match));

  function isFloatAllowed(): boolean {
    return family.floats !== undefined && (family.floats !== "fast-math" || fastMath);
  }
}

/** The type that an operator of a rule computes in: that of its last operand, since the first of a Where is a truth value. */
function operandType(editor: GraphEditor, node: OpNode): ReturnType<typeof typeName> {
  return typeName(editor, node.operator === "Where" ? node.inputs[2] : node.inputs[0]);
}

function typeName(
  editor: GraphEditor,
  value: string | undefined,
): NonNullable<ReturnType<GraphEditor["type"]>>["elementType"] {
  return editor.type(value)?.elementType ?? "undefined";
}
