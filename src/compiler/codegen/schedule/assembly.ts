/**
 * A program in the making: kernels, each kept once, the steps that call them, and which memory each step touches. Storage
 * gets its place in the linear memory when all steps are known, so that what is never alive at once may share it.
 */
import { assert, known } from "../../../base/assert.ts";
import type { Buffer } from "../loops/expr.ts";
import { storedBytes } from "../loops/expr.ts";
import { planMemory } from "../memory-plan.ts";
import type { Program, ProgramTensor, Step } from "../program.ts";
import type { Callee } from "../wasm/code.ts";
import { fingerprint } from "../wasm/fingerprint.ts";
import type { WasmFunction } from "../wasm/function-builder.ts";
import { type PlacedBuffer, type Storage, storageBytes, type View } from "./views.ts";

/** The first bytes of the memory belong to the runtime. */
export const reservedBytes = 64;
const alignment = 64;

interface PlannedStep extends Omit<Step, "addresses"> {
  readonly buffers: readonly PlacedBuffer[];
}

/** A step without the memory that it touches. */
export interface NewStep {
  readonly function: WasmFunction;
  readonly units: number;
  readonly work: number;
  readonly label: string;
  readonly buffers: readonly PlacedBuffer[];
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
  private readonly byName = new Map<string, WasmFunction>();
  private readonly steps: PlannedStep[] = [];

  /** A helper that kernels call by its name. */
  addHelper(fn: WasmFunction): Callee {
    this.byName.set(fn.name, fn);
    return fn;
  }

  addStep({ function: fn, units, work, label, buffers }: NewStep): void {
    this.steps.push({ kernel: this.kernelNamed(fn), units, work, label, buffers });
  }

  get stepCount(): number {
    return this.steps.length;
  }

  /** Kernels that are the same but for the name are one. */
  private kernelNamed(fn: WasmFunction): string {
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
    relaxedSimd: boolean,
  ): Program {
    const offsets = this.placeStorage(inputs, outputs);
    const constants = [...offsets.keys()].filter((storage) => storage.constant !== undefined);
    const tensor = ({ name: valueName, elementType, view }: NamedView): ProgramTensor => ({
      name: valueName,
      elementType,
      shape: view.shape,
      byteOffset:
        known(offsets.get(view.storage), "place") + view.offset * storedBytes[view.storage.elementType],
      byteLength: storageBytes(view.storage),
    });
    const places = constants.map((storage) => ({ storage, at: known(offsets.get(storage), "place") }));
    const end = places.reduce(
      (last, { storage, at }) => Math.max(last, at + storageBytes(storage)),
      reservedBytes,
    );
    const writeTo = (target: Uint8Array): void => {
      for (const { storage, at } of places) {
        storage.constant?.writeTo(
          target.subarray(at - reservedBytes, at - reservedBytes + storageBytes(storage)),
        );
      }
    };
    return {
      name,
      functions: [...this.byName.values()],
      steps: this.steps.map(({ buffers, ...step }) => ({
        ...step,
        addresses: buffers.map(
          ({ storage, offset, buffer }) =>
            known(offsets.get(storage), `place of ${storage.name}`) +
            offset * storedBytes[buffer.elementType],
        ),
      })),
      inputs: inputs.map(tensor),
      outputs: outputs.map(tensor),
      constants: { byteOffset: reservedBytes, byteLength: end - reservedBytes, writeTo },
      memoryBytes: this.memoryBytes(offsets),
      relaxedSimd,
    };
  }

  private memoryBytes(offsets: ReadonlyMap<Storage, number>): number {
    let end = reservedBytes;
    // Kernels may read whole vectors over the end of what they are given.
    for (const [storage, offset] of offsets) end = Math.max(end, offset + storageBytes(storage) + alignment);
    return end;
  }

  /** Constants first, then values, with places shared by those that are not alive at once. */
  private placeStorage(
    inputs: readonly NamedView[],
    outputs: readonly NamedView[],
  ): ReadonlyMap<Storage, number> {
    const first = new Map<Storage, number>();
    const last = new Map<Storage, number>();
    this.steps.forEach(({ buffers }, at) => {
      for (const { storage } of buffers) {
        if (!first.has(storage)) first.set(storage, at);
        last.set(storage, at);
      }
    });
    // What the network is given is there before the first step, what it gives after the last.
    for (const { view } of inputs) {
      first.set(view.storage, 0);
      last.set(view.storage, last.get(view.storage) ?? 0);
    }
    for (const { view } of outputs) {
      first.set(view.storage, first.get(view.storage) ?? 0);
      last.set(view.storage, this.steps.length);
    }
    const offsets = new Map<Storage, number>();
    let at = reservedBytes;
    for (const storage of first.keys()) {
      if (storage.constant === undefined) continue;
      offsets.set(storage, at);
      at = aligned(at + storageBytes(storage));
    }
    const values = [...first.keys()].filter(({ constant }) => constant === undefined);
    const plan = planMemory(
      values.map((storage, index) => ({
        name: `${index}`,
        bytes: storageBytes(storage),
        firstStep: known(first.get(storage), "first step"),
        lastStep: known(last.get(storage), "last step"),
      })),
    );
    values.forEach((storage, index) => {
      offsets.set(storage, at + known(plan.offsets.get(`${index}`), "offset"));
    });
    assert(offsets.size === first.size, "a storage has no place");
    return offsets;
  }
}

export interface NamedView {
  readonly name: string;
  readonly elementType: ProgramTensor["elementType"];
  readonly view: View;
}

const aligned = (at: number): number => Math.ceil(at / alignment) * alignment;
