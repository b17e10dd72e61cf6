/**
 * DNNFusion's ablation beside ours: its 15 networks, as far as they compile, with no fusion, fixed patterns, the table, the
 * table after rewriting, with all exceptions, and with a profile where one is given. Blocks, bytes between them, and time;
 * the ratios are those that the paper's own times give (table 6).
 *
 *   node ablation.js --models DIR [--only NAMES] [--profile FILE] [--rounds N] [--seconds S] [--json]
 *                    (bundled; networks that are not in DIR are skipped and counted)
 */
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { formatSeconds, threeDigits } from "../../src/base/format.ts";
import type { RatioInterval } from "../../src/base/statistics.ts";
import { alignColumns } from "../../src/cli/bench/bench-text.ts";
import { describeMachine, machineText } from "../../src/cli/bench/machine.ts";
import { readProfile } from "../../src/cli/profile-file.ts";
import { supportsRelaxedSimd } from "../../src/compiler/runtime/features.ts";
import { importOnnx } from "../../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../../src/graph/ops/infer-shapes.ts";
import { compileWellAtOnce } from "../../src/host/wasm-engine.ts";
import { readOptions } from "../read-options.ts";
import { dnnFusionResults, type PaperRow } from "./dnnfusion-results.ts";
import { measureAblation, type Variant, type VariantName } from "./measure-ablation.ts";

interface Row {
  readonly paper: PaperRow;
  readonly variants: readonly Variant[];
}

// All code is V8's best from the first run on; what it replaces while running would be in some rounds and not in others.
compileWellAtOnce();
await main();

async function main(): Promise<void> {
  const { values } = readOptions({
    options: {
      models: { type: "string", default: "../shared/models/structure" },
      only: { type: "string" },
      profile: { type: "string" },
      rounds: { type: "string", default: "15" },
      seconds: { type: "string", default: "30" },
      json: { type: "boolean", default: false },
    },
  });
  const wanted = values.only?.split(",");
  const chosen = dnnFusionResults.filter(({ network }) => wanted?.includes(network) ?? true);
  const here = chosen.filter(({ file }) => existsSync(join(values.models, file)));
  const profile = values.profile === undefined ? undefined : readProfile(values.profile).entries;
  const machine = describeMachine();
  console.error(`${machineText(machine)}; and --no-liftoff, set when it began`);
  const rows: Row[] = [];
  for (const paper of here) {
    console.error(`measuring ${paper.network}, load ${loadavg()[0]?.toFixed(1)}`);
    const model = importOnnx(readFileSync(join(values.models, paper.file)), { name: paper.file });
    const variants = await measureAblation(inferShapes(model, { batch: 1 }), {
      profile,
      relaxedSimd: supportsRelaxedSimd(),
      rounds: {
        rounds: Number(values.rounds),
        turnSeconds: 0.02,
        warmUpSeconds: 0.2,
        pauseSeconds: 0,
        mostSeconds: Number(values.seconds),
        clock: () => performance.now() / 1000,
        sleep: (seconds) => wait(seconds * 1000),
      },
    });
    rows.push({ paper, variants });
    if (!values.json) console.log(`${networkText({ paper, variants })}\n`);
  }
  const skipped = chosen.length - here.length;
  if (values.json) console.log(JSON.stringify({ machine, rows, skipped }, null, 2));
  else console.log(summaryText(rows));
  console.error(`${rows.length} networks, ${skipped} skipped: not in ${values.models}`);
}

/** One line for each variant. */
function networkText({ paper, variants }: Row): string {
  const lines = variants.map(({ name, blocks, operators, intermediateBytes, seconds, overFixed, reason }) => [
    name,
    `${operators}`,
    `${blocks}`,
    (intermediateBytes / 1e6).toFixed(0),
    seconds === undefined ? (reason ?? "") : formatSeconds(seconds.median),
    seconds === undefined ? "" : formatSeconds(seconds.least),
    seconds === undefined ? "" : `${formatSeconds(seconds.p10)} .. ${formatSeconds(seconds.p90)}`,
    overFixed === undefined ? "" : overFixed.ratio.toFixed(2),
    overFixed === undefined ? "" : `${overFixed.low.toFixed(2)} .. ${overFixed.high.toFixed(2)}`,
  ]);
  const measures = [
    "operators",
    "blocks",
    "MB between",
    "median",
    "least",
    "p10 .. p90",
    "fixed / this",
    "95 %",
  ];
  return alignColumns([[paper.network, ...measures], ...lines]).join("\n");
}

/** One line for each network, as Markdown; times are those of the fastest round, ratios those of medians. */
function summaryText(rows: readonly Row[]): string {
  const columns: readonly VariantName[] = ["none", "fixed", "table", "rewritten", "exceptions", "profile"];
  const used = columns.filter((name) => rows.some(({ variants }) => secondsOf(variants, name) !== undefined));
  const heads = [
    "network",
    "blocks",
    "MB between",
    ...used.map((name) => `${name}, ms`),
    "none / fixed",
    "fixed / exceptions",
  ];
  const paperHeads = ["paper: none / fixed", "fixed / DNNFusion"];
  const table = [[...heads, ...paperHeads], heads.concat(paperHeads).map(() => "---")];
  for (const { paper, variants } of rows) {
    const { none, fixed, dnnFusion } = paper.milliseconds;
    const times = used.map((name) => secondsOf(variants, name));
    table.push([
      paper.network,
      variants.map(({ blocks }) => blocks).join(" "),
      variants.map(({ intermediateBytes }) => (intermediateBytes / 1e6).toFixed(0)).join(" "),
      ...times.map((time) => (time === undefined ? "-" : threeDigits(time * 1000))),
      intervalText(inverse(overFixedOf(variants, "none"))),
      intervalText(overFixedOf(variants, "exceptions")),
      (none / fixed).toFixed(2),
      (fixed / dnnFusion).toFixed(2),
    ]);
  }
  return table.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function secondsOf(variants: readonly Variant[], name: VariantName): number | undefined {
  return variants.find((variant) => variant.name === name)?.seconds?.least;
}

function overFixedOf(variants: readonly Variant[], name: VariantName): RatioInterval | undefined {
  return variants.find((variant) => variant.name === name)?.overFixed;
}

function inverse(interval: RatioInterval | undefined): RatioInterval | undefined {
  if (interval === undefined) return undefined;
  const { ratio, low, high } = interval;
  return { ratio: 1 / ratio, low: 1 / high, high: 1 / low };
}

function intervalText(interval: RatioInterval | undefined): string {
  if (interval === undefined) return "-";
  const [ratio, low, high] = [interval.ratio, interval.low, interval.high].map((part) => part.toFixed(2));
  return `${ratio} (${low} .. ${high})`;
}
