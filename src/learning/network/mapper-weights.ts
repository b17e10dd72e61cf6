/**
 * A trained mapper as one safetensors file: parameters by name, and in the metadata all that is needed to use them (sizes, feature
 * schema) and to know where they come from (the training record). The file may come from anywhere, so it is believed
 * only where it is whole and says itself what it is. O(parameters).
 */
import { z } from "zod";
import { badInput } from "../../base/errors.ts";
import { product } from "../../base/integers.ts";
import { quote } from "../../base/quote.ts";
import { readSafetensors, type SafeTensor, writeSafetensors } from "../../base/safetensors.ts";
import { type FeatureSchema, parseFeatureSchema } from "../environment/schema.ts";
import { type NetworkSizes, networkSizesSchema, parameterShapes } from "./network-sizes.ts";

export interface MapperWeights {
  readonly sizes: NetworkSizes;
  readonly schema: FeatureSchema;
  /** By the names of `parameterShapes`, row-major. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** What made them: plain JSON for people and reports (data, seed, steps, losses, version). */
  readonly record: Readonly<Record<string, unknown>>;
}

/** Rises when the meaning of a file changes. */
export const weightsFormat = "laminate.mapper/1";

const recordSchema = z.record(z.string(), z.unknown());

/** The file. The same weights give the same bytes. */
export function writeMapperWeights({
  sizes,
  schema,
  parameters,
  record,
}: MapperWeights): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, SafeTensor>();
  for (const [name, shape] of parameterShapes(sizes, schema)) {
    const elements = parameters.get(name);
    if (elements?.length !== product(shape))
      throw new Error(`internal: parameter ${name} is not ${shape.join(" x ")}`);
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    tensors.set(name, { type: "F32", shape, bytes });
  }
  const metadata = new Map([
    ["format", weightsFormat],
    ["sizes", JSON.stringify(sizes)],
    ["schema", JSON.stringify(schema)],
    ["record", JSON.stringify(record)],
  ]);
  return writeSafetensors({ tensors, metadata });
}

/**
 * The weights of a file; `where` is what errors call it.
 *
 * @throws LaminateError (bad-input) for a file that is damaged, of another format or version, or whose tensors are not those
 *   of its sizes, or hold anything but finite numbers
 */
export function readMapperWeights(bytes: Uint8Array, where: string): MapperWeights {
  const { tensors, metadata } = readSafetensors(bytes, where);
  const format = metadata.get("format");
  if (format !== weightsFormat) {
    const found = format === undefined ? "it does not say what it is" : `its format is ${quote(format)}`;
    throw badInput(`these are no weights of a mapper: ${found}`, {
      where,
      fix: `give a file that laminate train wrote (${weightsFormat})`,
    });
  }
  const part = (name: string): unknown => parseJson(metadata.get(name), `${where}: ${name}`);
  const sizes = checked(networkSizesSchema, part("sizes"), `${where}: sizes`);
  const schema = parseFeatureSchema(part("schema"), `${where}: schema`);
  const shapes = parameterShapes(sizes, schema);
  const unknown = [...tensors.keys()].find((name) => !shapes.has(name));
  if (unknown !== undefined) throw wrongTensor(unknown, "belongs to no such network", where);
  const parameters = new Map(
    [...shapes].map(([name, shape]) => [name, elementsOf(tensors.get(name), name, shape, where)]),
  );
  return { sizes, schema, parameters, record: checked(recordSchema, part("record"), `${where}: record`) };
}

function elementsOf(
  tensor: SafeTensor | undefined,
  name: string,
  shape: readonly number[],
  where: string,
): Float32Array {
  if (tensor === undefined) throw wrongTensor(name, "is missing", where);
  if (tensor.type !== "F32" || tensor.shape.join() !== shape.join()) {
    const found = `is ${tensor.type} [${tensor.shape.join(", ")}]`;
    throw wrongTensor(name, `${found}, not F32 [${shape.join(", ")}]`, where);
  }
  // A copy, which begins where floats may. (Node's Buffer has a slice that copies nothing.)
  const elements = new Float32Array(new Uint8Array(tensor.bytes).buffer);
  if (!elements.every(Number.isFinite)) throw wrongTensor(name, "holds a number that is not finite", where);
  return elements;
}

function wrongTensor(name: string, what: string, where: string): Error {
  return badInput(`the tensor ${quote(name)} ${what}`, {
    where,
    fix: "train again, or give the file as it was written",
  });
}

function parseJson(text: string | undefined, where: string): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    throw badInput("the file's metadata is no JSON", {
      where,
      fix: "give the file as laminate train wrote it",
    });
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badInput(`${issue?.path.join(".") || "it"}: ${issue?.message}`, {
    where,
    fix: "give the file as laminate train wrote it",
  });
}
