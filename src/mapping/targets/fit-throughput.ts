/**
 * Fits how fast a core works to measured layers, by least squares on logarithms, so that a factor counts the same everywhere:
 *
 *   seconds = (half + max(macs / use(channels), ridge x elements)) / rate
 *
 * macs and channels are those of one core, elements what crosses the border of the layer. `half` is the operation count at which
 * a core works at half its rate, as starting and joining cores costs as much as the work: one for each number of cores. `use`
 * is the part of a core that so many channels keep at work. `rate` belongs to a number of cores and a family of layers, since
 * kernels of one filter size are better than those of another. `ridge` are MACs in the time of an element; 0 where memory
 * never decides. Without the maximum this is throughput = rate x macs / (macs + half).
 *
 * Given `use`, ridge and halves, the rates are means. So one search in one dimension for each number of cores is inside one
 * for the ridge, and every number of channels that was measured is tried as granularity. O(numbers x measurements x steps).
 */
import { known } from "../../base/assert.ts";
import { sum } from "../../base/integers.ts";

/** One layer on a number of cores. */
export interface Observation {
  readonly cores: number;
  /** Layers of one family have one full rate. */
  readonly family: string;
  readonly macsPerCore: number;
  readonly channelsPerCore: number;
  readonly elements: number;
  readonly seconds: number;
}

/**
 * How channels of a core fill it, g being the granularity: in whole units of g, of which the last may be part empty, or smoothly up
 * to g.
 */
export type ChannelRule = "units" | "ramp";

/** The part of a core that so many channels keep at work. */
export function usedPart(rule: ChannelRule, granularity: number, channels: number): number {
  return rule === "units"
    ? channels / (granularity * Math.ceil(channels / granularity))
    : Math.min(1, channels / granularity);
}

/** One number of cores. */
export interface CoreFit {
  readonly cores: number;
  /** MACs of a core at which it works at half its rate. */
  readonly halfMacs: number;
  /** MACs per second of one core at its full rate, by family. */
  readonly rates: ReadonlyMap<string, number>;
}

export interface ThroughputFit {
  readonly rule: ChannelRule;
  readonly granularity: number;
  /** MACs of a core in the time that one element crosses the border; 0 where that never decides. */
  readonly ridge: number;
  readonly perCores: readonly CoreFit[];
  /** Standard deviation of what is left of the logarithms. */
  readonly residual: number;
}

/** The work of a core, in MACs at its full rate. */
export function workOf(
  { rule, granularity, ridge }: Pick<ThroughputFit, "rule" | "granularity" | "ridge">,
  {
    macsPerCore,
    channelsPerCore,
    elements,
  }: Pick<Observation, "macsPerCore" | "channelsPerCore" | "elements">,
): number {
  return Math.max(macsPerCore / usedPart(rule, granularity, channelsPerCore), ridge * elements);
}

/** Fits what follows from nothing but the observations. */
export function fitThroughput(observations: readonly Observation[]): ThroughputFit {
  const slices = slicesOf(observations);
  let best: Candidate | undefined;
  for (const rule of ["units", "ramp"] as const) {
    const start = { rule, granularity: 1, ridge: 0, halves: slices.map(halfRange) };
    const found = descend(slices, start, rounds);
    // Where both explain about the same, whole units say more.
    if (best === undefined || found.squares < best.squares * 0.99) best = found;
  }
  return fitOf(slices, known(best, "a fit"));
}

/** Fits other draws of the same measurements: beginning at their fit, by its rule. */
export function refitThroughput(observations: readonly Observation[], near: ThroughputFit): ThroughputFit {
  const slices = slicesOf(observations);
  const halves = slices.map(({ cores }) => {
    const half = known(
      near.perCores.find((fit) => fit.cores === cores),
      "a number of cores that was fitted",
    ).halfMacs;
    return { low: half / nearby, high: half * nearby, coarse: 0 };
  });
  return fitOf(slices, descend(slices, { ...near, halves }, 1));
}

/** Times that granularity and ridge are looked for in turns. */
const rounds = 3;
/** A draw's half lies within this factor of the fit's. */
const nearby = 40;

