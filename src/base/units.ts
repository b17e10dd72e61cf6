/**
 * Quantities with units, as people write and read them: `20MB`, `64KiB`, `900GB/s`, `1GHz`, `0.2pJ`, `10s`.
 *
 * Powers of ten and powers of two are kept apart (MB = 10^6 bytes, MiB = 2^20) and a number without its unit is refused
 * with a suggestion. Decimal mantissas are scaled as text ("1.47GB" is Number("1.47e9")), so that what can be exact is.
 */

/** A unit's size in base units: 10^exponent, or a power of two. */
type Scale = { readonly exponent: number } | { readonly factor: number };

/** What is measured, in which base unit, and the units it may be written in, smallest first. */
interface Quantity {
  readonly noun: string;
  readonly units: Readonly<Record<string, Scale>>;
  /** Whether the base unit cannot be split. */
  readonly whole: boolean;
  /** Units offered when none was written. */
  readonly offered: readonly string[];
}

/** The number in base units, or why there is none and what to write instead. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly fix: string };

const byteScales = {
  B: { exponent: 0 },
  kB: { exponent: 3 },
  KB: { exponent: 3 },
  KiB: { factor: 2 ** 10 },
  MB: { exponent: 6 },
  MiB: { factor: 2 ** 20 },
  GB: { exponent: 9 },
  GiB: { factor: 2 ** 30 },
  TB: { exponent: 12 },
  TiB: { factor: 2 ** 40 },
} as const satisfies Record<string, Scale>;

const bytesQuantity: Quantity = {
  noun: "size",
  units: byteScales,
  whole: true,
  offered: ["MB", "MiB"],
};

const bandwidthQuantity: Quantity = {
  noun: "bandwidth",
  units: Object.fromEntries(Object.entries(byteScales).map(([unit, scale]) => [`${unit}/s`, scale])),
  whole: false,
  offered: ["GB/s", "GiB/s"],
};

const frequencyQuantity: Quantity = {
  noun: "frequency",
  units: { Hz: { exponent: 0 }, kHz: { exponent: 3 }, MHz: { exponent: 6 }, GHz: { exponent: 9 } },
  whole: false,
  offered: ["MHz", "GHz"],
};

const picojoulesQuantity: Quantity = {
  noun: "energy",
  units: { fJ: { exponent: -3 }, pJ: { exponent: 0 }, nJ: { exponent: 3 }, uJ: { exponent: 6 } },
  whole: false,
  offered: ["pJ", "nJ"],
};

const durationQuantity: Quantity = {
  noun: "duration",
  units: {
    ps: { exponent: -12 },
    ns: { exponent: -9 },
    us: { exponent: -6 },
    ms: { exponent: -3 },
    s: { exponent: 0 },
    min: { factor: 60 },
    h: { factor: 3_600 },
  },
  whole: false,
  offered: ["s", "ms"],
};

/** Machines count in no minutes. */
const shortDurationQuantity: Quantity = {
  ...durationQuantity,
  units: Object.fromEntries(
    Object.entries(durationQuantity.units).filter(([, scale]) => "exponent" in scale),
  ),
};

/** Bytes, a whole number: `64B`, `108kB`, `20MB`, `64MiB`. */
export const parseBytes = (text: string): Parsed<number> => parseQuantity(text, bytesQuantity);
/** Bytes per second: `900GB/s`, `1GiB/s`. Bits (`Gb/s`) are refused with the figure in bytes. */
export const parseBandwidth = (text: string): Parsed<number> => parseQuantity(text, bandwidthQuantity);
/** Hertz: `1GHz`, `200MHz`. */
export const parseFrequency = (text: string): Parsed<number> => parseQuantity(text, frequencyQuantity);
/** Picojoules: `0.2pJ`, `1.3nJ`. */
export const parsePicojoules = (text: string): Parsed<number> => parseQuantity(text, picojoulesQuantity);
/** Seconds: `10s`, `500ms`, `2min`. */
export const parseDuration = (text: string): Parsed<number> => parseQuantity(text, durationQuantity);

/** The shortest text that `parseBytes` reads back as the same number. */
export const writeBytes = (bytes: number): string => writeQuantity(bytes, bytesQuantity);
/** The shortest text that `parseBandwidth` reads back as the same number. */
export const writeBandwidth = (bytesPerSecond: number): string =>
  writeQuantity(bytesPerSecond, bandwidthQuantity);
/** The shortest text that `parseFrequency` reads back as the same number. */
export const writeFrequency = (hertz: number): string => writeQuantity(hertz, frequencyQuantity);
/** The shortest text that `parseDuration` reads back as the same number, in seconds and smaller units. */
export const writeDuration = (seconds: number): string => writeQuantity(seconds, shortDurationQuantity);
/** The text that `parsePicojoules` reads back as the same number. */
export const writePicojoules = (picojoules: number): string => `${picojoules}pJ`;

/** When a search stops: after a time, after a number of evaluations, or at the first of both. */
export interface ParsedBudget {
  readonly seconds?: number;
  readonly evaluations?: number;
}

/** `10s`, `2000evals`, or both as `10s,2000evals` (also with `|`): the first limit reached ends the search. */
export function parseBudget(text: string): Parsed<ParsedBudget> {
  let budget: ParsedBudget = {};
  for (const part of text.split(/[,|]/)) {
    const limit = parseLimit(part.trim());
    if (!limit.ok) return limit;
    budget = { ...budget, ...limit.value };
  }
  return { ok: true, value: budget };
}

