/**
 * The order of the axes in memory, per value. Convolutions and pools want the channels of a pixel side by side, so values
 * around them have their channels last: N [D] H W C. The order spreads through operators that keep the axes (elementwise
 * ones, concatenations, cuts), and ends at reshapes and transposes, which change how memory is read anyway. All other
 * values are row-major. Padding of convolutions becomes a halo of zeros around the value that they read. O(edges).
 */

import type { OpNode, TypedGraph } from "../../../graph/ir/graph.ts";
import { isStandard } from "../../../graph/ir/node-attributes.ts";
import { elementwiseRows } from "../../../graph/ops/elementwise.ts";
import { type PlacedWindow, placeWindow } from "../../../graph/ops/kernels/sliding-window.ts";
import { readWindow } from "../../../graph/ops/window.ts";
import { staticShapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { type Halo, noHalo } from "./views.ts";

export interface Layouts {
  /** Values with their channels last. */
  readonly channelsLast: ReadonlySet<string>;
  /** The zeros that convolutions want around a value. */
  readonly halos: ReadonlyMap<string, Halo>;
}

/** Operators over the spatial axes of N C H W. */
const spatial: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool"],
  ...["BatchNormalization", "InstanceNormalization", "LRN", "Resize", "Upsample"],
]);

const keepsAxes: ReadonlySet<string> = new Set([
  ...elementwiseRows.map(({ operator }) => operator),
  ...[
    "Concat",
    "Slice",
    "Split",
    "Pad",
    "Identity",
    "Dropout",
    "DequantizeLinear",
    "QuantizeLinear",
    "Expand",
  ],
]);

export function chooseLayouts(typed: TypedGraph): Layouts {
  const channelsLast = new Set<string>();
  const rankOf = (name: string): number => staticShapeOf(typed, name)?.length ?? 0;
  const isActivation = (name: string): boolean =>
    name !== "" && !typed.graph.constants.has(name) && !typed.values.has(name) && rankOf(name) >= 3;
  const neighbours = new Map<string, string[]>();
  const waiting: string[] = [];
  for (const node of typed.graph.nodes) {
    if (!isStandard(node)) continue;
    if (spatial.has(node.operator)) {
      for (const name of [node.inputs[0] ?? "", node.outputs[0] ?? ""])
        if (isActivation(name)) waiting.push(name);
    } else if (keepsAxes.has(node.operator)) {
      const rank = rankOf(node.outputs[0] ?? "");
      const values = [...node.inputs, ...node.outputs].filter(
        (name) => isActivation(name) && rankOf(name) === rank,
      );
      for (const name of values) neighbours.set(name, [...(neighbours.get(name) ?? []), ...values]);
    }
  }
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (channelsLast.has(name)) continue;
    channelsLast.add(name);
    waiting.push(...(neighbours.get(name) ?? []));
  }
  return { channelsLast, halos: halosOf(typed) };
}

function halosOf(typed: TypedGraph): ReadonlyMap<string, Halo> {
  const halos = new Map<string, Halo>();
  for (const node of typed.graph.nodes) {
    if (node.operator !== "Conv" || !isStandard(node)) continue;
    const [data = ""] = node.inputs;
    const window = convolutionWindow(typed, node);
    const rank = staticShapeOf(typed, data)?.length;
    if (window === undefined || rank === undefined) continue;
    const old = halos.get(data) ?? noHalo(rank);
    const widest = (all: readonly number[], some: readonly number[]): readonly number[] =>
      all.map((size, axis) => (axis < 2 ? size : Math.max(size, some[axis - 2] ?? 0)));
    halos.set(data, { before: widest(old.before, window.begins), after: widest(old.after, window.ends) });
  }
  return halos;
}

/** The window of a Conv with its padding worked out; undefined where a size is not known. */
export function convolutionWindow(typed: TypedGraph, node: OpNode): PlacedWindow | undefined {
  const sizes = staticShapeOf(typed, node.inputs[0] ?? "")?.slice(2);
  const positions = staticShapeOf(typed, node.outputs[0] ?? "")?.slice(2);
  const kernel = staticShapeOf(typed, node.inputs[1] ?? "")?.slice(2);
  if (sizes === undefined || positions === undefined || kernel === undefined) return undefined;
  return placeWindow(readWindow(staticCall(typed, node), kernel), sizes, positions);
}

/** The order of a value's axes in memory, outermost first. */
export function memoryOrder({ channelsLast }: Layouts, name: string, rank: number): readonly number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return channelsLast.has(name) && rank >= 3 ? [0, ...axes.slice(2), 1] : axes;
}
