/**
 * The profile database of DNNFusion (section 4.3) as data and as text: measured latencies of blocks by their canonical keys
 * (block-key.ts). Latencies hold for one machine, engine and version of the kernels, so a profile says where it is from
 * and is refused elsewhere. Two measurements of a block are merged by taking the lesser: what disturbs only adds.
 */
import { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";

export interface ProfileEntry {
  /** Of one run; null for what does not compile alone, so that nobody tries again. */
  readonly seconds: number | null;
  /** For people: the operators, in the order in which they run. */
  readonly operators: string;
}

/** By key. */
export type ProfileEntries = ReadonlyMap<string, ProfileEntry>;

/** What latencies depend on besides the block. */
export interface ProfileOrigin {
  /** laminate's version. */
  readonly laminate: string;
  readonly processor: string;
  /** JavaScript engine with its version. */
  readonly engine: string;
  /** What kernels use of SIMD: "simd" or "relaxed simd". */
  readonly simd: string;
  readonly threads: number;
}

export interface LatencyProfile {
  readonly origin: ProfileOrigin;
  readonly entries: ProfileEntries;
}

const format = "laminate.profile/1";

const fileSchema = z.object({
  format: z.literal(format),
  origin: z.object({
    laminate: z.string(),
    processor: z.string(),
    engine: z.string(),
    simd: z.string(),
    threads: z.int().positive(),
  }),
  entries: z.array(
    z.object({
      key: z.string().regex(/^[0-9a-f]{32}$/),
      seconds: z.number().nonnegative().nullable(),
      operators: z.string(),
    }),
  ),
});

/** The profile as text: JSON with one entry on a line, sorted, so that two profiles can be compared line by line. */
export function printProfile({ origin, entries }: LatencyProfile): string {
  const lines = [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { seconds, operators }]) => JSON.stringify({ key, seconds, operators }));
  const head = `{"format":${JSON.stringify(format)},\n"origin":${JSON.stringify(origin)},\n"entries":[`;
  return `${head}${lines.map((line) => `\n${line}`).join(",")}\n]}\n`;
}

/** Reads a profile's text. Throws bad-input, with the place and the way out, where it is none or a damaged one. */
export function parseProfile(text: string, where: string): LatencyProfile {
  const damaged = (message: string, place = where): LaminateError =>
    badInput(message, { where: place, fix: "delete the file and run laminate tune again" });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged(`this is no profile, or only a part of one: ${reason}`);
  }
  const found = Object(json) as { readonly format?: unknown };
  if (found.format !== format) {
    const what = typeof found.format === "string" ? JSON.stringify(found.format) : "none";
    throw badInput(`the profile's format is ${what}, and ${format} is expected`, {
      where,
      fix: "give a file that laminate tune has written, or a new name",
    });
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw damaged(issue?.message ?? "the profile is damaged", `${where}: ${issue?.path.join(".") ?? ""}`);
  }
  const { origin, entries } = parsed.data;
  return {
    origin,
    entries: new Map(entries.map(({ key, seconds, operators }) => [key, { seconds, operators }])),
  };
}

const parts: readonly (readonly [keyof ProfileOrigin, string])[] = [
  ["laminate", "version of laminate"],
  ["processor", "processor"],
  ["engine", "engine"],
  ["simd", "SIMD"],
  ["threads", "number of threads"],
];

/** Throws bad-input for a profile from elsewhere; says what is different. `here` without threads lets any number pass. */
export function checkOrigin(
  { origin }: LatencyProfile,
  here: Omit<ProfileOrigin, "threads"> & Partial<Pick<ProfileOrigin, "threads">>,
  where: string,
): void {
  for (const [part, name] of parts) {
    const [there, wanted] = [origin[part], here[part]];
    if (wanted === undefined || there === wanted) continue;
    throw badInput(`the profile was measured with another ${name}: ${there}, and here it is ${wanted}`, {
      where,
      fix: "give another file, and fill it with laminate tune",
    });
  }
}

/** Both profiles' entries, of what both have the lesser latency. */
export function mergeEntries(old: ProfileEntries, fresh: ProfileEntries): ProfileEntries {
  const merged = new Map(old);
  for (const [key, entry] of fresh) {
    const before = merged.get(key)?.seconds ?? Number.POSITIVE_INFINITY;
    if (entry.seconds === null ? !merged.has(key) : entry.seconds < before) merged.set(key, entry);
  }
  return merged;
}