/** The observations of one number of cores. */
interface Slice {
  readonly cores: number;
  readonly macs: Float64Array;
  readonly channels: Float64Array;
  readonly elements: Float64Array;
  readonly logSeconds: Float64Array;
  readonly family: Uint8Array;
  readonly families: readonly string[];
  /** Scratch: the work of each, and sums of each family. */
  readonly work: Float64Array;
  readonly totals: Float64Array;
  readonly counts: Float64Array;
}

interface HalfRange {
  readonly low: number;
  readonly high: number;
  /** Places that are tried before the search begins between the best one's neighbours. */
  readonly coarse: number;
}

interface Candidate {
  readonly rule: ChannelRule;
  readonly granularity: number;
  readonly ridge: number;
  readonly halfMacs: readonly number[];
  readonly squares: number;
}

type Start = Pick<Candidate, "rule" | "granularity" | "ridge"> & { readonly halves: readonly HalfRange[] };

function slicesOf(observations: readonly Observation[]): readonly Slice[] {
  const numbers = [...new Set(observations.map(({ cores }) => cores))].sort((a, b) => a - b);
  return numbers.map((cores) => {
    const own = observations.filter((one) => one.cores === cores);
    const families = [...new Set(own.map(({ family }) => family))].sort();
    const counts = new Float64Array(families.length);
    const family = Uint8Array.from(own, (one) => families.indexOf(one.family));
    for (const index of family) counts[index] = (counts[index] ?? 0) + 1;
    return {
      cores,
      macs: Float64Array.from(own, ({ macsPerCore }) => macsPerCore),
      channels: Float64Array.from(own, ({ channelsPerCore }) => channelsPerCore),
      elements: Float64Array.from(own, ({ elements }) => elements),
      logSeconds: Float64Array.from(own, ({ seconds }) => Math.log(seconds)),
      family,
      families,
      work: new Float64Array(own.length),
      totals: new Float64Array(families.length),
      counts,
    };
  });
}

/** Far beyond the least and the most MACs, so that an end is no answer by accident. */
function halfRange({ macs }: Slice): HalfRange {
  return { low: Math.min(...macs) / 1_000, high: Math.max(...macs) * 1_000, coarse: 24 };
}

/** Granularity and ridge in turns, each with the best halves. */
function descend(slices: readonly Slice[], { halves, ...start }: Start, turns: number): Candidate {
  const attempt = (granularity: number, ridge: number): Candidate =>
    settleHalves(slices, { rule: start.rule, granularity, ridge, halves });
  let best = attempt(start.granularity, start.ridge);
  const keep = (candidate: Candidate): number => {
    if (candidate.squares < best.squares * (1 - 1e-12)) best = candidate;
    return candidate.squares;
  };
  // Between two numbers of channels that were measured nothing tells granularities apart but a factor, which the rate has too.
  const granularities = [...new Set(slices.flatMap(({ channels }) => [...channels]))];
  for (let turn = 0; turn < turns; turn++) {
    const before = best.squares;
    const { ridge } = best;
    for (const granularity of granularities) keep(attempt(granularity, ridge));
    const { granularity } = best;
    for (const [low, high] of ridgeRanges(slices, best, turns > 1)) {
      goldenSection(Math.log(low), Math.log(high), ridgeSteps, (log) =>
        keep(attempt(granularity, Math.exp(log))),
      );
    }
    if (best.squares >= before) break;
  }
  // A ridge that decides nowhere, or as good as nowhere, is none.
  const without = attempt(best.granularity, 0);
  return without.squares <= best.squares * 1.001 + 1e-9 ? without : best;
}

const ridgeSteps = 14;
const halfSteps = 22;

