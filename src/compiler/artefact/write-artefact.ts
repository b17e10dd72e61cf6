/**
 * A compiled network as the files of a folder that runs without laminate: model.js, its types, the kernels and the
 * weights. model.js holds the same code that the library runs networks with, and the lengths and checksums of the rest.
 */
import { assert } from "../../base/assert.ts";
import { bytesOfContent } from "../codegen/content.ts";
import type { Program } from "../codegen/program.ts";
import { checksum } from "../runtime/checksum.ts";
import type { ModelFile, ModelManifest, ModelVariant } from "../runtime/manifest.ts";
import { modelParts, type PartsOptions } from "../runtime/model-parts.ts";
import { declarationText } from "./declaration.ts";
import { text as loaderModule } from "./loader.ts?bundle";

/** The file that the others are loaded by. */
export const entryName = "model.js";
/** What precedes the manifest in model.js, on a line of its own. */
export const manifestMark = "const manifest = ";

/**
 * The files by name. The entry comes last: whoever writes them in this order never leaves an entry before its files.
 *
 * @throws LaminateError as modelParts does
 */
export function writeArtefact(
  programs: readonly Program[],
  options: PartsOptions = {},
): ReadonlyMap<string, Uint8Array> {
  const { manifest, files: contents } = modelParts(programs, options);
  const files = new Map([...contents].map(([name, content]) => [name, bytesOfContent(content)]));
  const sealed = withChecksums(manifest, files);
  const encoder = new TextEncoder();
  return new Map([
    ...files,
    ["model.d.ts", encoder.encode(declarationText(sealed))],
    [entryName, encoder.encode(entryText(sealed, [...files.keys()]))],
  ]);
}

function withChecksums(manifest: ModelManifest, files: ReadonlyMap<string, Uint8Array>): ModelManifest {
  const sums = new Map([...files].map(([name, bytes]) => [name, checksum(bytes)]));
  const seal = (file: ModelFile): ModelFile => ({ ...file, checksum: sums.get(file.name) ?? 0 });
  const sealVariant = (variant: ModelVariant): ModelVariant => ({
    ...variant,
    kernels: seal(variant.kernels),
    weights: seal(variant.weights),
  });
  return { ...manifest, variants: manifest.variants.map(sealVariant) };
}

/** The addresses are literal, so that bundlers see the files and take them along. */
function entryText(manifest: ModelManifest, names: readonly string[]): string {
  const urls = names.map((name) => `${JSON.stringify(name)}: new URL("./${name}", import.meta.url)`);
  return `// A network compiled by laminate. It needs the files beside it and nothing else; model.d.ts says how it is used.
${manifestMark}${JSON.stringify(manifest)};
const urls = { ${urls.join(", ")} };
${loaderText()}
export const load = (options) => loadModel(manifest, urls, options);
`;
}

/** The bundled loader with its one export as a constant, in a function so that its names stay its own. */
function loaderText(): string {
  const found = /export\s*\{\s*([\w$]+)(?:\s+as\s+loadModel)?\s*\};?\s*$/.exec(loaderModule);
  assert(found !== null, "the loader exports loadModel and nothing else");
  return `const loadModel = (() => {\n${loaderModule.slice(0, found.index)}\nreturn ${found[1]};\n})();`;
}
