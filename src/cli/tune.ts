/** `laminate tune`: measures the fusions that the table leaves to a cost, on this machine, and keeps them in a file. */
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { usageError } from "../base/errors.ts";
import { formatSeconds, formatSpeedup } from "../base/format.ts";
import { seededRandom } from "../base/random.ts";
import { runRounds } from "../base/rounds.ts";
import { bootstrapRatio, type RatioInterval, type Summary, summarize } from "../base/statistics.ts";
import { parseDuration } from "../base/units.ts";
import { compilePlan } from "../compiler/codegen/compile.ts";
import type { FusionPlan } from "../compiler/fusion/fusion-plan.ts";
import type { LatencyProfile } from "../compiler/fusion/latency-profile.ts";
import { exceptionNames } from "../compiler/fusion/plan.ts";
import { summarizePlan } from "../compiler/fusion/plan-summary.ts";
import { optimizeGraph } from "../compiler/fusion/rewrite/optimize.ts";
import { type Bench, blockMeasurer } from "../compiler/profile/measure-blocks.ts";
import { type Tuned, tuneNetwork } from "../compiler/profile/tune.ts";
import { supportsRelaxedSimd } from "../compiler/runtime/features.ts";
import { createRuntime } from "../compiler/runtime/runtime.ts";
import { randomInputs } from "../graph/interpreter/random-inputs.ts";
import { nodeThreads } from "../host/node-threads.ts";
import { compileWellAtOnce } from "../host/wasm-engine.ts";
import { type TuneDocument, tuneSchemaName } from "../report/tune-document.ts";
import { type Cli, examples, printDocument } from "./cli.ts";
import { exitCodes } from "./exit-codes.ts";
import { errorParts } from "./failure.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { readModel } from "./load-model.ts";
import { addJsonOption, addShapeOptions, type JsonOption, type ShapesGiven, wholeNumber } from "./options.ts";
import { openProfile, writeProfile } from "./profile-file.ts";

interface TuneOptions extends ShapesGiven, JsonOption {
  readonly profile: string;
  readonly budget: number;
  readonly threads: number;
}

export function addTune(program: Command, cli: Cli): void {
  const command = program
    .command("tune <model>")
    .description(
      "measure here the fusions that the table leaves to a cost, for --profile of fusion and compile",
    )
    .requiredOption("--profile <file>", "where latencies are kept; an old file is added to")
    .option("--budget <time>", "measure no further after this time, like 60s", budgetOf, 60)
    .option(
      "--threads <number>",
      "threads that blocks run on",
      (text) => wholeNumber(text, "--threads", 1, 64),
      1,
    );
  addJsonOption(addShapeOptions(command))
    .addHelpText(
      "after",
      examples(
        "tune resnet18 --profile here.json",
        "tune bert.onnx --symbol seq=128 --profile here.json --budget 5min",
      ),
    )
    .action((model: string, options: TuneOptions) => tune(cli, model, options));
}

function budgetOf(text: string): number {
  const seconds = parseDuration(text);
  if (seconds.ok && seconds.value > 0) return seconds.value;
  throw usageError(seconds.ok ? `a budget of ${text} measures nothing` : seconds.message, {
    where: "--budget",
    fix: "write a time with its unit, like --budget 60s",
  });
}

/** Files are written whole, so not after every measurement. */
const secondsBetweenWrites = 2;

async function tune(cli: Cli, modelName: string, options: TuneOptions): Promise<void> {
  const { profile: path, threads, budget } = options;
  // Blocks are measured for some milliseconds, in which V8 would not be done with replacing its quick code.
  compileWellAtOnce();
  const before = openProfile(path, threads);
  const { typed, name } = readModel(modelName, options);
  const rewritten = optimizeGraph(typed);
  const bench = benchHere(threads);
  const interrupt = listenForInterrupt(cli.terminal, "what was measured");
  let written = bench.clock();
  const keep = (entries: LatencyProfile["entries"]): void => {
    writeProfile(path, { origin: before.origin, entries });
    written = bench.clock();
  };
  try {
    const tuned = await tuneNetwork(rewritten, {
      measure: blockMeasurer(bench),
      entries: before.entries,
      exceptions: exceptionNames,
      clock: bench.clock,
      budgetSeconds: budget,
      signal: interrupt.signal,
      onMeasured: (entries, waiting) => {
        if (bench.clock() - written < secondsBetweenWrites) return;
        keep(entries);
        cli.terminal.note(`${entries.size} entries; ${waiting} decisions of this plan wait`);
      },
    });
    keep(tuned.entries);
    const network = interrupt.signal.aborted ? interrupted : await measureNetwork(tuned, bench);
    const document = documentOf({ model: name, path, before, tuned, network });
    if (options.json) printDocument(cli, document);
    else cli.terminal.print(tuneText(document));
    if (interrupt.signal.aborted) cli.exitWith(exitCodes.interrupted);
  } finally {
    interrupt.release();
    bench.runtime.dispose();
  }
}

