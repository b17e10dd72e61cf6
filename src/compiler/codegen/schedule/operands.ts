/** Operands of kernels that ask more of memory than that it holds the value: channels side by side, zeros around. */
import { known } from "../../../base/assert.ts";
import type { Room } from "../../../graph/ir/materialize.ts";
import { floatContent } from "../content.ts";
import type { Strides, Triple } from "../kernels/place.ts";
import { type Affine, type Loop, loopAffine, zero } from "../loops/affine.ts";
import { constant } from "../loops/expr.ts";
import type { Statement } from "../loops/nest.ts";
import { KernelBuffers } from "./assembly.ts";
import type { BlockState } from "./block.ts";
import { addNest, type Context } from "./context.ts";
import { shapeOf } from "./shapes.ts";
import { storeValues } from "./stores.ts";
import {
  allocateView,
  coversHalo,
  elementAt,
  type Halo,
  isEmptyHalo,
  noHalo,
  type PlacedBuffer,
  type View,
} from "./views.ts";

/** A tensor N C [D] [H] W with its channels innermost, as the kernels of windows want it. */
export interface Image {
  readonly view: View;
  readonly batch: number;
  readonly channels: number;
  /** Depth, height, width; those that are not there are 1. */
  readonly extents: Triple;
  readonly strides: Strides;
}

/** Spatial numbers as a triple, filled up in front. */
export function triple(values: readonly number[], filler: number): Triple {
  const [z = filler, y = filler, x = filler] = [
    ...new Array<number>(3 - values.length).fill(filler),
    ...values,
  ];
  return [z, y, x];
}

/** The value as an image with at least these zeros around it; a copy where it is not one. */
export function imageOf(
  state: BlockState,
  name: string,
  begin: readonly number[],
  end: readonly number[],
): Image {
  const { memory } = state.context;
  const shape = shapeOf(memory.typed, name);
  const wanted: Halo = { before: [0, 0, ...begin], after: [0, 0, ...end] };
  const view = known(memory.viewOf(name), `${name} in memory`);
  const isImage =
    view.storage.elementType === "float32" &&
    ((shape[1] ?? 1) === 1 || view.strides[1] === 1) &&
    coversHalo(view.halo, wanted);
  return asImage(isImage ? view : copyOf(state, name, channelsLastOrder(shape.length), wanted));
}

/** A view with its channels innermost. */
export function asImage(view: View): Image {
  const { shape, strides } = view;
  const [batch = 1, channels = 1, ...sizes] = shape;
  const [z = 0, y = 0, x = 0] = triple(strides.slice(2), 0);
  return {
    view,
    batch,
    channels,
    extents: triple(sizes, 1),
    strides: { batch: strides[0] ?? 0, z, y, x },
  };
}

const channelsLastOrder = (rank: number): readonly number[] => {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [0, ...axes.slice(2), 1];
};

/** The value in other memory. The copy is used by everyone who asks for the same. */
export function copyOf(state: BlockState, name: string, order: readonly number[], halo?: Halo): View {
  const { context } = state;
  const { memory } = context;
  const shape = shapeOf(memory.typed, name);
  const key = `${name}|${order.join()}|${JSON.stringify(halo ?? "")}`;
  const old = context.copies.get(key);
  if (old !== undefined) return old;
  const view = allocateView(
    `${name}.copy`,
    memory.storedType(name),
    shape,
    order,
    halo ?? noHalo(shape.length),
  );
  if (!isEmptyHalo(view.halo)) clearHalo(context, view);
  const before = memory.viewOf(name);
  storeValues(context, [{ name, view }], `copy of ${name}`);
  if (before !== undefined) memory.place(name, before);
  context.copies.set(key, view);
  return view;
}

/** Zeros around a view's elements. */
export function clearHalo(context: Context, view: View): void {
  const { shape, strides, halo } = view;
  const buffers = new KernelBuffers();
  const axes = shape.map((_, axis) => axis).sort((a, b) => (strides[b] ?? 0) - (strides[a] ?? 0));
  const padded = shape.map((size, axis) => size + (halo.before[axis] ?? 0) + (halo.after[axis] ?? 0));
  const origin: View = {
    ...view,
    offset: view.offset - strides.reduce((sum, stride, axis) => sum + stride * (halo.before[axis] ?? 0), 0),
  };
  const buffer = buffers.of(origin);
  const body: Statement[] = [];
  let cleared = 0;
  axes.forEach((axis, at) => {
    // Outer axes are walked inside only: their own ends are cleared already.
    for (const [first, count] of [
      [0, halo.before[axis] ?? 0],
      [(halo.before[axis] ?? 0) + (shape[axis] ?? 1), halo.after[axis] ?? 0],
    ] as const) {
      if (count === 0) continue;
      const loops: Loop[] = [];
      const indices = shape.map((): Affine => zero);
      axes.forEach((other, position) => {
        const isOuter = position < at;
        const extent = other === axis ? count : isOuter ? (shape[other] ?? 1) : (padded[other] ?? 1);
        const start = other === axis ? first : isOuter ? (halo.before[other] ?? 0) : 0;
        const loop = { name: `i${other}`, extent };
        loops.push(loop);
        const index = loopAffine(loop);
        indices[other] = { offset: index.offset + start, terms: index.terms };
      });
      cleared += loops.reduce((product, { extent }) => product * extent, 1);
      const store: Statement = {
        kind: "store",
        buffer,
        index: elementAt({ ...origin, offset: 0 }, indices),
        value: constant("f32", 0),
      };
      const long = loops.filter(({ extent }) => extent > 1);
      body.push(
        ...(long.length === 0 ? [{ name: "once", extent: 1 }] : long).reduceRight<readonly Statement[]>(
          (inner, loop, position, all) => [
            { kind: position === all.length - 1 ? "vector-loop" : "loop", loop, body: inner },
          ],
          [store],
        ),
      );
    }
  });
  addNest(context, {
    name: "clear",
    body,
    buffers,
    work: cleared / 4,
    label: `padding of ${view.storage.name}`,
  });
}

/** A kernel's operand from a view's first element on. */
export function operandBuffer({ storage, offset }: View): PlacedBuffer {
  return { buffer: { name: storage.name, elementType: storage.elementType }, storage, offset };
}

/** Writes weights in a kernel's order; what it makes on the way is made in the room. */
export type Pack = (target: Float32Array, room: Room) => void;

/** Weights that are packed before the network runs, as a kernel's operand. */
export function packedBuffer(name: string, floats: number, pack: Pack): PlacedBuffer {
  const constant = floatContent(floats, pack);
  const storage = { name, elementType: "float32", elements: floats, constant } as const;
  return { buffer: { name, elementType: "float32" }, storage, offset: 0 };
}
