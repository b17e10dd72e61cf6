/**
 * Where results are stored. A network output has memory of its own, row-major; a part of a concatenation is written
 * straight to its place in the whole; all else gets memory in the order of axes chosen for it, its halo cleared first.
 */
import { known } from "../../../base/assert.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { int, normalAxis } from "../../../graph/ops/call.ts";
import type { Layouts } from "./layouts.ts";
import { memoryOrder } from "./layouts.ts";
import type { Memory } from "./memory.ts";
import { staticShapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { allocateView, type Halo, isEmptyHalo, noHalo, partOf, type View } from "./views.ts";

/** A value's place in a concatenation. */
interface Part {
  readonly whole: string;
  readonly axis: number;
  readonly start: number;
}

export class Placement {
  private readonly memory: Memory;
  private readonly parts: ReadonlyMap<string, Part>;
  private readonly halos: ReadonlyMap<string, Halo>;
  private readonly outputs: ReadonlySet<string>;
  private readonly clear: (view: View) => void;
  private readonly planned = new Map<string, View>();

  /** `clear` is told each view whose halo must become zero. */
  constructor(memory: Memory, clear: (view: View) => void) {
    const { typed, layouts } = memory;
    this.memory = memory;
    this.clear = clear;
    this.outputs = new Set(typed.graph.outputs.map(({ name }) => name));
    this.parts = concatenationParts(typed, layouts, this.outputs);
    this.halos = withPartsHalos(layouts.halos, this.parts);
  }

  /** Whether the value is written straight into a concatenation. */
  isPartOf(name: string, whole: string): boolean {
    return this.parts.get(name)?.whole === whole;
  }

  /** Whether the value is written straight into some concatenation. */
  isPart(name: string): boolean {
    return this.parts.has(name);
  }

  /** Whether the value must be stored where it belongs, and may not be a view of another. */
  hasOwnPlace(name: string): boolean {
    return this.outputs.has(name) || this.parts.has(name);
  }

  /** The memory that a value is to be stored in. */
  viewFor(name: string): View {
    const old = this.planned.get(name);
    if (old !== undefined) return old;
    const part = this.parts.get(name);
    const view = part === undefined ? this.allocate(name) : this.partView(name, part);
    this.planned.set(name, view);
    return view;
  }

  private partView(name: string, { whole, axis, start }: Part): View {
    const size = known(staticShapeOf(this.memory.typed, name)?.[axis], "size of a part");
    return partOf(this.viewFor(whole), axis, start, size);
  }

  private allocate(name: string): View {
    const { typed, layouts } = this.memory;
    const shape = known(staticShapeOf(typed, name), `shape of ${name}`);
    const elementType = this.memory.storedType(name);
    if (this.outputs.has(name)) return allocateView(name, elementType, shape);
    const halo = layouts.channelsLast.has(name) ? this.halos.get(name) : undefined;
    const order = memoryOrder(layouts, name, shape.length);
    const view = allocateView(name, elementType, shape, order, halo ?? noHalo(shape.length));
    if (!isEmptyHalo(view.halo)) this.clear(view);
    return view;
  }
}

/**
 * Values that can be written into the concatenation that reads them: made by a node, given to nobody outside the network,
 * in the same order of axes, and read by one concatenation only once.
 */
function concatenationParts(
  typed: TypedGraph,
  layouts: Layouts,
  outputs: ReadonlySet<string>,
): ReadonlyMap<string, Part> {
  const made = new Set(typed.graph.nodes.flatMap((node) => node.outputs));
  const parts = new Map<string, Part>();
  for (const node of typed.graph.nodes) {
    const [whole = ""] = node.outputs;
    const shape = staticShapeOf(typed, whole);
    if (node.operator !== "Concat" || shape === undefined || typed.values.has(whole)) continue;
    const call = staticCall(typed, node);
    const axis = normalAxis(call, int(call, "axis", 1), shape.length);
    let start = 0;
    for (const name of node.inputs) {
      const size = staticShapeOf(typed, name)?.[axis] ?? 0;
      const sameOrder =
        layouts.channelsLast.has(name) === layouts.channelsLast.has(whole) || shape.length < 3;
      const isOutputOrder = !(outputs.has(whole) && layouts.channelsLast.has(whole));
      const halo = layouts.halos.get(name);
      const haloFits =
        halo === undefined || (halo.before[axis] === 0 && halo.after[axis] === 0 && !outputs.has(whole));
      const isFree = made.has(name) && !outputs.has(name) && !parts.has(name) && !typed.values.has(name);
      const once = node.inputs.filter((other) => other === name).length === 1;
      if (isFree && sameOrder && isOutputOrder && haloFits && once) parts.set(name, { whole, axis, start });
      start += size;
    }
  }
  return parts;
}

/** A whole has the halos that its parts need. */
function withPartsHalos(
  halos: ReadonlyMap<string, Halo>,
  parts: ReadonlyMap<string, Part>,
): ReadonlyMap<string, Halo> {
  const all = new Map(halos);
  for (const name of parts.keys()) {
    const halo = halos.get(name);
    for (let part = parts.get(name); halo !== undefined && part !== undefined; part = parts.get(part.whole)) {
      const old = all.get(part.whole) ?? noHalo(halo.before.length);
      const widest = (a: readonly number[], b: readonly number[]): readonly number[] =>
        a.map((size, axis) => Math.max(size, b[axis] ?? 0));
      all.set(part.whole, {
        before: widest(old.before, halo.before),
        after: widest(old.after, halo.after),
      });
    }
  }
  return all;
}
