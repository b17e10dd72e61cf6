// The test command: builds, runs every test, and closes with one line that scripts can read, "N passed, N failed".
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { provideChromium } from "./chromium.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = mkdtempSync(join(tmpdir(), "laminate-test-"));
const resultFile = join(folder, "vitest.json");

function run(command, ...args) {
  const path = join(root, "node_modules", ".bin", command);
  if (!existsSync(path)) {
    console.error(`${command} is not installed; run "npm ci" first`);
    return 1;
  }
  return (
    spawnSync(path, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" }).status ?? 1
  );
}

provideChromium();
let counts = { passed: 0, failed: 1, skipped: 0 };
const status = run(
  "vitest",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${resultFile}`,
  ...process.argv.slice(2),
);
if (existsSync(resultFile)) {
  const result = JSON.parse(readFileSync(resultFile, "utf8"));
  // A file that fails to load has no tests of its own to count.
  const unloaded = result.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  // Skipped tests say in their names how many cases they stand for and what is missing.
  for (const file of result.testResults) {
    for (const { status: outcome, fullName } of file.assertionResults) {
      if (outcome === "skipped" || outcome === "pending") console.log(`skipped: ${fullName}`);
    }
  }
  counts = {
    passed: result.numPassedTests,
    failed: result.numFailedTests + unloaded.length,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
if (status !== 0 && counts.failed === 0) counts.failed = 1;
rmSync(folder, { recursive: true, force: true });
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = status === 0 && counts.failed === 0 ? 0 : 1;
