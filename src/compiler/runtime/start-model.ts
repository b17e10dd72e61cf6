/**
 * From a manifest and its files to a network that runs: chooses the variant, fills the memory, starts the threads. The
 * library and every model.js that it writes run networks through this one function.
 */
import { badInput, LaminateError, usageError } from "../../base/errors.ts";
import type { HostThread, ReadInto, StartThread } from "../../base/host.ts";
import { quote } from "../../base/quote.ts";
import { checksum } from "./checksum.ts";
import { type Elements, type ModelInputs, matchInputs, viewOf } from "./elements.ts";
import { mayWait, requireSimd, supportsRelaxedSimd, whyNoSharedMemory } from "./features.ts";
import type { ModelFile, ModelManifest, ModelTensor, ModelVariant } from "./manifest.ts";
import { endThreads, failureReason, startThreads } from "./worker-threads.ts";

export interface StartOptions {
  /** Threads to run on; where that cannot be, it is one and the notes say why. */
  readonly threads?: number;
  /** How threads are started here. */
  readonly startThread?: StartThread;
}

export interface RunOptions {
  /**
   * Gives outputs that are views of the network's memory and no copies: they hold until the next run or dispose, and
   * must not be written to. With threads, they lie in shared memory, which some functions of the web refuse.
   */
  readonly views?: boolean;
}

/** A network in memory. It runs one call at a time. */
export interface RunningModel {
  readonly name: string;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** Threads that it runs on, the caller's among them. */
  readonly threads: number;
  readonly relaxedSimd: boolean;
  /** What is not as it was asked for, and why. */
  readonly notes: readonly string[];
  /**
   * The outputs by name.
   *
   * @throws LaminateError bad-input for inputs whose names, types or sizes are wrong
   */
  run(inputs: ModelInputs, options?: RunOptions): Promise<Record<string, Elements>>;
  /** The same for callers that cannot wait for a promise. Both hold the caller's thread until the network has run. */
  runNow(inputs: ModelInputs, options?: RunOptions): Record<string, Elements>;
  /**
   * An input's place in the network's memory. Given to a run, it is taken as it lies there, without a copy. What was written
   * to it outlasts the run only where the program was compiled to keep it (`keptInputs`).
   *
   * @throws LaminateError usage for a name that is no input
   */
  inputView(name: string): Elements;
  /** Ends its threads and lets go of its memory. */
  dispose(): void;
}

const mostThreads = 64;
/** V8 of Node 20 makes fast code of a kernel after some hundred calls; a thousand of small ones take a millisecond. */
const warmRounds = 2000;

export async function startModel(
  manifest: ModelManifest,
  read: ReadInto,
  options: StartOptions = {},
): Promise<RunningModel> {
  const { threads: asked = 1 } = options;
  if (!Number.isInteger(asked) || asked < 1 || asked > mostThreads) {
    throw usageError(`${asked} is no number of threads`, {
      where: "threads",
      fix: `give a whole number from 1 to ${mostThreads}`,
    });
  }
  requireSimd(manifest.name);
  const alone = asked === 1 ? undefined : whyAlone(manifest, options);
  const threads = alone === undefined ? asked : 1;
  const notes = alone === undefined ? [] : [`runs on one thread: ${alone}`];
  const variant = chooseVariant(manifest);
  if (variant !== manifest.variants[0]) notes.push("runs without relaxed SIMD, which this engine lacks");
  const memory = allocate(manifest, variant.memoryBytes);
  const weights = new Uint8Array(memory.buffer, variant.weightsOffset, variant.weights.bytes);
  const kernels = new Uint8Array(variant.kernels.bytes);
  await fill(read, variant.kernels, kernels);
  const module = await WebAssembly.compile(kernels);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  // Before the weights, so that fast code is made while they are read and packed.

  (instance.exports.warm as ((rounds: number) => void) | undefined)?.(warmRounds);
  await fill(read, variant.weights, weights);
  (instance.exports.prepare as (() => void) | undefined)?.();
  let others: readonly HostThread[] = [];
  if (threads > 1 && options.startThread !== undefined) {
    try {
      others = await startThreads(options.startThread, module, memory, threads);
    } catch (error) {
      // A thread that did start may still be about to join, so the next attempt gets a memory of its own.
      endThreads(memory);
      const single = await startModel(manifest, read, {});
      const reason = error instanceof Error ? error.message : String(error);
      const note = `runs on one thread: threads cannot be started here (${reason})`;
      return { ...single, notes: [note, ...single.notes] };
    }
  }
  return runningModel({ manifest, variant, memory, instance, others, notes });
}

function whyAlone({ threads }: ModelManifest, { startThread }: StartOptions): string | undefined {
  if (threads < 2) return "it was compiled for one (compile it with --threads)";
  return startThread === undefined ? "no way to start threads was given" : whyNoSharedMemory();
}

function chooseVariant({ name, variants }: ModelManifest): ModelVariant {
  const hasRelaxed = supportsRelaxedSimd();
  const found = variants.find(({ relaxedSimd }) => hasRelaxed || !relaxedSimd);
  if (found !== undefined) return found;
  throw badInput("the network was compiled for relaxed SIMD only, which this engine lacks", {
    where: name,
    fix: "compile it without relaxed SIMD too, or use Node 22, Chrome 114 or later",
  });
}

