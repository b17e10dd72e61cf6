/**
 * From measured layers to what DLFusion keeps of a target: the critical operation count and the channel granularity, each with a
 * confidence interval from the bootstrap over layers (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
 * chapter 13). Measurements that say neither are refused, and what would help is named. O(draws x fit).
 */
import { known } from "../../base/assert.ts";
import { badInput, type LaminateError } from "../../base/errors.ts";
import { formatCount, threeDigits } from "../../base/format.ts";
import { sum } from "../../base/integers.ts";
import { type RandomSource, seededRandom } from "../../base/random.ts";
import { median, quantile } from "../../base/statistics.ts";
import {
  fitThroughput,
  type Observation,
  refitThroughput,
  type ThroughputFit,
  workOf,
} from "./fit-throughput.ts";
import type { Measurement } from "./measure-grid.ts";
import { elementsOf, macsOf, mostChannels } from "./synthesized-layers.ts";

/** The two layer characteristics that decide cores and fusion, as the target has them. */
export interface TargetCharacteristics {
  /** MACs of a core from which on it computes at half its full rate or more: what starts and waits cost is then covered. */
  readonly criticalMacs: number;
  /** Output channels that a core needs to work at its full rate. */
  readonly channelGranularity: number;
}

/** A number and the ends of its confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface FittedCharacteristics {
  readonly fit: ThroughputFit;
  /** Of the most cores, where starting and joining them costs the most. */
  readonly criticalMacs: Estimate;
  readonly channelGranularity: Estimate;
  /** The critical operation count of each number of cores, in the order of `fit.perCores`. */
  readonly criticalByCores: readonly Estimate[];
  /** Standard deviation of the logarithms of a layer's repeats; 0 where each was measured once. */
  readonly scatter: number;
  readonly confidence: number;
  readonly draws: number;
}

export interface FitOptions {
  readonly seed?: number;
  readonly draws?: number;
  /** What errors name: the target. */
  readonly where: string;
}

const confidence = 0.95;
/** An interval wider than this, from end to end, decides nothing. */
const widestInterval = 4;
/** What may be left of the logarithms: most layers within a factor of 1.65. */
const mostResidual = 0.5;
/** Layers whose repeats, or what is left of them, differ by less are not called noisy. */
const quietScatter = 0.1;
/** The largest layers must reach four fifths of the full rate, and the smallest must not. */
const leastSaturation = 0.8;
/** MACs of a core that no layer has. */
const largestSensible = 2 ** 33;
/** Fewer layers on a number of cores fix no curve. */
const fewestLayers = 8;

/** How the fit sees a measurement: the median of its repeats. */
export function observationOf(measurement: Measurement): Observation {
  const { cores, sweep, filter, outputChannels, seconds } = measurement;
  return {
    cores,
    family: sweep === "channels" ? "channels" : `filter ${filter}`,
    macsPerCore: macsOf(measurement) / cores,
    channelsPerCore: outputChannels / cores,
    elements: elementsOf(measurement),
    seconds: median(seconds),
  };
}

/**
 * Fits the measurements of one target.
 *
 * @throws LaminateError (bad-input) when they are too noisy or too few, or do not span the rise of the throughput
 */
export function fitCharacteristics(
  measurements: readonly Measurement[],
  { where, seed = 1, draws = 400 }: FitOptions,
): FittedCharacteristics {
  const ran = measurements.filter(({ seconds }) => seconds.length > 0);
  const observations = ran.map(observationOf);
  checkCount(measurements, observations, where);
  const fit = fitThroughput(observations);
  const random = seededRandom(seed);
  const drawn = Array.from({ length: draws }, () => refitThroughput(redraw(observations, random), fit));
  const criticalByCores = fit.perCores.map(({ cores, halfMacs, rates }, index) => {
    const layers = observations.filter((one) => one.cores === cores && one.family !== "channels").length;
    const draws = drawn.map(({ perCores }) => perCores[index]?.halfMacs ?? halfMacs);
    return estimate(halfMacs, draws, layers / Math.max(1, layers - rates.size));
  });
  const granularities = drawn.map(({ granularity }) => granularity);
  const fitted: FittedCharacteristics = {
    fit,
    criticalMacs: known(criticalByCores.at(-1), "a number of cores"),
    channelGranularity: amongDraws(estimate(fit.granularity, granularities, 1), granularities),
    criticalByCores,
    scatter: scatterOf(ran),
    confidence,
    draws,
  };
  const repeats = Math.max(...ran.map(({ seconds }) => seconds.length));
  checkFit(fitted, observations, { where, repeats });
  return fitted;
}

function checkCount(
  measurements: readonly Measurement[],
  observations: readonly Observation[],
  where: string,
): void {
  for (const cores of new Set(measurements.map((point) => point.cores))) {
    const count = observations.filter((one) => one.cores === cores).length;
    if (count >= fewestLayers) continue;
    throw badInput(
      `only ${count} of the layers run on ${cores} cores, and fewer than ${fewestLayers} fix no curve`,
      {
        where,
        fix: "take smaller layers: --most-macs",
      },
    );
  }
}

