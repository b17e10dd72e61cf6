/** What weights are, for whoever finds the file: Markdown beside it, after Mitchell et al., Model Cards (FAT* 2019). */
import { formatBytes, formatCount, formatWhole } from "../base/format.ts";
import type { RunRecord } from "./html/view.ts";
import {
  choiceText,
  formatLoss,
  objectivesText,
  rangeText,
  sizeText,
  type TrainDocument,
} from "./train-document.ts";

/** The card as text. */
export function renderModelCard(document: TrainDocument, run: RunRecord): string {
  const { data, network, settings, steps, losses } = document;
  return `# A learned mapper

\`weights.safetensors\` is a decision transformer (DNNFuser, arXiv 2201.11218) of ${formatCount(network.parameters)} parameters: ${sizeText(document)},
with a window of ${network.steps} time steps. It answers a network, a machine and a memory with a layer-fusion
mapping, one decision for each layer. Its features are \`${data.features}\`; the file holds the schema.

## What it was trained on

${list([...givenLines(document), ...drawnLines(document)])}

They are ${formatWhole(data.problems)} problems with ${formatWhole(data.trajectories)} mappings of the teachers (${data.teachers.join(", ")}), which minimise ${objectivesText(document)} in
${data.paperMode ? "paper mode" : "full mode"}. ${heldText(document)} The data set's digest is \`${data.digest}\`.

## How it was trained

${list([
  `${formatWhole(steps.done)} steps of ${settings.batchSize} trajectories; AdamW at ${settings.learningRate} (${settings.schedule}, ${formatWhole(settings.warmUp)} steps of warm-up), weight decay ${settings.weightDecay}, gradients clipped at ${settings.clipNorm}`,
  `loss \`${settings.loss}\`, dropout ${settings.dropout}, seed ${settings.seed}`,
  settings.from === null
    ? "from random weights"
    : `fine-tuned from the weights with the digest \`${settings.from}\``,
  `loss ${formatLoss(losses.first)} at first, ${formatLoss(losses.last)} as the mean of the last 50 batches${losses.validation === null ? "" : `, ${formatLoss(losses.validation)} on the problems held out`}`,
  ...(document.choice === null ? [] : [choiceText(document.choice)]),
  `versions: ${Object.entries(run.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}`,
])}

\`\`\`sh
${run.command}
\`\`\`

## How to use it

\`\`\`sh
laminate map MODEL --memory 20MB --batch 64${data.paperMode ? " --paper-mode" : ""} --mapper dnnfuser --weights weights.safetensors
\`\`\`

From JavaScript:

\`\`\`js
import { dnnfuserMapper, findMapping, readMapperWeights } from "laminate";
import { readWholeFile } from "laminate/node";

const weights = readMapperWeights(readWholeFile("weights.safetensors"), "weights.safetensors");
const { mapping, evaluation } = await findMapping(dnnfuserMapper({ weights }), problem);
\`\`\`

Every answer fits the memory, whatever the weights say: decisions that cannot be completed are not taken.

It is a safetensors file, so other tools read it too: parameters are float32, linear layers are [from, to], and the metadata
have sizes, schema and the record of the training as JSON. \`laminate train --from weights.safetensors\` goes on from it with other data.

## What it is not for

${list([
  "A low loss says that it decides as its teachers do on such problems. It does not say how good its mappings are: evaluate them, and hold them against `exact`.",
  `Networks, machines, batches and memories unlike those above; ${data.objective === "any" ? "" : `another objective than ${data.objective}, or `}${data.paperMode ? "full" : "paper"} mode.`,
  `Networks of more than ${formatWhole(data.longest - 1)} layers, the most that it saw. ${
    data.longest > network.steps
      ? "Those longer than its window it learned by parts, and maps by parts."
      : "Those longer than its window it maps by parts, which it did not learn."
  }`,
  "A proof: `laminate compare` says how far its answers are from the optimum.",
])}
`;
}

function givenLines({ data }: TrainDocument): readonly string[] {
  if (data.networks.length === 0) return [];
  const names = data.networks.join(", ");
  if (data.draws > 0) {
    const drawn = `${formatWhole(data.draws)} problems drawn of each with seed ${data.generatedSeed}, ${rangeText(data)}`;
    return [`by name: ${names}; ${drawn}, on \`${data.accelerator}\` and machines like it`];
  }
  const memories = data.memoriesBytes.map(formatBytes).join(", ");
  return [
    `by name: ${names}, each at batch ${data.batches.join(", ")} with ${memories} on \`${data.accelerator}\``,
  ];
}

function drawnLines({ data }: TrainDocument): readonly string[] {
  if (data.generated === 0) return [];
  return [
    `by rule: ${formatWhole(data.generated)} problems that \`generateProblem\` draws with seed ${data.generatedSeed} (network, machine, batch and memory)`,
  ];
}

function heldText({ data }: TrainDocument): string {
  if (data.heldOut === 0) return "All of them were learned from, so nothing here says how it does on others.";
  return `${formatWhole(data.heldOut)} of them, drawn by the seed, were held out and never learned from.`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
