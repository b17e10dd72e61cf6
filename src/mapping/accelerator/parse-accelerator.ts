/** Reads an accelerator from YAML. Every error names the file, the line and the column, and what to write instead. */
import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { badInput, type LaminateError } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import type { Accelerator } from "./accelerator.ts";
import { type AcceleratorFile, acceleratorFileSchema, filePaths } from "./accelerator-schema.ts";
import { keyPosition, type Position, valuePosition } from "./yaml-position.ts";

/** A description of a machine fits many times; more is not one. */
const largestFileCharacters = 1_000_000;

/**
 * The accelerator that a YAML text describes.
 *
 * @param fileName names the text in errors
 * @throws LaminateError bad-input, with `where` = "file:line:column"
 */
export function parseAccelerator(text: string, fileName: string): Accelerator {
  if (text.length > largestFileCharacters) throw tooLarge(fileName);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined) {
    const { line, col } = lines.linePos(syntaxError.pos[0]);
    const where = `${fileName}:${line}:${col}`;
    throw badInput(`not YAML: ${syntaxError.message}`, { where, fix: "correct the YAML at this place" });
  }
  const parsed = acceleratorFileSchema.safeParse(toPlain(document, fileName), { reportInput: true });
  if (parsed.success) return toAccelerator(parsed.data);
  throw issueError(parsed.error.issues, document, lines, fileName);
}

/** Aliases can unfold without end ("billion laughs"); the YAML library then throws. */
function toPlain(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badInput(`not a plain YAML document: ${reason}`, {
      where: fileName,
      fix: "write it without aliases",
    });
  }
}

function toAccelerator(file: AcceleratorFile): Accelerator {
  const sources = Object.entries(filePaths).flatMap(([field, path]) => {
    const source = file.sources[path];
    return source === undefined ? [] : [[field, source] as const];
  });
  return {
    name: file.name,
    description: file.description,
    cores: file.cores,
    pesPerCore: file.pesPerCore,
    macsPerPePerCycle: file.macsPerPePerCycle,
    frequencyHertz: file.frequency,
    onChipBytes: file.onChip.capacity,
    onChipBytesPerSecond: file.onChip.bandwidth,
    offChipBytesPerSecond: file.offChip.bandwidth,
    energyPerMacPicojoules: file.energyPerMac,
    energyPerOnChipBytePicojoules: file.onChip.energyPerByte,
    energyPerOffChipBytePicojoules: file.offChip.energyPerByte,
    ...stated("coreBufferBytes", file.perCore?.capacity),
    ...stated("channelGranularity", file.perCore?.channelGranularity),
    ...stated("groupLaunchSeconds", file.perGroup?.launch),
    ...stated("coreSyncSeconds", file.perGroup?.syncPerCore),
    elementType: file.elementType,
    sources: Object.fromEntries(sources),
  };
}

/** A field that a file may leave out. */
function stated<Field extends keyof Accelerator>(
  field: Field,
  value: Accelerator[Field] | undefined,
): Partial<Accelerator> {
  return value === undefined ? {} : { [field]: value };
}

/** The first problem in the order of the file, with a count of the others; a missing key may just be misspelt, so last. */
function issueError(
  issues: readonly z.core.$ZodIssue[],
  document: Document,
  lines: LineCounter,
  fileName: string,
): LaminateError {
  const placed = issues.map((issue) => ({
    ...described(issue),
    missing: issue.input === undefined && issue.code === "invalid_type",
    position: placeOf(issue, document, lines),
  }));
  placed.sort((a, b) => Number(a.missing) - Number(b.missing) || comparePositions(a.position, b.position));
  const first = placed[0];
  if (first === undefined) return badInput("not an accelerator", { where: fileName });
  const others = placed.length === 1 ? "" : ` (and ${placed.length - 1} more in this file)`;
  return badInput(`${first.message}${others}`, {
    where: `${fileName}:${first.position.line}:${first.position.column}`,
    fix: first.fix ?? "see `laminate arch show dnnfuser-2022` for a complete example",
  });
}

function comparePositions(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}

function placeOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): Position {
  const key = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  return key === undefined
    ? valuePosition(document, lines, issue.path)
    : keyPosition(document, lines, issue.path, key);
}

function described(issue: z.core.$ZodIssue): { readonly message: string; readonly fix?: string } {
  const name = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") return unknownKey(issue.keys[0] ?? "", issue.path);
  if (issue.code === "invalid_key") return unknownKey(String(issue.path.at(-1)), issue.path.slice(0, -1));
  if (issue.code === "invalid_type" && issue.path.length === 0)
    return { message: "the file is not a map of keys and values" };
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input"))
    return {
      message: issue.input === undefined ? `${name} is missing` : `${name} is not a ${kindName(issue)}`,
    };
  if (issue.code === "invalid_value")
    return { message: `${name} is none of the known values`, fix: `one of ${issue.values.join(", ")}` };
  // Our own messages are "what; fix".
  const [what = issue.message, fix = paramsFix(issue)] = issue.message.split("; ");
  return {
    message: `${name}${what.startsWith("is ") ? " " : ": "}${what}`,
    ...(fix === undefined ? {} : { fix }),
  };
}

function kindName(issue: z.core.$ZodIssueInvalidType): string {
  return issue.expected === "object" || issue.expected === "record"
    ? "map of keys and values"
    : issue.expected;
}

function paramsFix(issue: z.core.$ZodIssue): string | undefined {
  const fix: unknown = issue.code === "custom" ? issue.params?.fix : undefined;
  return typeof fix === "string" ? fix : undefined;
}

function unknownKey(key: string, path: readonly PropertyKey[]): { message: string; fix: string } {
  const inside = path.map(String).join(".");
  const place = inside === "" ? "" : ` in ${inside}`;
  return { message: `unknown key "${key}"${place}`, fix: suggestName(key, keysAt(inside), "keys here") };
}

function keysAt(path: string): readonly string[] {
  const shape = acceleratorFileSchema.shape;
  if (path === "onChip" || path === "offChip") return Object.keys(shape[path].shape);
  if (path === "perCore" || path === "perGroup") return Object.keys(shape[path].unwrap().shape);
  return path === "sources" ? Object.values(filePaths) : Object.keys(shape);
}

function tooLarge(fileName: string): LaminateError {
  return badInput("the file is too large to describe an accelerator", {
    where: fileName,
    fix: "pass an accelerator file, or the name of a preset",
  });
}