/** Between the least and the most MACs for an element, in parts; around the one that is known, when one is. */
function ridgeRanges(
  slices: readonly Slice[],
  { ridge }: Candidate,
  everywhere: boolean,
): readonly (readonly [number, number])[] {
  const ratios = slices.flatMap(({ macs, elements }) =>
    Array.from(macs, (value, at) => value / (elements[at] ?? 1)),
  );
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  if (!everywhere) return ridge === 0 ? [] : [[ridge / 4, ridge * 4]];
  const parts = 6;
  const at = (part: number): number => least * ((2 * most) / least) ** (part / parts);
  return Array.from({ length: parts }, (_, part) => [at(part), at(part + 1)]);
}

/** The best half of each number of cores, all else given. */
function settleHalves(slices: readonly Slice[], { halves, ...given }: Start): Candidate {
  let squares = 0;
  const halfMacs = slices.map((slice, index) => {
    for (let at = 0; at < slice.work.length; at++) {
      const used = usedPart(given.rule, given.granularity, slice.channels[at] ?? 1);
      slice.work[at] = Math.max((slice.macs[at] ?? 0) / used, given.ridge * (slice.elements[at] ?? 0));
    }
    const range = known(halves[index], "a range of halves");
    const { place, value } = leastSquaresHalf(slice, range);
    squares += value;
    return Math.exp(place);
  });
  return { ...given, halfMacs, squares };
}

function leastSquaresHalf(slice: Slice, { low, high, coarse }: HalfRange): { place: number; value: number } {
  let [from, to] = [Math.log(low), Math.log(high)];
  const squaresAt = (log: number): number => squaresOf(slice, Math.exp(log));
  if (coarse > 0) {
    const step = (to - from) / coarse;
    const places = Array.from({ length: coarse + 1 }, (_, at) => from + at * step);
    const values = places.map(squaresAt);
    const best = places[values.indexOf(Math.min(...values))] ?? from;
    [from, to] = [best - step, best + step];
  }
  return goldenSection(from, to, halfSteps, squaresAt);
}

/** The sum of squares around the means of the families; leaves their sums in `totals`. */
function squaresOf({ work, logSeconds, family, totals, counts }: Slice, half: number): number {
  totals.fill(0);
  let squares = 0;
  for (let at = 0; at < work.length; at++) {
    const index = family[at] as number;
    const left = (logSeconds[at] as number) - Math.log(half + (work[at] as number));
    squares += left * left;
    totals[index] = (totals[index] as number) + left;
  }
  for (let index = 0; index < totals.length; index++)
    squares -= ((totals[index] as number) * (totals[index] as number)) / (counts[index] as number);
  return Math.max(0, squares);
}

/** The least of a function with one valley, by golden sections. */
function goldenSection(
  from: number,
  to: number,
  steps: number,
  valueAt: (place: number) => number,
): { place: number; value: number } {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atLeft, atRight] = [valueAt(left), valueAt(right)];
  for (let step = 0; step < steps; step++) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - ratio * (high - low);
      atLeft = valueAt(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + ratio * (high - low);
      atRight = valueAt(right);
    }
  }
  return atLeft <= atRight ? { place: left, value: atLeft } : { place: right, value: atRight };
}

function fitOf(
  slices: readonly Slice[],
  { rule, granularity, ridge, halfMacs, squares }: Candidate,
): ThroughputFit {
  // The scratch holds the work of whatever was tried last.
  settleHalves(slices, {
    rule,
    granularity,
    ridge,
    halves: halfMacs.map((half) => ({ low: half, high: half, coarse: 0 })),
  });
  const perCores = slices.map((slice, index): CoreFit => {
    const half = halfMacs[index] ?? 0;
    squaresOf(slice, half);
    // The mean of log seconds - log(half + work) is the logarithm of 1 / rate.
    const rates = slice.families.map((family, at): readonly [string, number] => {
      return [family, Math.exp(-(slice.totals[at] ?? 0) / (slice.counts[at] ?? 1))];
    });
    return { cores: slice.cores, halfMacs: half, rates: new Map(rates) };
  });
  const count = sum(slices.map(({ work }) => work.length));
  const parameters = 2 + sum(slices.map(({ families }) => families.length + 1));
  return {
    rule,
    granularity,
    ridge,
    perCores,
    residual: Math.sqrt(squares / Math.max(1, count - parameters)),
  };
}
