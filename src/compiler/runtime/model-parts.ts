/** A program as a manifest and files: what is loaded here at once, or written to a folder and loaded elsewhere. */
import { assert, known } from "../../base/assert.ts";
import { bytesOfContent, type Content, contentOf } from "../codegen/content.ts";
import { type EncodeOptions, encodeProgram } from "../codegen/encode-program.ts";
import type { Program, ProgramTensor } from "../codegen/program.ts";
import { bytesPerElement, elementCountOf } from "./elements.ts";
import { type ModelFile, type ModelManifest, type ModelVariant, manifestFormat } from "./manifest.ts";

export interface ModelParts {
  readonly manifest: ModelManifest;
  /** The files by name. */
  readonly files: ReadonlyMap<string, Content>;
}

export interface PartsOptions {
  /** Threads that it may be run on later; 1, unless given. */
  readonly threads?: number;
  /** Steps of less work run on one thread alone: about ten microseconds of it, unless given; 0 shares out all that has parts. */
  readonly leastSharedWork?: number;
}

/**
 * The parts of one program, or of one that uses relaxed SIMD and one that does not. Where both have the same code or
 * the same weights, they share the file.
 *
 * A module either takes shared memory or does not. With threads there is only the one that does: it serves one thread
 * too, since an engine makes shared memory even where it may not pass it to a worker.
 *
 * @throws LaminateError bad-input for memory beyond 4 GiB and for inputs or outputs of types that no array holds
 */
export function modelParts(programs: readonly Program[], options: PartsOptions = {}): ModelParts {
  const { threads = 1, leastSharedWork } = options;
  const encoding = { threads: threads > 1, ...(leastSharedWork === undefined ? {} : { leastSharedWork }) };
  const files = new FileSet();
  // What runs everywhere first, as it gets the plain names.
  const ordered = programs.toSorted((a, b) => Number(a.relaxedSimd) - Number(b.relaxedSimd));
  const first = known(ordered[0], "a program");
  const variants = ordered.map((program) => variantOf(program, first, encoding, files));
  const isGain = (variant: ModelVariant, index: number): boolean =>
    index === 0 || variant.kernels !== variants[0]?.kernels;
  const tensors = (of: readonly ProgramTensor[]) =>
    of.map(({ name, elementType, shape }) => ({ name, elementType, shape }));
  const manifest = {
    format: manifestFormat,
    name: first.name,
    inputs: tensors(first.inputs),
    outputs: tensors(first.outputs),
    threads,
    variants: variants.filter(isGain).toReversed(),
  } as const;
  return { manifest, files: files.byName() };
}

function variantOf(program: Program, first: Program, encoding: EncodeOptions, files: FileSet): ModelVariant {
  const { relaxedSimd, constants, memoryBytes, inputs, outputs } = program;
  assert(signature(program) === signature(first), "variants of a network have the same inputs and outputs");
  for (const tensor of [...inputs, ...outputs]) checkPlace(tensor);
  const stemEnding = program === first ? "" : ".relaxed";
  return {
    relaxedSimd,
    kernels: files.add("kernels", `${stemEnding}.wasm`, contentOf(encodeProgram(program, encoding))),
    weights: files.add("weights", `${stemEnding}.bin`, constants),
    weightsOffset: constants.byteOffset,
    memoryBytes,
    inputOffsets: inputs.map(({ byteOffset }) => byteOffset),
    outputOffsets: outputs.map(({ byteOffset }) => byteOffset),
  };
}

/** Files without duplicates. */
class FileSet {
  private readonly entries: {
    readonly file: ModelFile;
    readonly stem: string;
    readonly content: Content;
  }[] = [];

  /** The record of the file with these bytes: one that is there already, or a new one. */
  add(stem: string, ending: string, content: Content): ModelFile {
    const old = this.entries.find((entry) => entry.stem === stem && isSame(entry.content, content));
    if (old !== undefined) return old.file;
    const file = { name: `${stem}${ending}`, bytes: content.byteLength };
    this.entries.push({ file, stem, content });
    return file;
  }

  byName(): ReadonlyMap<string, Content> {
    return new Map(this.entries.map(({ file, content }) => [file.name, content]));
  }
}

function isSame(a: Content, b: Content): boolean {
  if (a === b) return true;
  if (a.byteLength !== b.byteLength) return false;
  const [left, right] = [bytesOfContent(a), bytesOfContent(b)];
  // A callback for each byte would take seconds for a large network.
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

function signature({ inputs, outputs }: Program): string {
  return JSON.stringify(
    [inputs, outputs].map((tensors) =>
      tensors.map(({ name, elementType, shape }) => [name, elementType, shape]),
    ),
  );
}

/** That an array of the tensor's type can lie where the program says. */
function checkPlace(tensor: ProgramTensor): void {
  const size = bytesPerElement(tensor);
  assert(tensor.byteOffset % size === 0, `${tensor.name} lies between two elements, at ${tensor.byteOffset}`);
  const bytes = size * elementCountOf(tensor);
  assert(tensor.byteLength >= bytes, `${tensor.name} has ${tensor.byteLength} bytes, and needs ${bytes}`);
}
