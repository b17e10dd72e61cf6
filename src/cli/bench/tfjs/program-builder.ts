/**
 * Builds a tfjs program out of steps. A value lives in a slot, one for each layout in which it is wanted; transposes come
 * in only where layouts meet. Steps on constants run while the program is built, as a converter would fold them.
 */
import { known } from "../../../base/assert.ts";
import type { OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import { valueOfTensor } from "../../../graph/ir/runtime-tensor.ts";
import { numbersOf, type TensorValue } from "../../../graph/ir/runtime-value.ts";
import type { ElementType, Tensor } from "../../../graph/ir/tensor.ts";
import { staticShape } from "../../../graph/ops/fold.ts";
import { type Layout, movesNothing, toLast, toPlain } from "./layout.ts";
import { type Tf, type TfDataType, type TfTensor, UnsupportedByTfjs } from "./tf.ts";

/** One call of tfjs. */
export interface Step {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly run: (inputs: readonly TfTensor[]) => readonly TfTensor[];
}

export class ProgramBuilder {
  readonly tf: Tf;
  readonly typed: TypedGraph;
  readonly steps: Step[] = [];
  /** Tensors that are there before a run. */
  readonly constants = new Map<number, TfTensor>();
  /** Nodes that an earlier one has taken in. */
  readonly absorbed = new Set<OpNode>();
  private readonly slots = new Map<string, number>();
  private readonly layouts = new Map<string, Layout>();
  private readonly users: ReadonlyMap<string, readonly OpNode[]>;
  private slotCount = 0;

  constructor(tf: Tf, typed: TypedGraph) {
    this.tf = tf;
    this.typed = typed;
    this.users = usersOf(typed);
  }

  get slotTotal(): number {
    return this.slotCount;
  }

  /** The shape as ONNX states it. */
  shapeOf(name: string): readonly number[] {
    const shape = staticShape(this.typed.types.get(name)?.shape);
    if (shape === undefined) throw new UnsupportedByTfjs(`the shape of "${name}" is not known`);
    return shape;
  }

  elementTypeOf(name: string): ElementType {
    return this.typed.types.get(name)?.elementType ?? "undefined";
  }

  isConstant(name: string): boolean {
    const slot = this.slots.get(`${name}@plain`) ?? this.slots.get(`${name}@last`);
    if (slot !== undefined) return this.constants.has(slot);
    return this.typed.graph.constants.has(name) || this.typed.values.has(name);
  }

  /** A constant's elements; undefined for what is computed. */
  constantValue(name: string): TensorValue | undefined {
    const tensor = this.typed.graph.constants.get(name) ?? this.typed.values.get(name);
    return tensor === undefined ? undefined : valueOfTensor(tensor, `tensor "${name}"`);
  }

  /** A constant's elements as numbers, for axes, shapes and parameters. */
  numbers(name: string | undefined): readonly number[] | undefined {
    if (name === undefined || name === "") return undefined;
    const value = this.constantValue(name);
    if (value !== undefined) return Array.from(numbersOf(value));
    const computed = this.computedConstant(name);
    return computed === undefined ? undefined : Array.from(computed.dataSync());
  }

  /** The elements of an attribute's tensor. */
  tensorNumbers(tensor: Tensor): readonly number[] {
    return Array.from(numbersOf(valueOfTensor(tensor)));
  }

  /** An attribute's tensor. */
  tensorOf(tensor: Tensor): TfTensor {
    return tfTensor(this.tf, valueOfTensor(tensor));
  }

  /** The only node that reads a value, if the value is nothing else's business. */
  onlyUser(name: string): OpNode | undefined {
    if (this.typed.graph.outputs.some((output) => output.name === name)) return undefined;
    const [user, second] = this.users.get(name) ?? [];
    return second === undefined ? user : undefined;
  }

  usersOf(name: string): readonly OpNode[] {
    return this.users.get(name) ?? [];
  }

  /** The layout in which a value was made; constants take any. */
  layoutOf(name: string): Layout {
    return this.layouts.get(name) ?? "plain";
  }

  /** The slot of a value in a layout; brings in the transpose where it was made in the other. */
  slot(name: string, layout: Layout = "plain"): number {
    const key = `${name}@${layout}`;
    const found = this.slots.get(key);
    if (found !== undefined) return found;
    const other: Layout = layout === "plain" ? "last" : "plain";
    const made =
      this.slots.get(`${name}@${other}`) ?? (other === "plain" ? this.constantSlot(name) : undefined);
    if (made === undefined) return known(this.constantSlot(name), `the value "${name}"`);
    const shape = this.shapeOf(name);
    const to = layout === "last" ? toLast : toPlain;
    const madeShape = other === "last" ? toLast.map((axis) => shape[axis] ?? 1) : shape;
    const slot = this.derive([made], (x) => this.transpose(x, to, madeShape));
    this.slots.set(key, slot);
    return slot;
  }

  /** A transpose, or the reshape that does the same. */
  transpose(x: TfTensor, permutation: readonly number[], shape: readonly number[]): TfTensor {
    if (!movesNothing(permutation, shape)) return this.tf.transpose(x, [...permutation]);
    return this.tf.reshape(
      x,
      permutation.map((axis) => shape[axis] ?? 1),
    );
  }

  /** Adds a step that makes one value. */
  emit(
    name: string,
    layout: Layout,
    reads: readonly number[],
    run: (...inputs: readonly TfTensor[]) => TfTensor,
  ): void {
    this.emitMany([name], layout, reads, (inputs) => [run(...inputs)]);
  }

  /** Adds a step that makes several values; those named "" are not wanted. */
  emitMany(
    names: readonly string[],
    layout: Layout,
    reads: readonly number[],
    run: (inputs: readonly TfTensor[]) => readonly TfTensor[],
  ): void {
    const writes = this.addStep(reads, names.length, run);
    names.forEach((name, index) => {
      this.layouts.set(name, layout);
      this.slots.set(`${name}@${layout}`, writes[index] ?? 0);
    });
  }

  /** A value that no node makes: an input. */
  input(name: string, layout: Layout): number {
    const slot = this.slotCount++;
    this.layouts.set(name, layout);
    this.slots.set(`${name}@${layout}`, slot);
    return slot;
  }

  /** A slot without a name, made by one step. */
  derive(reads: readonly number[], run: (...inputs: readonly TfTensor[]) => TfTensor): number {
    return this.addStep(reads, 1, (inputs) => [run(...inputs)])[0] ?? 0;
  }

  /** A constant in the form in which an operator wants it; the form of the file is not kept. */
  weights(name: string, form: (value: TfTensor) => TfTensor): number {
    const value = this.constantValue(name);
    const computed = value === undefined ? this.computedConstant(name) : undefined;
    if (value === undefined && computed === undefined) {
      throw new UnsupportedByTfjs(`weights that are computed ("${name}")`);
    }
    return this.newConstant(
      this.tf.tidy(() => {
        const given = value === undefined ? computed : tfTensor(this.tf, value);
        return this.tf.keep(this.tf.clone(form(known(given, "a constant"))));
      }),
    );
  }

  /** A constant of the program itself. */
  newConstant(tensor: TfTensor): number {
    const slot = this.slotCount++;
    this.constants.set(slot, tensor);
    return slot;
  }

  /** What steps on constants have made. */
  private computedConstant(name: string): TfTensor | undefined {
    const slot = this.slots.get(`${name}@plain`);
    return slot === undefined ? undefined : this.constants.get(slot);
  }

  private constantSlot(name: string): number | undefined {
    const found = this.slots.get(`${name}@plain`);
    if (found !== undefined) return found;
    const value = this.constantValue(name);
    if (value === undefined) return undefined;
    const slot = this.newConstant(tfTensor(this.tf, value));
    this.slots.set(`${name}@plain`, slot);
    return slot;
  }

  private addStep(
    reads: readonly number[],
    outputs: number,
    run: (inputs: readonly TfTensor[]) => readonly TfTensor[],
  ): readonly number[] {
    const writes = Array.from({ length: outputs }, () => this.slotCount++);
    const inputs = reads.flatMap((slot) => this.constants.get(slot) ?? []);
    if (inputs.length < reads.length) this.steps.push({ reads, writes, run });
    else {
      run(inputs).forEach((tensor, index) => {
        this.constants.set(writes[index] ?? 0, tensor);
      });
    }
    return writes;
  }
}

/** tfjs knows three types: 64-bit and small integers become int32, doubles float32. */
export function tfDataType(elementType: ElementType): TfDataType {
  if (elementType === "bool") return "bool";
  if (/^float(?:32|64|16)$/.test(elementType)) return "float32";
  if (/^u?int(?:8|16|32|64)$/.test(elementType)) return "int32";
  throw new UnsupportedByTfjs(`elements of type ${elementType}`);
}

/** The elements as tfjs takes them. */
export function tfElements(value: TensorValue): Float32Array | Int32Array | Uint8Array {
  const dataType = tfDataType(value.elementType);
  const numbers = numbersOf(value);
  if (dataType === "float32") return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  if (dataType === "bool") return Uint8Array.from(numbers);
  if (numbers instanceof Int32Array) return numbers;
  // "To the end" of a slice is 2^63 - 1.
  return Int32Array.from(numbers, (number) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, number)));
}

function tfTensor(tf: Tf, value: TensorValue): TfTensor {
  return tf.tensor(tfElements(value), [...value.shape], tfDataType(value.elementType));
}

function usersOf({ graph }: TypedGraph): ReadonlyMap<string, readonly OpNode[]> {
  const users = new Map<string, OpNode[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) users.set(name, [...(users.get(name) ?? []), node]);
  }
  return users;
}
