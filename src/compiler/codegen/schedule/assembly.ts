/**
 * A program in the making: kernels, each kept once, the steps that call them, and which memory each step touches. Storage
 * gets its place in the linear memory when all steps are known, so that what is never alive at once may share it.
 */
import { known } from "../../../base/assert.ts";
import { reusedRoom } from "../../../graph/ir/materialize.ts";
import type { Buffer } from "../loops/expr.ts";
import { storedBytes } from "../loops/expr.ts";
import type { Program, ProgramTensor, Step } from "../program.ts";
import type { Callee } from "../wasm/code.ts";
import { fingerprint } from "../wasm/fingerprint.ts";
import type { WasmFunction } from "../wasm/function-builder.ts";
import { placeStorage, reservedBytes } from "./place-storage.ts";
import { type PlacedBuffer, type Storage, storageBytes, type View } from "./views.ts";

interface PlannedStep extends Omit<Step, "addresses" | "reads" | "writes"> {
  readonly buffers: readonly PlacedBuffer[];
  readonly reads: ReadonlySet<Storage>;
  readonly writes: ReadonlySet<Storage>;
}

/** A step without the memory that it touches. */
export interface NewStep {
  readonly function: WasmFunction;
  readonly units: number;
  readonly firstUnit?: number;
  readonly work: number;
  readonly label: string;
  readonly buffers: readonly PlacedBuffer[];
  /** Those of the buffers that it writes; all others it reads. */
  readonly writes: readonly Buffer[];
  /** Those that it reads and writes. */
  readonly changes?: readonly Buffer[];
}

/** The buffers of one kernel: each part of memory that it sees, in the order of its address parameters. */
export class KernelBuffers {
  readonly placed: PlacedBuffer[] = [];

  /** The buffer that begins at the view's first element. */
  of(view: View): Buffer {
    return this.at(view.storage, view.offset);
  }

  at(storage: Storage, offset: number): Buffer {
    const old = this.placed.find((one) => one.storage === storage && one.offset === offset);
    if (old !== undefined) return old.buffer;
    const buffer: Buffer = { name: `b${this.placed.length}`, elementType: storage.elementType };
    this.placed.push({ buffer, storage, offset });
    return buffer;
  }

  get buffers(): readonly Buffer[] {
    return this.placed.map(({ buffer }) => buffer);
  }
}

export class Assembly {
  private readonly functions = new Map<string, WasmFunction>();
  private readonly kernels = new Map<WasmFunction, string>();
  private readonly byName = new Map<string, WasmFunction>();
  private readonly preparation: PlannedStep[] = [];
  private readonly steps: PlannedStep[] = [];

  /** A helper that kernels call by its name. */
  addHelper(fn: WasmFunction): Callee {
    this.byName.set(fn.name, fn);
    return fn;
  }

  addStep(step: NewStep): void {
    this.steps.push(this.planned(step));
  }

  /** Adds a step that runs once, before the first run. */
  addPreparation(step: NewStep): void {
    this.preparation.push(this.planned(step));
  }

  private planned({ function: fn, buffers, writes, changes = [], ...step }: NewStep): PlannedStep {
    const storages = (is: (buffer: Buffer) => boolean): ReadonlySet<Storage> =>
      new Set(
        buffers.flatMap(({ buffer, storage }) =>
          storage.constant === undefined && is(buffer) ? [storage] : [],
        ),
      );
    return {
      kernel: this.kernelNamed(fn),
      units: step.units,
      ...(step.firstUnit === undefined ? {} : { firstUnit: step.firstUnit }),
      work: step.work,
      label: step.label,
      buffers,
      reads: storages((buffer) => !writes.includes(buffer)),
      writes: storages((buffer) => writes.includes(buffer) || changes.includes(buffer)),
    };
  }

  get stepCount(): number {
    return this.steps.length;
  }

  /** Kernels that are the same but for the name are one. */
  private kernelNamed(fn: WasmFunction): string {
    const same = this.kernels.get(fn);
    if (same !== undefined) return same;
    const name = this.kernelLike(fn);
    this.kernels.set(fn, name);
    return name;
  }

  private kernelLike(fn: WasmFunction): string {
    const text = fingerprint(fn);
    const old = this.functions.get(text);
    if (old !== undefined) return old.name;
    let name = fn.name;
    for (let copy = 2; this.byName.has(name); copy++) name = `${fn.name}_${copy}`;
    const named = { ...fn, name, exported: false };
    this.functions.set(text, named);
    this.byName.set(name, named);
    return name;
  }

  finish(
    name: string,
    inputs: readonly NamedView[],
    outputs: readonly NamedView[],
    { relaxedSimd, keptInputs }: FinishOptions,
  ): Program {
    const { preparation, steps } = this;
    const viewsOf = (named: readonly NamedView[]): readonly View[] => named.map(({ view }) => view);
    const placed = placeStorage({
      preparation,
      steps,
      inputs: viewsOf(inputs),
      outputs: viewsOf(outputs),
      kept: viewsOf(inputs.filter((input) => keptInputs.includes(input.name))),
    });
    const { offsets, constantsEnd, memoryBytes } = placed;
    const placeOf = (storage: Storage): number => known(offsets.get(storage), `place of ${storage.name}`);
    const tensor = ({ name: valueName, elementType, view }: NamedView): ProgramTensor => ({
      name: valueName,
      elementType,
      shape: view.shape,
      byteOffset: placeOf(view.storage) + view.offset * storedBytes[view.storage.elementType],
      byteLength: storageBytes(view.storage),
    });
    const places = new Map<Storage, number>();
    for (const storage of offsets.keys())
      if (storage.constant === undefined) places.set(storage, places.size);
    const numbers = (storages: ReadonlySet<Storage>): readonly number[] =>
      [...storages].map((storage) => known(places.get(storage), "place"));
    const addressed = ({ buffers, reads, writes, ...step }: PlannedStep): Step => ({
      ...step,
      reads: numbers(reads),
      writes: numbers(writes),
      addresses: buffers.map(
        ({ storage, offset, buffer }) => placeOf(storage) + offset * storedBytes[buffer.elementType],
      ),
    });
    return {
      name,
      functions: [...this.byName.values()],
      preparation: preparation.map(addressed),
      steps: steps.map(addressed),
      places: [...places.keys()].map((storage) => ({
        byteOffset: placeOf(storage),
        byteLength: storageBytes(storage),
      })),
      inputs: inputs.map(tensor),
      outputs: outputs.map(tensor),
      constants: constantsAt(offsets, constantsEnd),
      memoryBytes,
      relaxedSimd,
    };
  }
}

function constantsAt(offsets: ReadonlyMap<Storage, number>, end: number): Program["constants"] {
  const contents = [...offsets].flatMap(([{ constant }, at]) =>
    constant === undefined ? [] : [{ constant, at: at - reservedBytes }],
  );
  return {
    byteOffset: reservedBytes,
    byteLength: end - reservedBytes,
    writeTo: (target, room = reusedRoom()) => {
      for (const { constant, at } of contents)
        constant.writeTo(target.subarray(at, at + constant.byteLength), room);
    },
  };
}

export interface FinishOptions {
  readonly relaxedSimd: boolean;
  /** Names of inputs that stay in their place after a run. */
  readonly keptInputs: readonly string[];
}

export interface NamedView {
  readonly name: string;
  readonly elementType: ProgramTensor["elementType"];
  readonly view: View;
}
