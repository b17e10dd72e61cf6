/**
 * What an accelerator file may say: a zod schema from which parsing, the error texts and the JSON Schema for editors
 * all come. Quantities are strings with units; plain numbers are counts.
 */
import { z } from "zod";
import {
  type Parsed,
  parseBandwidth,
  parseBytes,
  parseDuration,
  parseFrequency,
  parsePicojoules,
  writeBandwidth,
  writeBytes,
  writeDuration,
  writeFrequency,
  writePicojoules,
} from "../../base/units.ts";
import { type ElementType, elementBits } from "../../graph/ir/tensor.ts";
import type { Accelerator } from "./accelerator.ts";

/** How a kind of quantity is read and written, and which values a machine can have. */
interface QuantityKind {
  readonly parse: (text: string) => Parsed<number>;
  readonly write: (value: number) => string;
  /** Values outside are slips of the pen, not machines. */
  readonly smallest: number;
  readonly largest: number;
  readonly pattern: string;
}

const number = String.raw`^\s*[0-9][0-9_]*(\.[0-9]*)?([eE][+-]?[0-9]+)?\s*`;

const capacity: QuantityKind = {
  parse: parseBytes,
  write: writeBytes,
  smallest: 1,
  largest: 1e15,
  pattern: `${number}([kKMGT]|[KMGT]i)?B$`,
};

const bandwidth: QuantityKind = {
  parse: parseBandwidth,
  write: writeBandwidth,
  smallest: 1,
  largest: 1e18,
  pattern: `${number}([kKMGT]|[KMGT]i)?B/s$`,
};

const frequency: QuantityKind = {
  parse: parseFrequency,
  write: writeFrequency,
  smallest: 1,
  largest: 1e12,
  pattern: `${number}[kMG]?Hz$`,
};

const energy: QuantityKind = {
  parse: parsePicojoules,
  write: writePicojoules,
  smallest: 1e-6,
  largest: 1e9,
  pattern: `${number}[fpnu]J$`,
};

const duration: QuantityKind = {
  parse: parseDuration,
  write: writeDuration,
  smallest: 0,
  largest: 1,
  pattern: `${number}[pnum]?s$`,
};

/** Element types that weights and activations can have: numbers of a fixed size. */
const elementTypes = Object.keys(elementBits).filter(
  (name): name is ElementType =>
    !["undefined", "string", "bool"].includes(name) && !name.startsWith("complex"),
);

/** Where a number stands in the file, by its field; the keys that `sources` may use are these paths. */
export const filePaths = {
  cores: "cores",
  pesPerCore: "pesPerCore",
  macsPerPePerCycle: "macsPerPePerCycle",
  frequencyHertz: "frequency",
  onChipBytes: "onChip.capacity",
  onChipBytesPerSecond: "onChip.bandwidth",
  energyPerOnChipBytePicojoules: "onChip.energyPerByte",
  offChipBytesPerSecond: "offChip.bandwidth",
  energyPerOffChipBytePicojoules: "offChip.energyPerByte",
  energyPerMacPicojoules: "energyPerMac",
  coreBufferBytes: "perCore.capacity",
  channelGranularity: "perCore.channelGranularity",
  groupLaunchSeconds: "perGroup.launch",
  coreSyncSeconds: "perGroup.syncPerCore",
  elementType: "elementType",
} as const satisfies Partial<Record<keyof Accelerator, string>>;

/** A field whose value has a source. */
export type SourcedField = keyof typeof filePaths;

const sourceKeys = Object.values(filePaths);

