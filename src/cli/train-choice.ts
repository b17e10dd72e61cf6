/** The end of a tuning: which weights are kept, by the mappings that they make of problems that it never saw. */
import { SingleBar } from "cli-progress";
import { type DatasetSettings, drawnProblem, generatedProblem } from "../learning/dataset/settings.ts";
import type { MapperWeights } from "../learning/network/mapper-weights.ts";
import {
  type Candidate,
  choose,
  type Trial,
  trialOf,
  tryCandidate,
  ways,
} from "../learning/tuning/choice.ts";
import type { CompleteProblem } from "../mapping/cost/problem.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import type { Cli } from "./cli.ts";
import { timeLeft } from "./time-left.ts";
import { watched } from "./watched.ts";

export interface Tuned {
  readonly settings: DatasetSettings;
  readonly workloads: readonly Workload[];
  readonly from: MapperWeights;
  /** What the training came to. */
  readonly parameters: MapperWeights["parameters"];
}

/** Candidates by the way from the weights that it began at, and the one that is kept. */
export interface Kept {
  readonly chosen: Candidate;
  readonly candidates: readonly Candidate[];
}

/** Problems of each kind that are drawn; a minute or less. */
const trialsOfKind = 120;

/** Tries all candidates; undefined where Ctrl-C came first. */
export async function chooseWeights(cli: Cli, tuned: Tuned, signal: AbortSignal): Promise<Kept | undefined> {
  const problems = trialProblems(tuned);
  const progress = showProgress(cli, problems.length * (1 + ways.length));
  const { exactEvaluations } = tuned.settings;
  try {
    const trials: Trial[] = [];
    for (const { problem, kind } of problems) {
      const trial = await watched(trialOf(problem, { kind, exactEvaluations }), signal);
      if (trial === undefined) return undefined;
      if (trial.value !== undefined) trials.push(trial.value);
      progress(1);
    }
    const [began, ...others] = ways;
    const tried = async (way = 0): Promise<Candidate | undefined> => {
      const candidate = await watched(tryCandidate(tuned.from, tuned.parameters, way, trials), signal);
      progress(problems.length);
      return candidate?.value;
    };
    const first = await tried(began);
    if (first === undefined) return undefined;
    const candidates: [Candidate, ...Candidate[]] = [first];
    for (const way of others) {
      const candidate = await tried(way);
      if (candidate === undefined) return undefined;
      candidates.push(candidate);
    }
    return { chosen: choose(candidates), candidates };
  } finally {
    progress("stop");
  }
}

/** Problems like those of the data set that are none of them: what is drawn behind its last. */
function trialProblems({
  settings,
  workloads,
}: Tuned): readonly (Pick<Trial, "kind"> & { readonly problem: CompleteProblem })[] {
  const { draws = 0, generated } = settings;
  const own = Array.from({ length: trialsOfKind }, (_, index) => {
    const workload = workloads[index % workloads.length];
    if (workload === undefined) throw new Error("internal: a tuning has networks");
    const problem = drawnProblem(settings, workload, draws + Math.floor(index / workloads.length));
    return { kind: "own", problem } as const;
  });
  const other = Array.from({ length: trialsOfKind }, (_, index) => {
    return { kind: "other", problem: generatedProblem(settings, generated + index) } as const;
  });
  return [...own, ...other];
}

/** A bar where somebody watches, else one line. */
function showProgress({ terminal }: Cli, planned: number): (made: number | "stop") => void {
  const stream = terminal.progressStream;
  if (stream === undefined) {
    terminal.note("choosing between the weights before and after, by problems that were not learned from");
    return () => {};
  }
  const format = "{bar} {percentage}% | choosing the weights to keep | {left} left";
  const bar = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, fps: 5 });
  bar.start(planned, 0, { left: "?" });
  const start = performance.now();
  let done = 0;
  return (made) => {
    if (made === "stop") return bar.stop();
    done += made;
    const each = (performance.now() - start) / 1_000 / done;
    bar.update(done, { left: timeLeft(each * (planned - done)) });
  };
}