/** As many layers of each number of cores and family, drawn with replacement. */
function redraw(observations: readonly Observation[], random: RandomSource): readonly Observation[] {
  const strata = new Map<string, Observation[]>();
  for (const one of observations) {
    const name = `${one.cores} ${one.family}`;
    strata.set(name, [...(strata.get(name) ?? []), one]);
  }
  return [...strata.values()].flatMap((stratum) =>
    stratum.map(() => known(stratum[random.below(stratum.length)], "a layer that was drawn")),
  );
}

/**
 * The interval of the draws' quantiles, on a logarithmic scale. Draws vary less than measurements, as a fit follows what it is
 * given: `widening` makes up for that.
 */
function estimate(value: number, draws: readonly number[], widening: number): Estimate {
  const tail = (1 - confidence) / 2;
  const end = (drawn: number): number => value * (drawn / value) ** widening;
  return {
    value,
    low: Math.min(value, end(quantile(draws, tail))),
    high: Math.max(value, end(quantile(draws, 1 - tail))),
  };
}

/** Ends that are draws themselves: of channels there are whole numbers. */
function amongDraws({ value, low, high }: Estimate, draws: readonly number[]): Estimate {
  return {
    value,
    low: Math.max(...draws.filter((drawn) => drawn <= low), Math.min(value, ...draws)),
    high: Math.min(...draws.filter((drawn) => drawn >= high), Math.max(value, ...draws)),
  };
}

/** The pooled standard deviation of the logarithms of repeats. */
function scatterOf(measurements: readonly Measurement[]): number {
  let squares = 0;
  for (const { seconds } of measurements) {
    const logs = seconds.map(Math.log);
    const mean = sum(logs) / logs.length;
    squares += sum(logs.map((log) => (log - mean) ** 2));
  }
  const freedom = sum(measurements.map(({ seconds }) => seconds.length - 1));
  return freedom === 0 ? 0 : Math.sqrt(squares / freedom);
}

interface Asked {
  readonly where: string;
  readonly repeats: number;
}

/** Throws bad-input for a fit that says nothing: what is wrong, how much, and what helps. */
function checkFit(
  fitted: FittedCharacteristics,
  observations: readonly Observation[],
  { where, repeats }: Asked,
): void {
  const { fit, criticalMacs, channelGranularity, scatter } = fitted;
  const no = (message: string, fix: string): LaminateError => badInput(message, { where, fix });
  const width = criticalMacs.high / criticalMacs.low;
  const noisy = (): LaminateError =>
    no(
      `the measurements are too noisy: ${repeats > 1 ? `repeats of a layer differ by ${percent(scatter)}, ` : ""}${percent(fit.residual)} of a time is unexplained, and the critical operation count lies anywhere from ${formatCount(criticalMacs.low)} to ${formatCount(criticalMacs.high)}`,
      `measure on a machine without other work, or with more repeats: --repeats ${moreRepeats(repeats, width)}`,
    );
  if (fit.residual > mostResidual && fit.residual > 3 * scatter && repeats > 1)
    throw no(
      `times of layers differ by ${percent(fit.residual)} from what operations and channels explain, although repeats of a layer differ by ${percent(scatter)} only`,
      "two characteristics do not describe this target: choose cores and blocks without its profile",
    );
  if (fit.residual > mostResidual) throw noisy();
  if (width > widestInterval && Math.max(scatter, fit.residual) > quietScatter) throw noisy();
  const cores = fit.perCores.at(-1)?.cores ?? 1;
  const layers = observations.filter((one) => one.cores === cores && one.family !== "channels");
  const least = Math.min(...layers.map(({ macsPerCore }) => macsPerCore));
  const most = Math.max(...layers.map((one) => workOf(fit, one)));
  const shareAt = (work: number): number => work / (work + criticalMacs.value);
  if (shareAt(most) < leastSaturation)
    throw no(
      `on ${onCores(cores)} the largest layers reach ${percent(shareAt(most))} of the rate that the fit tends to: the grid ends before saturation`,
      `take larger layers: --most-macs ${2 ** Math.ceil(Math.log2(8 * Math.min(criticalMacs.value, largestSensible)))}`,
    );
  if (shareAt(least) > leastSaturation || width > widestInterval)
    throw no(
      `on ${onCores(cores)} the smallest layers, of ${formatCount(least)} MACs for a core, already reach ${percent(shareAt(least))} of the full rate: starting and joining cores costs too little for a critical operation count to be seen`,
      "take smaller layers with --least-macs; an accelerator without perGroup.launch and perGroup.syncPerCore has no such count",
    );
  if (channelGranularity.value > mostChannels / 2)
    throw no(
      `a core still gains from channels at ${mostChannels}, the most that the grid gives it`,
      "the grid gives no core more channels: choose cores and blocks without a profile of this target",
    );
}

/** Intervals narrow with the root of the repeats. */
function moreRepeats(repeats: number, width: number): number {
  const factor = (Math.log(Math.min(width, 1e3)) / Math.log(widestInterval)) ** 2;
  return Math.ceil(Math.max(3, 2 * repeats, repeats * factor));
}

const percent = (share: number): string => `${threeDigits(100 * share)} %`;
const onCores = (cores: number): string => (cores === 1 ? "1 core" : `${cores} cores`);
