/** Before the slow tests: builds dist/ when it is older than its sources, since they run the built command line. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url));

export function setup(): void {
  const built = join(repositoryRoot, "dist", "cli.js");
  if (existsSync(built) && statSync(built).mtimeMs >= newestSource()) return;
  const tsdown = join(repositoryRoot, "node_modules", "tsdown", "dist", "run.mjs");
  execFileSync(process.execPath, [tsdown], { cwd: repositoryRoot, stdio: ["ignore", "ignore", "inherit"] });
}

function newestSource(): number {
  const files = readdirSync(join(repositoryRoot, "src"), { recursive: true, withFileTypes: true });
  const sources = files.filter((file) => file.isFile() && !file.name.endsWith(".test.ts"));
  const others = ["package.json", "tsdown.config.ts"].map((file) => join(repositoryRoot, file));
  const paths = [...others, ...sources.map((file) => join(file.parentPath, file.name))];
  return Math.max(...paths.map((path) => statSync(path).mtimeMs));
}
