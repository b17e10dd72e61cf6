/** What DLFusion's strategies take on this machine, as text: a table for each network, and how far predicted and measured order agree. */
import { formatSeconds, formatSpeedup } from "../../src/base/format.ts";
import type { RandomSource } from "../../src/base/random.ts";
import { median, quantile } from "../../src/base/statistics.ts";
import { type Column, textTable } from "../../src/report/text-table.ts";
import {
  type Agreement,
  agreementOn,
  type MeasuredScheme,
  pooledAgreement,
  rankedAgreement,
  schemeName,
} from "./dlfusion-schemes.ts";

/** The strategies on one network, the baseline of the speed-ups first. */
export interface MeasuredNetwork {
  readonly name: string;
  readonly layers: number;
  readonly schemes: readonly MeasuredScheme[];
}

/** Beside a table: what cannot be compared with so many threads. */
export function threadsNote(threads: number): string | undefined {
  return threads > 1
    ? undefined
    : "On one thread no strategy chooses cores: only blocks differ, and strategies of the same blocks are one.";
}

/** One network. */
export function networkText({ name, layers, schemes }: MeasuredNetwork): string {
  const [base] = schemes;
  const ofRounds = (cell: (seconds: readonly number[]) => string) => (scheme: MeasuredScheme) =>
    scheme.seconds.length === 0 ? "-" : cell(scheme.seconds);
  const columns: readonly Column<MeasuredScheme>[] = [
    { head: `${name}, ${layers} layers`, align: "left", cell: ({ strategy }) => strategy },
    { head: "blocks", cell: ({ blocks }) => `${blocks.length}` },
    { head: "threads", cell: threadsText },
    { head: "predicted", cell: ({ predictedSeconds }) => formatSeconds(predictedSeconds) },
    { head: "measured", cell: ofRounds((seconds) => formatSeconds(median(seconds))) },
    { head: "least", cell: ofRounds((seconds) => formatSeconds(quantile(seconds, 0))) },
    { head: "most", cell: ofRounds((seconds) => formatSeconds(quantile(seconds, 1))) },
    {
      head: "speed-up: predicted",
      cell: ({ predictedSeconds }) =>
        // Predictions have no noise, so small differences are an order too.
        base === undefined ? "-" : `${(base.predictedSeconds / predictedSeconds).toFixed(4)}x`,
    },
    {
      head: "measured",
      cell: ofRounds((seconds) =>
        base === undefined || base.seconds.length === 0
          ? "-"
          : formatSpeedup(median(base.seconds) / median(seconds)),
      ),
    },
    { head: "", align: "left", cell: (scheme, at) => likeText(schemes, scheme, at) },
  ];
  return textTable(schemes, columns);
}

/** The fewest and the most threads of a block. */
function threadsText({ blocks }: MeasuredScheme): string {
  const threads = blocks.map(({ cores }) => cores);
  const [fewest, most] = [Math.min(...threads), Math.max(...threads)];
  return fewest === most ? `${most}` : `${fewest} to ${most}`;
}

/** Which strategy before it decided the same, or that it does not run. */
function likeText(schemes: readonly MeasuredScheme[], scheme: MeasuredScheme, at: number): string {
  if (scheme.seconds.length === 0) return "a block does not run";
  const like = schemes.slice(0, at).find((other) => schemeName(other) === schemeName(scheme));
  return like === undefined ? "" : `as ${like.strategy}`;
}

export interface NamedAgreement {
  readonly name: string;
  readonly agreement: Agreement;
}

/** Of each network, and of all together where there are several. */
export function agreementsOf(
  networks: readonly MeasuredNetwork[],
  randomOf: () => RandomSource,
): readonly NamedAgreement[] {
  const own = networks.map(({ name, schemes }) => ({ name, agreement: agreementOn(schemes, randomOf()) }));
  if (networks.length < 2) return own;
  const all = networks.map(({ schemes }) => schemes);
  return [
    ...own,
    { name: "all, places in their networks", agreement: rankedAgreement(all, randomOf()) },
    { name: "all, times over one core's", agreement: pooledAgreement(all, randomOf()) },
  ];
}

export function agreementText(agreements: readonly NamedAgreement[]): string {
  const ofInterval =
    (cell: (interval: NonNullable<Agreement["interval"]>) => number) =>
    ({ agreement: { interval } }: NamedAgreement) =>
      interval === undefined ? "-" : cell(interval).toFixed(2);
  return textTable(agreements, [
    { head: "predicted and measured order", align: "left", cell: ({ name }) => name },
    { head: "schemes", cell: ({ agreement }) => `${agreement.count}` },
    { head: "Spearman", cell: ofInterval(({ correlation }) => correlation) },
    { head: "95 %: from", cell: ofInterval(({ low }) => low) },
    { head: "to", cell: ofInterval(({ high }) => high) },
  ]);
}
