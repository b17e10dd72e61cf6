/** docs/accelerators.md says what the code says: its example is read, and every number of every preset stands in it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { acceleratorFileSchema, filePaths } from "./accelerator-schema.ts";
import { parseAccelerator } from "./parse-accelerator.ts";
import { presets } from "./presets/presets.ts";
import { acceleratorFile } from "./print-accelerator.ts";

const page = readFileSync(new URL("../../../docs/accelerators.md", import.meta.url), "utf8");

/** What a path like "onChip.capacity" leads to. */
function at(file: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => Object.entries(value ?? {}).find(([name]) => name === key)?.[1], file);
}

test("the example is an accelerator file with every key there is", () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const accelerator = parseAccelerator(example, "docs/accelerators.md");
  expect(accelerator.name).toBe("my-npu");
  for (const key of [...Object.keys(acceleratorFileSchema.shape), ...Object.values(filePaths)]) {
    const last = key.split(".").at(-1) ?? key;
    expect(example, key).toMatch(new RegExp(`^\\s*${last}:`, "m"));
  }
});

test.each(Object.values(presets))("$name: each number stands beside its source", (preset) => {
  const file = acceleratorFile(preset);
  const stated = Object.values(filePaths).filter((path) => at(file, path) !== undefined);
  const rows = stated.map(
    (path) => `| \`${path}\` | ${at(file, path)} | ${at(file.sources, path) ?? file.sources?.[path]} |`,
  );
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  expect(page).toContain(`## \`${preset.name}\``);
});
