/** Operators on strings. */
import { input } from "./call.ts";
import { tensorFact } from "./fact.ts";
import { withKernels } from "./kernels/kernel.ts";
import { stringKernels } from "./kernels/strings.ts";
import type { OperatorRow } from "./row.ts";
import { row } from "./row.ts";
import { freshShape } from "./shapes.ts";

/** n-gram counts: one vector per row of the input. */
const tfIdf = row({
  operator: "TfIdfVectorizer",
  versions: [9],
  arity: [1, 1],
  infer: (call) => {
    const { shape } = input(call, 0);
    const found = call.node.attributes.get("ngram_indexes");
    const size =
      found?.kind === "ints" && found.value.length > 0
        ? found.value.map(Number).reduce((a, b) => Math.max(a, b)) + 1
        : call.symbols.fresh();
    if (shape === undefined) return [tensorFact("float32", undefined)];
    return [tensorFact("float32", shape.length < 2 ? [size] : [shape[0] ?? 0, size])];
  },
});

/** Strings normalised and filtered: how many are left is for the run to tell, unless none are stop words. */
const stringNormalizer = row({
  operator: "StringNormalizer",
  versions: [10],
  arity: [1, 1],
  infer: (call) => {
    const { shape } = input(call, 0);
    if (shape === undefined) return [tensorFact("string", undefined)];
    const filters = call.node.attributes.has("stopwords");
    if (!filters) return [tensorFact("string", shape)];
    return [tensorFact("string", [...shape.slice(0, -1), call.symbols.fresh()])];
  },
});

const stringConcat = row({
  operator: "StringConcat",
  versions: [20],
  arity: [2, 2],
  mappingType: "one-to-one",
  infer: (call) => [tensorFact("string", input(call, 0).shape)],
});

const stringSplit = row({
  operator: "StringSplit",
  versions: [20],
  arity: [1, 1],
  infer: (call) => {
    const { shape } = input(call, 0);
    const parts = shape === undefined ? undefined : [...shape, ...freshShape(call, 1)];
    return [tensorFact("string", parts), tensorFact("int64", shape)];
  },
});

const regexFullMatch = row({
  operator: "RegexFullMatch",
  versions: [20],
  arity: [1, 1],
  mappingType: "one-to-one",
  infer: (call) => [tensorFact("bool", input(call, 0).shape)],
});

export const stringRows: readonly OperatorRow[] = withKernels(
  [regexFullMatch, stringConcat, stringNormalizer, stringSplit, tfIdf],
  stringKernels,
);
