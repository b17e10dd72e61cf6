// A plugin for tsdown and vitest: `import { text } from "./file.ts?bundle"` gives the file, bundled with all that it
// imports, as the text of a module. rolldown comes with tsdown.
import { dirname, resolve } from "node:path";
import { rolldown } from "rolldown";

const ending = "?bundle";
const prefix = "\0bundle:";

export function bundleText() {
  return {
    name: "bundle-text",
    enforce: "pre",
    resolveId(source, importer) {
      if (!source.endsWith(ending) || importer === undefined) return undefined;
      return prefix + resolve(dirname(importer), source.slice(0, -ending.length));
    },
    async load(id) {
      if (!id.startsWith(prefix)) return undefined;
      const bundle = await rolldown({
        input: id.slice(prefix.length),
        platform: "neutral",
        logLevel: "silent",
      });
      const { output } = await bundle.generate({
        format: "esm",
        comments: false,
        minify: true,
      });
      await bundle.close();
      return { code: `export const text = ${JSON.stringify(output[0].code)};`, moduleType: "js" };
    },
  };
}
