/** What was measured as Markdown tables. Pure. */
import { formatBytes, formatSeconds, formatSpeedup } from "../../src/base/format.ts";
import { median } from "../../src/base/statistics.ts";
import { markdownTable } from "../markdown.ts";
import { type Answer, type ContestantName, contestantNames, type Measured } from "./measure.ts";
import {
  type Bounded,
  type BoundedSpread,
  boundedSpread,
  type Distribution,
  distributionOf,
  leastGain,
  prospectOf,
  worthwhileGain,
} from "./summary.ts";
import type { TimedProblem } from "./time-to-quality.ts";

/** What the learned mapper's samples are called in a table. */
function titleOf(name: ContestantName, samples: number): string {
  if (name === "one pass") return "dnnfuser, one pass";
  return name
    .replace(/^best of samples/, `dnnfuser, best of ${samples}`)
    .replace("the samples", `the best of ${samples}`);
}

/** How many problems there are of which kind: one sentence each. */
export function problemCounts(all: readonly Measured[]): readonly string[] {
  const of = (prospect: string): readonly Measured[] =>
    all.filter(({ best }) => prospectOf(best) === prospect);
  const learned = all.flatMap(({ answers }) => [...answers["one pass"], ...answers["best of samples"]]);
  const wrong = learned.filter(({ infeasible }) => infeasible).length;
  const something = of("something");
  const unproven = all.filter(({ exact, best }) => best !== undefined && !exact.proven);
  const gaps = unproven.flatMap(({ exact, best }) => (exact.bound && best ? exact.bound / best : []));
  const gapText =
    gaps.length === 0
      ? ""
      : `; there the best of all answers counts as the optimum, and the lower bound allows ${formatSpeedup(median(gaps))} of its speed-up in the median, ${formatSpeedup(Math.max(...gaps))} at most`;
  return [
    `${all.length} problems: in ${of("nothing-fits").length} not even layer by layer fits, in ${of("nothing-to-gain").length} the optimum gains less than ${percent(leastGain - 1)}, ${something.length} are counted`,
    `the optimum is ${spreadText(something.map(({ best }) => best ?? 1))} layer by layer's speed (median; least .. most); ${something.filter(({ best = 0 }) => best >= worthwhileGain).length} problems gain ${formatSpeedup(worthwhileGain)} or more`,
    `not proven: ${unproven.length}${gapText}`,
    `answers of the learned mapper that do not fit: ${wrong} of ${learned.length}`,
  ];
}

function spreadText(values: readonly number[]): string {
  if (values.length === 0) return "-";
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map(formatSpeedup);
  return least === most ? `${middle}` : `${middle} (${least} .. ${most})`;
}

/** Shares of the optimum of each contestant, with those of the problems that are worth a search, and times. */
export function shareTable(all: readonly Measured[], samples: number): readonly string[] {
  const counted = all.filter(({ best }) => prospectOf(best) === "something");
  const worth = counted.filter(({ best = 0 }) => best >= worthwhileGain);
  const rows = contestantNames.map((name) => {
    const answers = counted.flatMap((measured) => measured.answers[name]);
    return [
      titleOf(name, samples),
      ...distributionCells(distributionOf(sharesOf(counted, name))),
      ...meanCells(distributionOf(sharesOf(worth, name))),
      timeText(answers),
    ];
  });
  const exact = counted.map((measured) => measured.exact);
  const shares = distributionOf(counted.map(({ exact: { speedup = 0 }, best = 1 }) => speedup / best));
  const worthShares = distributionOf(worth.map(({ exact: { speedup = 0 }, best = 1 }) => speedup / best));
  const head = ["mapper", "mean", "median", "5th percentile", "least"];
  return markdownTable(
    [...head, `mean from ${formatSpeedup(worthwhileGain)}`, "5th percentile", "time"],
    [...rows, ["exact", ...distributionCells(shares), ...meanCells(worthShares), timeText(exact)]],
  );
}

/** A line for each network, or family of generated ones. */
export function groupTable(all: readonly Measured[], samples: number): readonly string[] {
  const counted = all.filter(({ best }) => prospectOf(best) === "something");
  const groups = [...new Set(all.map(({ group }) => group))];
  const rows = groups.map((group) => {
    const mine = counted.filter((measured) => measured.group === group);
    const layers = all.filter((measured) => measured.group === group).map((measured) => measured.layers);
    const cells = (["one pass", "best of samples", "g-teacher"] as const).flatMap((name) => {
      const shares = distributionOf(sharesOf(mine, name));
      return [orDash(shares?.mean), orDash(shares?.least)];
    });
    const times = (["one pass", "g-teacher"] as const).map((name) =>
      timeText(mine.flatMap(({ answers }) => answers[name])),
    );
    return [
      ...[group, rangeText(layers), String(mine.length), spreadText(mine.map(({ best }) => best ?? 1))],
      ...[...cells, ...times, timeText(mine.map(({ exact }) => exact))],
    ];
  });
  return markdownTable(
    [
      ...["network", "layers", "problems", "optimum", "dnnfuser, one pass: mean", "least"],
      ...[`best of ${samples}: mean`, "least", "g-teacher: mean", "least"],
      ...["one pass takes", "g-teacher", "exact"],
    ],
    rows,
  );
}

