/** Before the slow tests: builds dist/ when it is older than its sources, since they run the built command line. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url));

export function setup(): void {
  const build = join(repositoryRoot, "scripts", "build.js");
  execFileSync(process.execPath, [build], { cwd: repositoryRoot, stdio: ["ignore", "ignore", "inherit"] });
}