function benchHere(threads: number): Bench {
  return {
    runtime: createRuntime({ threads, startThread: nodeThreads() }),
    relaxedSimd: supportsRelaxedSimd(),
    clock: () => performance.now() / 1000,
    sleep: (seconds) => wait(seconds * 1000),
  };
}

type NetworkTimes =
  | { readonly before: Summary; readonly after: Summary; readonly speedup: RatioInterval }
  | { readonly note: string };

const interrupted: NetworkTimes = { note: "interrupted" };

/** Both plans' programs in interleaved rounds. Where nothing compiles, the profile is still good for parts. */
async function measureNetwork({ staticPlan, plan }: Tuned, bench: Bench): Promise<NetworkTimes> {
  if (isSame(staticPlan, plan)) return { note: "the plan is the same as without the profile" };
  try {
    const drawn = [...randomInputs(plan.typed.graph)];
    const inputs = new Map(
      drawn.flatMap(([name, value]) => (value.kind === "tensor" ? [[name, value] as const] : [])),
    );
    const racers = [];
    for (const [index, one] of [staticPlan, plan].entries()) {
      const model = await bench.runtime.load(compilePlan(one, bench));
      const run = async (): Promise<void> => void (await model.run(inputs, { views: true }));
      racers.push({ name: String(index), run });
    }
    const [before, after] = await runRounds(racers, { ...bench, ...networkRounds });
    if (before === undefined || after === undefined) return { note: "nothing was measured" };
    return {
      before: summarize(before.seconds),
      after: summarize(after.seconds),
      speedup: bootstrapRatio(before.seconds, after.seconds, { random: seededRandom(1) }),
    };
  } catch (error) {
    const { where, message } = errorParts(error);
    return { note: where === undefined ? message : `${where}: ${message}` };
  }
}

const networkRounds = { rounds: 25, turnSeconds: 0.02, warmUpSeconds: 0.3, mostSeconds: 10, pauseSeconds: 0 };

function isSame(a: FusionPlan, b: FusionPlan): boolean {
  const text = ({ blocks }: FusionPlan): string => blocks.map(({ nodes }) => nodes.join()).join("|");
  return text(a) === text(b);
}

interface TuneResult {
  readonly model: string;
  readonly path: string;
  readonly before: LatencyProfile;
  readonly tuned: Tuned;
  readonly network: NetworkTimes;
}

function documentOf({ model, path, before, tuned, network }: TuneResult): TuneDocument {
  const { entries, measured, decisions, byLatency, changed, complete } = tuned;
  const isMeasured = "before" in network;
  return {
    schema: tuneSchemaName,
    model,
    profile: path,
    origin: before.origin,
    entries: entries.size,
    newEntries: entries.size - before.entries.size,
    notCompiled: [...entries.values()].filter(({ seconds }) => seconds === null).length,
    measured,
    decisions,
    byLatency,
    changed,
    complete,
    blocks: { before: summarizePlan(tuned.staticPlan).blocks, after: summarizePlan(tuned.plan).blocks },
    network: isMeasured ? network : null,
    networkNote: isMeasured ? null : network.note,
  };
}

function tuneText(document: TuneDocument): string {
  const { model, profile, entries, newEntries, notCompiled, measured, network, networkNote, blocks } =
    document;
  const { decisions, byLatency, changed, complete } = document;
  const alone = notCompiled === 0 ? "" : `, ${notCompiled} of blocks that do not compile alone`;
  const rest = complete ? "" : "; not all: tune again to go on";
  return [
    `${model}: ${measured} decisions measured${rest}`,
    `${profile}: ${entries} entries (${newEntries} new${alone})`,
    `${decisions} yellow cells, ${byLatency} decided by latency, ${changed} otherwise than by the static estimate`,
    `${blocks.before} blocks without the profile, ${blocks.after} with it`,
    network === null ? `network: ${networkNote}` : networkText(network),
  ].join("\n");
}

function networkText({ before, after, speedup }: NonNullable<TuneDocument["network"]>): string {
  const spread = ({ median, p10, p90 }: Summary): string =>
    `${formatSeconds(median)} (${formatSeconds(p10)} .. ${formatSeconds(p90)})`;
  const interval = `${formatSpeedup(speedup.low)} .. ${formatSpeedup(speedup.high)}`;
  return `network: ${spread(before)} without, ${spread(after)} with it: ${formatSpeedup(speedup.ratio)} (95 %: ${interval})`;
}