function parseLimit(text: string): Parsed<ParsedBudget> {
  const evaluations = /^(\d+(?:e\d+)?)\s*(?:evals?|evaluations?)$/i.exec(text)?.[1];
  if (evaluations !== undefined) {
    const value = Number(evaluations);
    if (value >= 1 && Number.isSafeInteger(value)) return { ok: true, value: { evaluations: value } };
    return no(`a budget of ${text} is no search`, "give at least 1eval");
  }
  if (isNumber(text)) return no(`"${text}" has no unit`, `did you mean ${text}s or ${text}evals?`);
  const seconds = parseDuration(text);
  if (!seconds.ok) return no(`"${text}" is not a budget`, "write a time or a count: 10s, 500ms, 2000evals");
  return seconds.value > 0
    ? { ok: true, value: { seconds: seconds.value } }
    : no(`a budget of ${text} is no search`, "give a time above zero, like 10s");
}

const numberPattern = String.raw`[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?`;
const quantityPattern = new RegExp(`^(${numberPattern})\\s*(\\S.*)?$`, "i");
const bareNumberPattern = new RegExp(`^${numberPattern}$`, "i");

const isNumber = (text: string): boolean => bareNumberPattern.test(text);
const no = (message: string, fix: string) => ({ ok: false, message, fix }) as const;

function parseQuantity(given: string, quantity: Quantity): Parsed<number> {
  const text = given.trim();
  const [, mantissa, unit] = quantityPattern.exec(text) ?? [];
  if (mantissa === undefined) {
    const example = quantity.offered.map((name) => `64${name}`).join(" or ");
    return no(`"${text}" is not a ${quantity.noun}`, `write a number with its unit, like ${example}`);
  }
  if (unit === undefined) {
    const offers = quantity.offered.map((name) => `${mantissa}${name}`).join(" or ");
    return no(`"${text}" has no unit`, `did you mean ${offers}?`);
  }
  const scale = scaleOf(unit.replace(/^[µμ]/, "u"), quantity);
  if (scale === undefined) return unknownUnit(mantissa, unit, quantity);
  const value = scaled(mantissa, scale);
  if (!Number.isFinite(value)) return no(`"${text}" is too large`, `write a smaller ${quantity.noun}`);
  if (quantity.whole && !Number.isSafeInteger(value)) return notWhole(text, value);
  return { ok: true, value };
}

function scaleOf(unit: string, quantity: Quantity): Scale | undefined {
  return Object.hasOwn(quantity.units, unit) ? quantity.units[unit] : undefined;
}

function notWhole(text: string, value: number): Parsed<never> {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER
    ? no(`"${text}" is too large`, "write a smaller size")
    : no(`"${text}" is ${value} bytes, not a whole number`, `did you mean ${Math.round(value)}B?`);
}

/** Scales decimal text by a power of ten as text, which rounds once; powers of two are exact anyway. */
function scaled(mantissa: string, scale: Scale): number {
  const plain = mantissa.replaceAll("_", "");
  if ("factor" in scale) return Number(plain) * scale.factor;
  const [digits = "", exponent = "0"] = plain.toLowerCase().split("e");
  return Number(`${digits}e${Number(exponent) + scale.exponent}`);
}

function unknownUnit(mantissa: string, unit: string, quantity: Quantity): Parsed<never> {
  const bits = bitsScale(unit, quantity);
  if (bits !== undefined) {
    const bytes = writeQuantity(scaled(mantissa, bits) / 8, quantity);
    return no(`"${unit}" counts bits`, `write bytes: ${mantissa}${unit} is ${bytes}`);
  }
  const names = Object.keys(quantity.units);
  const near = names.find((name) => name.toLowerCase() === unit.toLowerCase());
  const short = names.find((name) => name.toLowerCase().startsWith(unit.toLowerCase()));
  const meant = near ?? short;
  return no(
    `"${unit}" is not a unit of ${quantity.noun}`,
    meant === undefined ? `use one of ${names.join(", ")}` : `did you mean ${mantissa}${meant}?`,
  );
}

/** The scale of `Gb/s`, `Gbit/s` or `Gbps`, for the hint that they count bits. */
function bitsScale(unit: string, quantity: Quantity): Scale | undefined {
  if (quantity !== bandwidthQuantity) return undefined;
  const prefix = /^([kKMGT]i?)b(?:it|its)?(?:\/s|ps)$/.exec(unit)?.[1];
  return prefix === undefined ? undefined : scaleOf(`${prefix}B/s`, quantity);
}

function writeQuantity(value: number, quantity: Quantity): string {
  const texts = Object.entries(quantity.units).map(([unit, scale]) => {
    // As text, since 5e-6 / 1e-6 is not 5.
    const count =
      "factor" in scale ? value / scale.factor : scaled(String(value), { exponent: -scale.exponent });
    return `${count}${unit}`;
  });
  const exact = texts.filter((text) => {
    const read = parseQuantity(text, quantity);
    return read.ok && read.value === value;
  });
  // Shortest first, but 700MHz rather than 0.7GHz and 100ns rather than 1e-7s; ties go to the larger unit. The base unit always reads back.
  const rank = (text: string): number => text.length + (/^0\.|e/.test(text) ? 100 : 0);
  return exact.reduce((best, text) => (rank(text) <= rank(best) ? text : best), exact[0] ?? String(value));
}
