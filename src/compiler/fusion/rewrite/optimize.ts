/**
 * Rewriting a network before it is fused (DNNFusion, section 4.2, and what every compiler does around it): a list of
 * passes, each from a graph to an equal one. Names of the network's inputs and outputs stay; types of all values stay
 * known; what is constant afterwards is a constant.
 */
import { usageError } from "../../../base/errors.ts";
import { suggestName } from "../../../base/nearest.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { verifyGraph } from "../../../graph/ir/verify.ts";
import { applyRules, ruleBook } from "./apply-rules.ts";
import { eliminateCommonSubexpressions } from "./common-subexpressions.ts";
import { expandQuantized } from "./expand-quantized.ts";
import { foldBatchNormalization, foldScaleAndShift } from "./fold-affine.ts";
import { foldConstants, foldKnownValues } from "./fold-constants.ts";
import { GraphEditor } from "./graph-editor.ts";
import { inlineBranches } from "./inline-branches.ts";
import { mergeReshapes } from "./merge-reshapes.ts";
import { mergeTransposes } from "./merge-transposes.ts";
import { moveTransposes } from "./move-transposes.ts";
import type { Edit, Pass } from "./pass.ts";
import { recognizeLayerNormalization } from "./recognize-layer-normalization.ts";
import { removeIdentities } from "./remove-identities.ts";
import { rules } from "./rules/rules.ts";
import { splitBatchNormalization } from "./split-batch-normalization.ts";

function pass(name: string, why: string, edit: Edit): Pass {
  return { name, why, edit };
}

const book = ruleBook(rules);

const passes: readonly Pass[] = [
  {
    name: "inline-branches",
    why: "before all others, which do not look into subgraphs",
    run: inlineBranches,
  },
  pass(
    "expand-quantized",
    "before constants are folded: weights without their zero points are such",
    expandQuantized,
  ),
  pass(
    "fold-constants",
    "all others ask what is constant, and shapes that are known need no operators",
    (editor, { typed }) => {
      foldKnownValues(editor, typed.values);
      foldConstants(editor);
    },
  ),
  pass("remove-dead-code", "so that every reader that is counted is one", (editor) => {
    for (const node of [...editor.nodes()].reverse()) editor.remove(node);
  }),
  pass("remove-identities", "early: an Identity or a Cast to the same type hides patterns", removeIdentities),
  pass(
    "eliminate-common-subexpressions",
    "before anything asks who else reads a value; a pattern written twice becomes one",
    eliminateCommonSubexpressions,
  ),
  pass(
    "fold-batch-normalization",
    "while BatchNormalization still stands right behind its Conv",
    foldBatchNormalization,
  ),
  pass(
    "split-batch-normalization",
    "what no Conv took up, before scale and shift are folded and rules see Mul and Add",
    splitBatchNormalization,
  ),
  pass(
    "fold-scale-and-shift",
    "after BatchNormalization, whose scales and shifts may stand next to others",
    foldScaleAndShift,
  ),
  pass("recognize-layer-normalization", "before rules take the pattern apart", recognizeLayerNormalization),
  pass(
    "rewrite-algebra",
    "after BatchNormalization is Mul and Add; before transposes, which part what rules match",
    (editor, { fastMath }) => applyRules(editor, book, { fastMath }),
  ),
  pass("merge-transposes", "chains first, so that only single ones are moved", mergeTransposes),
  pass("move-transposes", "single ones now, to where they cancel or are fewer", moveTransposes),
  pass("merge-reshapes", "after transposes, some of which are only reshapes", mergeReshapes),
  pass(
    "eliminate-new-common-subexpressions",
    "what the passes before have made may be there twice",
    eliminateCommonSubexpressions,
  ),
  pass("fold-new-constants", "last: what has become constant on the way", foldConstants),
];

/** The passes in their order. */
export const passNames: readonly string[] = passes.map(({ name }) => name);

/** Name and reason of each pass, in their order. */
export const passList: readonly Pick<Pass, "name" | "why">[] = passes;

export interface OptimizeOptions {
  /**
   * Whether rules may be used that hold for real numbers, but change rounding or the range of intermediate results a
   * lot in floating point (default false).
   */
  readonly fastMath?: boolean;
  /** Names of passes to leave out. */
  readonly skip?: readonly string[];
  /** Told the graph after each pass. */
  readonly onPass?: (passName: string, typed: TypedGraph) => void;
}

/**
 * The network rewritten, computing the same outputs up to rounding.
 *
 * @throws LaminateError usage for a name in `skip` that is no pass
 */
export function optimizeGraph(typed: TypedGraph, options: OptimizeOptions = {}): TypedGraph {
  const { fastMath = false, skip = [], onPass } = options;
  for (const name of skip) checkPassName(name, "skip");
  let current = typed;
  let editor: GraphEditor | undefined;
  for (const each of passes) {
    if (skip.includes(each.name)) continue;
    const before = current;
    if ("edit" in each) {
      editor ??= new GraphEditor(before);
      each.edit(editor, { typed: before, fastMath });
      current = editor.build();
    } else current = each.run(before);
    // An editor that has changed nothing serves the next pass too.
    if (current !== before) editor = undefined;
    onPass?.(each.name, current);
  }
  verifyGraph(current.graph);
  return current;
}

/** Throws a usage error, which says where the name was given, unless it is one of a pass. */
export function checkPassName(name: string, where: string): void {
  if (passNames.includes(name)) return;
  throw usageError(`"${name}" is no pass`, { where, fix: suggestName(name, passNames, "passes") });
}
