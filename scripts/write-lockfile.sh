#!/usr/bin/env bash
# Writes package-lock.json anew from package.json: complete for every platform and without download addresses. Works in
# an empty folder, because npm otherwise leaves out what is not installed on this machine.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root/package.json" "$work/"
cd "$work"
npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved=false
node -e '
  const fs = require("node:fs");
  const lock = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
  for (const entry of Object.values(lock.packages)) delete entry.resolved;
  fs.writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");
'
cp package-lock.json "$root/"