/** The memory is as large as it will ever be. */
function allocate({ name, threads }: ModelManifest, memoryBytes: number): WebAssembly.Memory {
  const pages = Math.max(1, Math.ceil(memoryBytes / 65_536));
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: threads > 1 });
  } catch (error) {
    throw new LaminateError(
      {
        code: "bad-input",
        message: `the network needs ${memoryBytes} bytes of memory, which cannot be had here`,
        where: name,
        fix: "compile it for smaller shapes or a smaller batch, or free some memory",
      },
      { cause: error },
    );
  }
}

async function fill(read: ReadInto, file: ModelFile, target: Uint8Array): Promise<void> {
  const fix = "copy the whole folder again: its files belong together";
  const length = await read(file.name, target).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw badInput(`the file cannot be read: ${reason}`, { where: file.name, fix });
  });
  if (length !== file.bytes) {
    throw badInput(`the file has ${length} bytes, and ${file.bytes} are expected`, { where: file.name, fix });
  }
  if (file.checksum === undefined || checksum(target) === file.checksum) return;
  throw badInput("the file is damaged or belongs to another network: its checksum is wrong", {
    where: file.name,
    fix,
  });
}

interface Parts {
  readonly manifest: ModelManifest;
  readonly variant: ModelVariant;
  readonly memory: WebAssembly.Memory;
  readonly instance: WebAssembly.Instance;
  readonly others: readonly HostThread[];
  readonly notes: readonly string[];
}

function runningModel({ manifest, variant, memory, instance, others, notes }: Parts): RunningModel {
  const { name, inputs, outputs } = manifest;
  const threads = others.length + 1;
  const viewsAt = (tensors: readonly ModelTensor[], offsets: readonly number[]): readonly Elements[] =>
    tensors.map((tensor, index) => viewOf(tensor, memory.buffer, offsets[index] ?? 0));
  const waits = mayWait() ? 1 : 0;
  let state: LiveState | { readonly over: string } = {
    inputViews: viewsAt(inputs, variant.inputOffsets),
    outputViews: viewsAt(outputs, variant.outputOffsets),
    run: instance.exports.run as LiveState["run"],
    memory,
  };
  /** Forgets the memory, so that it can be collected while somebody still holds the model. */
  const end = (over: string): void => {
    if ("over" in state) return;
    if (threads > 1) endThreads(state.memory);
    for (const thread of others) thread.stop();
    state = { over };
  };
  const live = (): LiveState => {
    if ("over" in state) throw usageError(state.over, { where: name, fix: "load it again" });
    return state;
  };
  const runNow: RunningModel["runNow"] = (given, { views = false } = {}) => {
    const { inputViews, outputViews, run, memory: own } = live();
    matchInputs(inputs, given).forEach((elements, index) => {
      copyInto(inputViews[index], elements, inputs[index]?.elementType === "bool");
    });
    try {
      run(0, threads, waits);
    } catch (error) {
      const reason = threads > 1 ? failureReason(own) : "";
      // Threads may have stopped anywhere; alone, the next run begins afresh.
      if (threads > 1) end("the network has stopped after a failure");
      throw kernelError(name, reason, error);
    }
    return Object.fromEntries(
      outputViews.map((view, index) => [outputs[index]?.name ?? "", views ? view : view.slice()]),
    );
  };
  return {
    name,
    inputs,
    outputs,
    threads,
    relaxedSimd: variant.relaxedSimd,
    notes,
    run: async (given, options) => runNow(given, options),
    runNow,
    inputView: (wanted) => {
      const view = live().inputViews[inputs.findIndex((input) => input.name === wanted)];
      if (view !== undefined) return view;
      throw usageError(`there is no input ${quote(wanted)}`, { where: name });
    },
    dispose: () => end("the network was disposed of"),
  };
}

interface LiveState {
  readonly inputViews: readonly Elements[];
  readonly outputViews: readonly Elements[];
  readonly run: (thread: number, threads: number, mayWait: number) => void;
  readonly memory: WebAssembly.Memory;
}

function copyInto(view: Elements | undefined, elements: Elements, isBool: boolean): void {
  if (elements === view && !isBool) return;
  (view as Uint8Array).set(elements as Uint8Array);
  if (!isBool) return;
  // Kernels count on 0 and 1.
  const bytes = view as Uint8Array;
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== 0) bytes[index] = 1;
}

/** Whole-number division by zero is up to the inputs; anything else that stops a kernel is our own bug. */
function kernelError(name: string, reason: string, error: unknown): Error {
  const text = reason === "" && error instanceof Error ? error.message : reason;
  const isInput = /divi|remainder|overflow|unrepresentable/.test(text);
  return new LaminateError(
    {
      code: isInput ? "bad-input" : "internal",
      message: `a kernel stopped: ${text}`,
      where: name,
      ...(isInput ? { fix: "look for divisors that are 0 in the inputs" } : {}),
    },
    { cause: error },
  );
}
