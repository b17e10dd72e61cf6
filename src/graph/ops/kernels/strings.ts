/** Kernels on strings. */
import { countOf, tensorFromDoubles, tensorValue } from "../../ir/runtime-value.ts";
import { floats, int, ints, string } from "../call.ts";
import { mapTwo } from "./broadcast.ts";
import { type Kernel, type KernelCall, type Kernels, outputType, tensor } from "./kernel.ts";

function textsOf(call: KernelCall, index: number): readonly string[] {
  const { elements, elementType } = tensor(call, index);
  if (Array.isArray(elements)) return elements;
  throw call.error(`input ${index} is a tensor of ${elementType}, and strings are needed`);
}

function stringsAttribute(call: KernelCall, name: string): readonly string[] | undefined {
  const found = call.node.attributes.get(name);
  return found?.kind === "strings" ? found.value : undefined;
}

/** Drops stop words and changes the case; what is left of nothing is one empty string. */
const stringNormalizer: Kernel = (call) => {
  const { shape } = tensor(call, 0);
  const isSensitive = int(call, "is_case_sensitive", 0) !== 0;
  const folded = (text: string): string => (isSensitive ? text : text.toLowerCase());
  const stops = new Set((stringsAttribute(call, "stopwords") ?? []).map(folded));
  const kept = textsOf(call, 0).filter((text) => !stops.has(folded(text)));
  const action = string(call, "case_change_action", "NONE");
  const changed = kept.map((text) =>
    action === "LOWER" ? text.toLowerCase() : action === "UPPER" ? text.toUpperCase() : text,
  );
  const result = changed.length === 0 ? [""] : changed;
  return [tensorValue("string", [...shape.slice(0, -1), result.length], result)];
};

/** The n-grams of the pool: each with its number. */
function gramNumbers(call: KernelCall): ReadonlyMap<string, number> {
  const pool = stringsAttribute(call, "pool_strings") ?? (ints(call, "pool_int64s") ?? []).map(String);
  const starts = ints(call, "ngram_counts") ?? [];
  const numbers = new Map<string, number>();
  starts.forEach((start, index) => {
    const length = index + 1;
    const end = starts[index + 1] ?? pool.length;
    for (let at = start; at + length <= end; at += length) {
      numbers.set(JSON.stringify(pool.slice(at, at + length)), numbers.size);
    }
  });
  return numbers;
}

/** How often each n-gram of the pool occurs in each row, its words up to max_skip_count apart. */
const tfIdfVectorizer: Kernel = (call) => {
  const { shape } = outputType(call);
  const value = tensor(call, 0);
  const words = Array.from<unknown, string>(value.elements as ArrayLike<unknown>, String);
  const length = value.shape.at(-1) ?? 0;
  const grams = gramNumbers(call);
  const columns = ints(call, "ngram_indexes") ?? [];
  const width = shape.at(-1) ?? 0;
  const counts = new Float64Array(countOf(shape));
  const [least, most] = [int(call, "min_gram_length", 1), int(call, "max_gram_length", 1)];
  const skips = int(call, "max_skip_count", 0);
  for (let row = 0; row < words.length / Math.max(length, 1); row++) {
    for (let gram = least; gram <= most; gram++) {
      for (let step = 1; step <= (gram === 1 ? 1 : skips + 1); step++) {
        for (let start = 0; start + (gram - 1) * step < length; start++) {
          const found = Array.from(
            { length: gram },
            (_, index) => words[row * length + start + index * step],
          );
          const column = columns[grams.get(JSON.stringify(found)) ?? -1];
          if (column !== undefined) counts[row * width + column] = (counts[row * width + column] ?? 0) + 1;
        }
      }
    }
  }
  return [tensorFromDoubles("float32", shape, weighted(call, counts, width))];
};

/** TF: the counts. IDF: the weight where a gram occurs. TFIDF: both, multiplied. */
function weighted(call: KernelCall, counts: Float64Array, width: number): Float64Array {
  const mode = string(call, "mode", "TF");
  const list = floats(call, "weights");
  if (mode === "TF") return counts;
  const weights = new Float64Array(width).fill(1);
  (ints(call, "ngram_indexes") ?? []).forEach((column, gram) => {
    weights[column] = list?.[gram] ?? 1;
  });
  return counts.map(
    (count, at) => (mode === "IDF" ? Math.min(count, 1) : count) * (weights[at % width] ?? 1),
  );
}

const stringConcat: Kernel = (call) => {
  const { shape } = outputType(call);
  const out = new Array<string>(countOf(shape)).fill("");
  const [a, b] = [0, 1].map((index) => ({
    elements: textsOf(call, index),
    shape: tensor(call, index).shape,
  }));
  if (a !== undefined && b !== undefined) mapTwo((x: string, y: string) => x + y, a, b, shape, out);
  return [tensorValue("string", shape, out)];
};

/** Parts of each text, filled up with "" to the most there are, and how many each has. */
const stringSplit: Kernel = (call) => {
  const { shape } = tensor(call, 0);
  const delimiter = string(call, "delimiter", "");
  const limit = call.node.attributes.has("maxsplit") ? int(call, "maxsplit", 0) : Number.POSITIVE_INFINITY;
  const parts = textsOf(call, 0).map((text) => splitText(text, delimiter, limit));
  const most = parts.reduce((length, list) => Math.max(length, list.length), 0);
  const filled = parts.flatMap((list) => Array.from({ length: most }, (_, index) => list[index] ?? ""));
  return [
    tensorValue("string", [...shape, most], filled),
    tensorFromDoubles(
      "int64",
      shape,
      parts.map((list) => list.length),
    ),
  ];
};

function splitText(text: string, delimiter: string, limit: number): readonly string[] {
  const source = delimiter === "" ? text.trim() : text;
  if (source === "") return [];
  const all = delimiter === "" ? source.split(/\s+/) : source.split(delimiter);
  if (all.length <= limit + 1) return all;
  return [...all.slice(0, limit), all.slice(limit).join(delimiter === "" ? " " : delimiter)];
}

const regexFullMatch: Kernel = (call) => {
  const { shape } = tensor(call, 0);
  const pattern = string(call, "pattern", "");
  let regex: RegExp;
  try {
    regex = new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    throw call.error(`the pattern ${JSON.stringify(pattern)} is no regular expression`);
  }
  return [
    tensorFromDoubles(
      "bool",
      shape,
      textsOf(call, 0).map((text) => (regex.test(text) ? 1 : 0)),
    ),
  ];
};

export const stringKernels: Kernels = {
  RegexFullMatch: regexFullMatch,
  StringConcat: stringConcat,
  StringNormalizer: stringNormalizer,
  StringSplit: stringSplit,
  TfIdfVectorizer: tfIdfVectorizer,
};
