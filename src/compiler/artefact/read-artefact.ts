/** Reads what write-artefact.ts has written, so that the library can run a folder. */
import { z } from "zod";
import { badInput } from "../../base/errors.ts";
import type { FileReader } from "../../base/host.ts";
import { type ElementType, elementBits } from "../../graph/ir/tensor.ts";
import { type Content, contentOf } from "../codegen/content.ts";
import { type ModelManifest, manifestFormat } from "../runtime/manifest.ts";
import type { ModelParts } from "../runtime/model-parts.ts";
import { entryName, manifestMark } from "./write-artefact.ts";

const whole = z.int().nonnegative();
const file = z.strictObject({
  name: z.string().regex(/^[\w-]+(?:\.[\w-]+)+$/),
  bytes: whole,
  checksum: whole,
});
const tensor = z.strictObject({
  name: z.string(),
  elementType: z.enum(Object.keys(elementBits) as [ElementType, ...ElementType[]]),
  shape: z.array(whole),
});
const manifestSchema = z.strictObject({
  format: z.literal(manifestFormat),
  name: z.string(),
  inputs: z.array(tensor),
  outputs: z.array(tensor),
  threads: whole.min(1),
  variants: z
    .array(
      z.strictObject({
        relaxedSimd: z.boolean(),
        kernels: file,
        weights: file,
        weightsOffset: whole,
        memoryBytes: whole,
        inputOffsets: z.array(whole),
        outputOffsets: z.array(whole),
      }),
    )
    .min(1),
});

const fix = "copy the whole folder again, or compile the network again";

/**
 * The manifest and the files of a compiled network, for a runtime to load, which checks them. Nothing in model.js is
 * executed.
 *
 * @throws LaminateError bad-input when model.js is missing or damaged
 */
export function readArtefact(reader: FileReader): ModelParts {
  const entry = reader.read(entryName);
  if (entry === undefined) {
    throw badInput("there is no such file, so the folder is no compiled network", {
      where: entryName,
      fix: "give a folder that laminate compile has written",
    });
  }
  const manifest = parseManifest(new TextDecoder().decode(entry));
  const files = new Map<string, Content>();
  for (const { kernels, weights } of manifest.variants) {
    for (const { name } of [kernels, weights]) {
      const bytes = reader.read(name);
      if (bytes !== undefined) files.set(name, contentOf(bytes));
    }
  }
  return { manifest, files };
}

function parseManifest(text: string): ModelManifest {
  const line = text.split("\n").find((candidate) => candidate.startsWith(manifestMark));
  const wrong = (why: string): Error =>
    badInput(`it is no compiled network: ${why}`, { where: entryName, fix });
  if (line === undefined) throw wrong("it has no manifest");
  let json: unknown;
  try {
    json = JSON.parse(line.slice(manifestMark.length).replace(/;\s*$/, ""));
  } catch {
    throw wrong("its manifest is damaged");
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(`its manifest says something else at ${issue?.path.join(".") ?? "its top"}`);
}
