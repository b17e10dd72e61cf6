// Makes the weights that come with the package, from nothing, by the command line itself: "npm run train:general".
// Six steps, each of which goes on where it was stopped: first lessons and a first learner, lessons that correct its
// mappings and a training on them, and once more.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = "out/general";

function laminate(line) {
  const from = performance.now();
  console.log(`\n$ laminate ${line}`);
  const { status } = spawnSync(process.execPath, [join(root, "bin", "laminate.js"), ...line.split(" ")], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  console.log(`${((performance.now() - from) / 60_000).toFixed(1)} min`);
}

const threads = `--threads ${Math.min(4, availableParallelism())}`;
const settings = (rate) =>
  `--loss decision --learning-rate ${rate} --warm-up 100 --time-steps 64 --validation 0.03 ${threads}`;
laminate(`dataset --generated 2000 --seed 7 --teachers exact,correction -o ${out}/shown`);
laminate(
  `train --data ${out}/shown -o ${out}/first --sequence network --steps 1500 --dropout 0 ${settings(0.001)}`,
);
laminate(
  `dataset --generated 5000 --seed 8 --objective any --teachers exact,correction --corrections 2 --learner ${out}/first/weights.safetensors -o ${out}/corrected`,
);
laminate(`train --data ${out}/corrected -o ${out}/last --steps 6000 --batch-size 64 ${settings(0.001)}`);
laminate(
  `dataset --generated 2500 --seed 9 --objective any --teachers exact,correction --corrections 3 --learner ${out}/last/weights.safetensors -o ${out}/again`,
);
laminate(
  `train --data ${out}/again --from ${out}/last/weights.safetensors -o ${out}/final --steps 1500 --batch-size 64 ${settings(0.0003)}`,
);
const weights = join(root, "weights");
mkdirSync(weights, { recursive: true });
copyFileSync(join(root, out, "final", "weights.safetensors"), join(weights, "general.safetensors"));
const card = readFileSync(join(root, out, "final", "model-card.md"), "utf8");
const gallery = readdirSync(join(root, "models")).flatMap((name) => /^tv_(.+)\.onnx$/.exec(name)?.[1] ?? []);
writeFileSync(
  join(weights, "README.md"),
  `${card.replaceAll(/(?<!\/)weights\.safetensors/g, "general.safetensors")}
The weights that it went on from had learned, from nothing, of 5,000 problems that \`generateProblem\` draws with seed 8.

## What it never saw, and how it does there

- by name: ${gallery.join(", ")}, and every other network that somebody built: it learned from generated ones alone
- by rule: whatever \`generateProblem\` draws with other seeds than 7, 8 and 9; the presets themselves, around which its machines were drawn

\`npm run bench:held-out\` asks it on both, and docs/dnnfuser.md has the figures, beside g-teacher's and the proven optimum.

\`npm run train:general\` makes it anew; docs/training.md says how long that takes.
`,
);
console.log("\nweights/general.safetensors and weights/README.md");
