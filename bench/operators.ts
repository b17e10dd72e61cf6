/**
 * Kernel families in every runtime: networks of one operator or of a few, GFLOP/s beside the most that a core of this
 * machine does in WebAssembly. A run includes bringing inputs in and outputs out, as it does for users.
 *
 *   node operators.js [--against NAMES] [--threads 1] [--repeats N] [--only TEXT] [--json]     (bundled)
 */
import { formatSeconds } from "../src/base/format.ts";
import { alignColumns } from "../src/cli/bench/bench-text.ts";
import { contenderByName, ownNames } from "../src/cli/bench/contenders.ts";
import { answerJob, jobVerb } from "../src/cli/bench/job-process.ts";
import { describeMachine, machineText } from "../src/cli/bench/machine.ts";
import { measureModel, type NetworkMeasurements } from "../src/cli/bench/measure.ts";
import { type KernelModel, kernelModels } from "./operator-models.ts";
import { readOptions } from "./read-options.ts";
import { measurePeak } from "./wasm-peak.ts";

if (process.argv[2] === jobVerb) await answerJob(process.argv[3] ?? "");
else await main();

interface Row {
  readonly kernel: KernelModel;
  readonly measurements: NetworkMeasurements;
}

async function main(): Promise<void> {
  const { values } = readOptions({
    options: {
      against: { type: "string", default: "ort-web,tfjs" },
      threads: { type: "string", default: "1" },
      repeats: { type: "string", default: "20" },
      only: { type: "string", default: "" },
      json: { type: "boolean", default: false },
    },
  });
  const machine = describeMachine();
  console.error(machineText(machine));
  const peak = { multiplyAdd: measurePeak("multiply, add"), relaxedMadd: measurePeak("relaxed madd") };
  const rows: Row[] = [];
  for (const kernel of kernelModels.filter(({ name }) => name.includes(values.only))) {
    const measurements = await measureModel(
      kernel.name,
      kernel.model,
      {},
      {
        contenders: [...ownNames, ...values.against.split(",").map((name) => contenderByName(name).name)],
        threads: values.threads.split(",").map(Number),
        settings: { rounds: Number(values.repeats), mostSeconds: 20, seed: 1 },
        coldStarts: 0,
        onProgress: (what) => console.error(`measuring ${what}`),
      },
    );
    rows.push({ kernel, measurements });
  }
  if (values.json) {
    const kernels = rows.map(({ kernel, measurements }) => ({ flops: kernel.flops, ...measurements }));
    console.log(JSON.stringify({ machine, peakGflops: peak, kernels }, null, 2));
    return;
  }
  const peakText = (gigaflops: number | undefined): string =>
    gigaflops === undefined ? "not known to this engine" : `${gigaflops.toFixed(1)} GFLOP/s`;
  console.log(`one core, multiply and add: ${peakText(peak.multiplyAdd)}`);
  console.log(`one core, relaxed madd:     ${peakText(peak.relaxedMadd)}\n`);
  console.log(
    alignColumns([
      ["kernel", "contender", "threads", "median", "p10 .. p90", "GFLOP/s", "error"],
      ...rows.flatMap(cells),
    ]).join("\n"),
  );
}

function cells({ kernel, measurements }: Row): readonly (readonly string[])[] {
  return measurements.measured.map(({ contender, threads, result }, index) => {
    const head = [index === 0 ? kernel.name : "", contender, String(threads)];
    if (result.kind !== "measured") return [...head, result.kind, "", "", ""];
    const { median, p10, p90 } = result.seconds;
    return [
      ...head,
      formatSeconds(median),
      `${formatSeconds(p10)} .. ${formatSeconds(p90)}`,
      (kernel.flops / median / 1e9).toFixed(1),
      result.rangeError === null ? "-" : result.rangeError.toExponential(0),
    ];
  });
}
