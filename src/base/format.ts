/** Quantities for people: short, three significant digits, powers of ten: `16.4 MB`, `1.47 ms`, `1.81 G`. */

/** A unit and its size in base units; smallest first. */
type Step = readonly [unit: string, size: number];

const byteSteps: readonly Step[] = [
  ["B", 1],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
];

const bandwidthSteps = byteSteps.map(([unit, size]): Step => [`${unit}/s`, size]);

const frequencySteps: readonly Step[] = [
  ["Hz", 1],
  ["kHz", 1e3],
  ["MHz", 1e6],
  ["GHz", 1e9],
];

const secondSteps: readonly Step[] = [
  ["ps", 1e-12],
  ["ns", 1e-9],
  ["us", 1e-6],
  ["ms", 1e-3],
  ["s", 1],
];

const jouleSteps: readonly Step[] = [
  ["pJ", 1e-12],
  ["nJ", 1e-9],
  ["uJ", 1e-6],
  ["mJ", 1e-3],
  ["J", 1],
  ["kJ", 1e3],
];

const countSteps: readonly Step[] = [
  ["", 1],
  ["k", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["T", 1e12],
  ["P", 1e15],
];

/** `16.4 MB`; whole below 1000 bytes. */
export const formatBytes = (bytes: number): string => formatSteps(bytes, byteSteps);
/** `900 GB/s`. */
export const formatBandwidth = (bytesPerSecond: number): string =>
  formatSteps(bytesPerSecond, bandwidthSteps);
/** `1 GHz`. */
export const formatFrequency = (hertz: number): string => formatSteps(hertz, frequencySteps);
/** `1.47 ms`. */
export const formatSeconds = (seconds: number): string => formatSteps(seconds, secondSteps);
/** `3.2 mJ`. */
export const formatJoules = (joules: number): string => formatSteps(joules, jouleSteps);
/** `1.81 G`: MACs, evaluations. */
export const formatCount = (count: number): string => formatSteps(count, countSteps);
/** `1.37x`: two decimals, as papers print speed-ups; more digits where two would hide the value. */
export const formatSpeedup = (ratio: number): string =>
  `${ratio >= 0.1 ? ratio.toFixed(2) : threeDigits(ratio)}x`;

/** Three significant digits without trailing zeros, never in exponent form for 1e-6 to 1e21. */
export function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function formatSteps(value: number, steps: readonly Step[]): string {
  if (!Number.isFinite(value)) return String(value);
  // Rounded first, so that 999,900 bytes print as 1 MB and not as 1000 kB.
  const rounded = Number(value.toPrecision(3));
  const fitting = steps.findLast(([, size]) => Math.abs(rounded) >= size * (1 - 1e-12)) ?? steps[0];
  const [unit, size] = value === 0 || fitting === undefined ? zeroStep(steps) : fitting;
  return `${threeDigits(rounded / size)} ${unit}`.trimEnd();
}

/** Zero is printed in the plain unit: 0 B, 0 s. */
function zeroStep(steps: readonly Step[]): Step {
  return steps.find(([, size]) => size === 1) ?? ["", 1];
}

/** The nearest whole number, in full: 12,345. */
export function formatWhole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