/** The file's shape. Parsing it yields numbers in base units; see toAccelerator in parse-accelerator.ts. */
export const acceleratorFileSchema = z
  .strictObject({
    schema: z
      .literal("laminate.accelerator/1")
      .optional()
      .meta({ description: "Which notation this is; may be left out." }),
    name: z.string().min(1).max(100).meta({ description: "Name shown in reports." }),
    description: z.string().default("").meta({ description: "What machine this is, in a sentence or two." }),
    cores: count(1e6, "Cores, each with its own array of processing elements.").default(1),
    pesPerCore: count(1e8, "Processing elements per core."),
    macsPerPePerCycle: rate("Multiply-accumulates that one processing element makes per cycle.").default(1),
    frequency: quantity(frequency, "Clock frequency.", "1GHz"),
    onChip: z
      .strictObject({
        capacity: quantity(capacity, "Buffer for activations and weights.", "64MB"),
        bandwidth: quantity(bandwidth, "Bytes per second between buffer and array.", "9000GB/s"),
        energyPerByte: quantity(energy, "Energy to move a byte of the buffer.", "12.5pJ"),
      })
      .meta({ description: "The on-chip buffer." }),
    offChip: z
      .strictObject({
        bandwidth: quantity(bandwidth, "Bytes per second across the chip boundary.", "900GB/s"),
        energyPerByte: quantity(energy, "Energy to move a byte across it.", "162.5pJ"),
      })
      .meta({ description: "The memory behind the chip boundary." }),
    energyPerMac: quantity(energy, "Energy of one multiply-accumulate.", "0.3pJ"),
    perCore: z
      .strictObject({
        capacity: quantity(
          capacity,
          "Each core's own buffer; left out, cores share the on-chip one.",
          "512KiB",
        ).optional(),
        channelGranularity: count(
          1e6,
          "Output channels that keep a core busy; left out, work divides evenly over cores.",
        ).optional(),
      })
      .optional()
      .meta({ description: "What one core has." }),
    perGroup: z
      .strictObject({
        launch: quantity(duration, "Time to start a group of layers; 0s when left out.", "2us").optional(),
        syncPerCore: quantity(
          duration,
          "Time to wait for each other, for each core that takes part; 0s when left out.",
          "100ns",
        ).optional(),
      })
      .optional()
      .meta({ description: "What each group of layers costs besides its work." }),
    elementType: z
      .enum(elementTypes)
      .meta({ description: "Element type of weights and activations, unless the user says otherwise." }),
    sources: z
      .partialRecord(z.enum(sourceKeys), z.string().min(1))
      .default({})
      .meta({ description: 'Where each number comes from: a citation, or "assumed: why".' }),
  })
  .superRefine(({ perCore, onChip }, context) => {
    if (perCore?.capacity === undefined || perCore.capacity <= onChip.capacity) return;
    context.addIssue({
      code: "custom",
      path: ["perCore", "capacity"],
      message: `${capacity.write(perCore.capacity)} of one core are more than the ${capacity.write(onChip.capacity)} of the chip`,
      params: { fix: "onChip.capacity counts the buffers of all cores together" },
    });
  })
  .meta({ title: "laminate accelerator", description: "An accelerator, as laminate's cost model sees it." });

/** The parsed file: quantities in bytes, bytes per second, hertz and picojoules. */
export type AcceleratorFile = z.output<typeof acceleratorFileSchema>;

/** A file as it is written: quantities as text. */
export type AcceleratorFileInput = z.input<typeof acceleratorFileSchema>;

/** How quantities are written again, by field. */
export const quantityWriters = {
  capacity: capacity.write,
  bandwidth: bandwidth.write,
  frequency: frequency.write,
  energy: energy.write,
  duration: duration.write,
};

/** JSON Schema of accelerator files, for completion in editors; published as schemas/accelerator.schema.json. */
export function acceleratorJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(acceleratorFileSchema, { io: "input" });
}

function count(largest: number, description: string) {
  const fault = ({ input }: { input?: unknown }): string =>
    `${shown(input)} is not a whole number from 1 to ${largest}`;
  return z
    .number({ error: fault })
    .int({ error: fault })
    .min(1, { error: fault })
    .max(largest, { error: fault })
    .meta({ description });
}

function rate(description: string) {
  const fault = ({ input }: { input?: unknown }): string =>
    `${shown(input)} is not a number above 0, at most 1e6`;
  return z
    .number({ error: fault })
    .positive({ error: fault })
    .max(1e6, { error: fault })
    .meta({ description });
}

function quantity(kind: QuantityKind, description: string, example: string) {
  return z
    .string({ error: ({ input }) => unitMissing(kind, input, example) })
    .meta({ description, examples: [example], pattern: kind.pattern })
    .transform((text, context) => {
      const parsed = kind.parse(text);
      const problem = parsed.ok ? outOfRange(kind, text, parsed.value) : parsed;
      if (problem === undefined && parsed.ok) return parsed.value;
      const params = problem === undefined || problem.ok ? {} : { fix: problem.fix };
      const message = problem === undefined || problem.ok ? "not a quantity" : problem.message;
      context.issues.push({ code: "custom", message, input: text, params });
      return z.NEVER;
    });
}

function outOfRange(kind: QuantityKind, text: string, value: number): Parsed<number> | undefined {
  if (value >= kind.smallest && value <= kind.largest) return undefined;
  const range = `write a value from ${kind.write(kind.smallest)} to ${kind.write(kind.largest)}`;
  return { ok: false, message: `"${text.trim()}" is out of range`, fix: range };
}

/** YAML reads `capacity: 64` as a number; the text for it is the one that "64" would have got. */
function unitMissing(kind: QuantityKind, input: unknown, example: string): string {
  const parsed = typeof input === "number" ? kind.parse(String(input)) : undefined;
  if (parsed !== undefined && !parsed.ok) return `${parsed.message}; ${parsed.fix}`;
  return input === undefined
    ? `is missing; write it like ${example}`
    : `${shown(input)} is not a text like ${example}`;
}

function shown(input: unknown): string {
  return input === undefined ? "nothing" : (JSON.stringify(input) ?? String(input)).slice(0, 60);
}