/** Share of the optimum of every answer; 0 for one that found nothing. */
function sharesOf(some: readonly Measured[], name: ContestantName): readonly number[] {
  return some.flatMap(({ answers, best = 1 }) => answers[name].map(({ speedup }) => (speedup ?? 0) / best));
}

function distributionCells(shares: Distribution | undefined): readonly string[] {
  return [shares?.mean, shares?.median, shares?.low, shares?.least].map(orDash);
}

function meanCells(shares: Distribution | undefined): readonly string[] {
  return [shares?.mean, shares?.low].map(orDash);
}

function timeText(answers: readonly Pick<Answer, "seconds">[]): string {
  return answers.length === 0 ? "-" : formatSeconds(median(answers.map(({ seconds }) => seconds)));
}

/** Searches that it takes to be as good as one pass, a line for each network and one for all. */
export function timeTable(timed: readonly TimedProblem[]): readonly string[] {
  const networks = [...new Set(timed.map(({ measured }) => measured.network))];
  const rows = networks.map((network) =>
    timeRow(
      network,
      timed.filter(({ measured }) => measured.network === network),
    ),
  );
  return markdownTable(
    [
      ...["network", "layers", "problems", "one pass: speed-up", "of the optimum", "takes"],
      ...["g-teacher to the same", "cut", "times as long: median", "least", "most"],
      ...["exact to the same", "exact to its proof"],
    ],
    [...rows, ...(networks.length > 1 ? [timeRow("all", timed)] : [])],
  );
}

function timeRow(name: string, timed: readonly TimedProblem[]): readonly string[] {
  const searches = timed.flatMap(({ gTeacher }) => gTeacher);
  const ratios = boundedSpread(ratiosOf(timed));
  const shares = timed.map(({ speedup, measured: { best = 1 } }) => speedup / best);
  const times = (some: readonly Bounded[]): string => boundedText(boundedSpread(some).median, formatSeconds);
  return [
    ...[name, rangeText(timed.map(({ measured }) => measured.layers)), String(timed.length)],
    ...[spreadText(timed.map(({ speedup }) => speedup)), percent(median(shares))],
    formatSeconds(median(timed.map(({ passSeconds }) => passSeconds))),
    ...[times(searches), `${searches.filter(({ cut }) => cut).length} of ${searches.length}`],
    ...[ratios.median, ratios.least, ratios.most].map((figure) => boundedText(figure, timesText)),
    ...[
      times(timed.map(({ exactSeconds }) => exactSeconds)),
      times(timed.map(({ proofSeconds }) => proofSeconds)),
    ],
  ];
}

/** Time of each search of g-teacher over the time of a pass on its problem. */
function ratiosOf(timed: readonly TimedProblem[]): readonly Bounded[] {
  return timed.flatMap(({ gTeacher, passSeconds }) =>
    gTeacher.map(({ value, cut }) => ({ value: value / passSeconds, cut })),
  );
}

/** What the ratios come to, beside the paper's. */
export function timeSummary(timed: readonly TimedProblem[], limitSeconds: number): readonly string[] {
  const spread: BoundedSpread = boundedSpread(ratiosOf(timed));
  const searches = timed.flatMap(({ gTeacher }) => gTeacher);
  const cut = searches.filter(({ cut }) => cut).length;
  const anew = searches.filter(({ way, cut }) => way === "anew" && !cut).length;
  const [middle, least, most] = [spread.median, spread.least, spread.most].map((figure) =>
    boundedText(figure, timesText),
  );
  return [
    `g-teacher takes ${middle} as long as one pass to what it gives (median; least ${least}, most ${most}); the paper prints 66x to 127x`,
    `${cut} of ${searches.length} searches were cut at ${formatSeconds(limitSeconds)}; ${anew} got there sooner by searches of 2,000 samples with new seeds than by one that goes on`,
  ];
}

/** The problems that time to quality was measured on. */
export function timedProblems(timed: readonly TimedProblem[]): readonly string[] {
  return markdownTable(
    ["network", "machine", "memory", "batch", "optimum", "one pass", "g-teacher to the same"],
    timed.map(({ measured, speedup, gTeacher }) => [
      ...[measured.network, measured.accelerator, formatBytes(measured.memoryBytes), String(measured.batch)],
      ...[formatSpeedup(measured.best ?? 1), formatSpeedup(speedup)],
      gTeacher.map((search) => boundedText(search, formatSeconds)).join(", "),
    ]),
  );
}

function boundedText({ value, cut }: Bounded, format: (value: number) => string): string {
  return `${cut ? "> " : ""}${format(value)}`;
}

function timesText(ratio: number): string {
  return `${ratio >= 10 ? Math.round(ratio).toLocaleString("en-US") : ratio.toPrecision(2)}x`;
}

function rangeText(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? String(least) : `${least} .. ${most}`;
}

function orDash(share: number | undefined): string {
  return share === undefined ? "-" : percent(share);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
