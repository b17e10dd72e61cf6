#!/usr/bin/env node
// Starts the built command line. Plain JavaScript, so that a checkout that is not built yet can say so.
import { existsSync } from "node:fs";

const built = new URL("../dist/cli.js", import.meta.url);

if (existsSync(built)) {
  const { main } = await import(built.href);
  await main(process.argv.slice(2));
} else {
  process.stderr.write("error: laminate is not built yet\n  fix: npm run build\n");
  process.exitCode = 1;
}
