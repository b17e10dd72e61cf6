// Builds dist/ unless it is newer than all it is made of. --force builds in any case.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const built = join(root, "dist", "cli.js");

function newestSource() {
  const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true });
  const sources = files.filter((file) => file.isFile() && !file.name.endsWith(".test.ts"));
  const others = ["package.json", "tsdown.config.ts"].map((file) => join(root, file));
  return Math.max(
    ...[...others, ...sources.map((file) => join(file.parentPath, file.name))].map(
      (path) => statSync(path).mtimeMs,
    ),
  );
}

const isFresh = existsSync(built) && statSync(built).mtimeMs >= newestSource();
if (!isFresh || process.argv.includes("--force")) {
  const tsdown = join(root, "node_modules", "tsdown", "dist", "run.mjs");
  const { status } = spawnSync(process.execPath, [tsdown, "--log-level", "error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  process.exitCode = status ?? 1;
}
