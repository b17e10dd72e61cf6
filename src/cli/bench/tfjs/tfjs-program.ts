/** A network as a tfjs program: what to call in which order, and when a tensor is let go. */
import type { OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import { imageLowerings } from "./convolution.ts";
import { elementwiseLowerings } from "./elementwise.ts";
import type { Layout } from "./layout.ts";
import type { LoweringTable } from "./lowering.ts";
import { matrixLowerings } from "./matrix.ts";
import { ProgramBuilder, type Step, tfDataType } from "./program-builder.ts";
import { rearrangingLowerings } from "./rearranging.ts";
import { type Tf, type TfTensor, UnsupportedByTfjs } from "./tf.ts";

/** A named value at one end of the program. */
export interface ProgramEnd {
  readonly name: string;
  readonly slot: number;
  readonly layout: Layout;
}

export interface TfjsProgram {
  readonly inputs: readonly ProgramEnd[];
  readonly outputs: readonly ProgramEnd[];
  /** The outputs for these inputs, which the call takes over; the caller disposes of the outputs. */
  run(inputs: readonly TfTensor[]): readonly TfTensor[];
  dispose(): void;
}

const lowerings: LoweringTable = {
  ...elementwiseLowerings,
  ...imageLowerings,
  ...matrixLowerings,
  ...rearrangingLowerings,
};

const imageOperators: ReadonlySet<string> = new Set(Object.keys(imageLowerings));

/** Throws UnsupportedByTfjs where an operator has no counterpart. */
export function tfjsProgram(tf: Tf, typed: TypedGraph): TfjsProgram {
  const builder = new ProgramBuilder(tf, typed);
  const inputs = typed.graph.inputs.map(({ name }): ProgramEnd => {
    // Refuses types that tfjs does not know.
    tfDataType(builder.elementTypeOf(name));
    const layout = inputLayout(builder, name);
    return { name, layout, slot: builder.input(name, layout) };
  });
  for (const node of typed.graph.nodes) lower(builder, node);
  const outputs = typed.graph.outputs.map(({ name }): ProgramEnd => {
    tfDataType(builder.elementTypeOf(name));
    const layout = builder.layoutOf(name);
    return { name, layout, slot: builder.slot(name, layout) };
  });
  return program(builder, inputs, outputs);
}

function lower(builder: ProgramBuilder, node: OpNode): void {
  if (builder.absorbed.has(node)) return;
  // What shape inference has worked out needs no step.
  if (node.outputs.every((name) => name === "" || builder.typed.values.has(name))) return;
  const lowering = node.domain === "" ? lowerings[node.operator] : undefined;
  if (lowering === undefined) throw new UnsupportedByTfjs(`operator ${node.operator} has no counterpart`);
  lowering(builder, node);
}

/** A user of tfjs has images with the channels last. */
function inputLayout(builder: ProgramBuilder, name: string): Layout {
  const isImage = builder.usersOf(name).some(({ operator }) => imageOperators.has(operator));
  return isImage && builder.shapeOf(name).length === 4 ? "last" : "plain";
}

function program(
  builder: ProgramBuilder,
  inputs: readonly ProgramEnd[],
  outputs: readonly ProgramEnd[],
): TfjsProgram {
  const { steps, constants } = builder;
  const releases = lastReads(steps, constants, inputs, outputs);
  disposeUnread(builder, outputs);
  const slots = new Array<TfTensor | undefined>(builder.slotTotal).fill(undefined);
  for (const [slot, tensor] of constants) slots[slot] = tensor;
  return {
    inputs,
    outputs,
    run: (given) => {
      inputs.forEach(({ slot }, index) => {
        slots[slot] = given[index];
      });
      steps.forEach(({ reads, writes, run }, index) => {
        const results = run(reads.map((slot) => slots[slot] as TfTensor));
        writes.forEach((slot, place) => {
          slots[slot] = results[place];
        });
        for (const slot of releases[index] ?? []) {
          slots[slot]?.dispose();
          slots[slot] = undefined;
        }
      });
      // An output may be a constant, an input or another output: each gets a tensor of its own.
      return outputs.map(({ slot }) => builder.tf.clone(slots[slot] as TfTensor));
    },
    dispose: () => {
      for (const tensor of slots) tensor?.dispose();
    },
  };
}

/** For each step the slots that nothing reads after it. Those that no step reads are let go by the next run's dispose. */
function lastReads(
  steps: readonly Step[],
  constants: ReadonlyMap<number, TfTensor>,
  inputs: readonly ProgramEnd[],
  outputs: readonly ProgramEnd[],
): readonly (readonly number[])[] {
  const last = new Map<number, number>();
  for (const { slot } of inputs) last.set(slot, 0);
  steps.forEach(({ reads, writes }, index) => {
    for (const slot of [...writes, ...reads]) last.set(slot, index);
  });
  for (const { slot } of outputs) last.delete(slot);
  const releases: number[][] = steps.map(() => []);
  for (const [slot, index] of last) if (!constants.has(slot)) releases[index]?.push(slot);
  return releases;
}

/** Constants in forms that only the building needed. */
function disposeUnread({ steps, constants }: ProgramBuilder, outputs: readonly ProgramEnd[]): void {
  const read = new Set([...steps.flatMap(({ reads }) => reads), ...outputs.map(({ slot }) => slot)]);
  for (const [slot, tensor] of constants) {
    if (read.has(slot)) continue;
    tensor.dispose();
    constants.delete(slot);
  }
}
