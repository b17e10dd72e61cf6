/**
 * Resize and Upsample as expressions: each place of the output is a weighted sum of places of the input, axis by axis.
 * Enlarging to the nearest by a whole number is a quotient of the index; all else reads small tables.
 */
import { seededRandom } from "../../../base/random.ts";
import { makeCall } from "../../../graph/interpreter/make-call.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { valueOfTensor } from "../../../graph/ir/runtime-tensor.ts";
import type { RuntimeValue } from "../../../graph/ir/runtime-value.ts";
import { type ResampledAxis, resampledAxes } from "../../../graph/ops/kernels/resizing.ts";
import { rowOf } from "../../../graph/ops/registry.ts";
import { symbolTable } from "../../../graph/ops/symbols.ts";
import { type Affine, quotient, valueAffine } from "../loops/affine.ts";
import { binary, constant, type Expr } from "../loops/expr.ts";
import type { Memory } from "./memory.ts";
import { notCompiled } from "./not-compiled.ts";
import type { ValueReader } from "./read-value.ts";
import { shapeOf } from "./shapes.ts";
import { constantOf, placeOf } from "./static-call.ts";

export function resizeExpr(reader: ValueReader, node: OpNode, indices: readonly Affine[]): Expr {
  const { memory } = reader;
  const axes = axesOf(memory, node);
  const read = (at: readonly Affine[], rest: readonly ResampledAxis[]): Expr => {
    const [next, ...others] = rest;
    if (next === undefined) return reader.read(node.inputs[0] ?? "", at);
    const { axis, taps } = next;
    const index = at[axis];
    if (index === undefined) throw notCompiled(node);
    const replaced = (place: Affine): readonly Affine[] =>
      at.map((old, where) => (where === axis ? place : old));
    const factor = wholeFactor(taps);
    if (factor !== undefined) return read(replaced(quotient(index, factor)), others);
    const size = shapeOf(memory.typed, node.inputs[0] ?? "")[axis] ?? 1;
    const most = Math.max(...taps.map((list) => list.length));
    const terms = Array.from({ length: most }, (_, tap): Expr => {
      const places = Int32Array.from(taps, (list) => list[tap]?.[0] ?? 0);
      const place = valueAffine(reader.load(memory.table(node.name, "int32", places), [index]), size);
      const element = read(replaced(place), others);
      if (most === 1) return element;
      const weights = Float32Array.from(taps, (list) => list[tap]?.[1] ?? 0);
      const weight = reader.load(memory.table(node.name, "float32", weights), [index]);
      return binary("multiply", element, weight);
    });
    return terms.reduce((sum, term) => binary("add", sum, term), constant("f32", 0));
  };
  const only = axes.every(({ taps }) => taps.every((list) => list.length === 1));
  if (!only && memory.storedType(node.outputs[0] ?? "") !== "float32") throw notCompiled(node);
  return read(indices, axes);
}

function axesOf(memory: Memory, node: OpNode): readonly ResampledAxis[] {
  const { typed } = memory;
  const row = rowOf(node);
  const values = node.inputs.map((name, at): RuntimeValue | undefined => {
    const tensor = at === 0 ? undefined : constantOf(typed, name);
    return tensor === undefined ? undefined : valueOfTensor(tensor);
  });
  const isKnown = node.inputs.every((name, at) => at === 0 || name === "" || values[at] !== undefined);
  if (row === undefined || !isKnown) throw notCompiled(node);
  const call = makeCall(node, row, values, {
    where: placeOf(node),
    symbols: symbolTable(),
    random: seededRandom(1),
    run: () => [],
  });
  const from = shapeOf(typed, node.inputs[0] ?? "");
  const axes = resampledAxes(call, from, shapeOf(typed, node.outputs[0] ?? ""));
  if (axes === undefined) throw notCompiled(node);
  return axes;
}

/** n, where place p of the output is place floor(p / n) of the input. */
function wholeFactor(taps: ResampledAxis["taps"]): number | undefined {
  if (!taps.every((list) => list.length === 1)) return undefined;
  const first = taps.findIndex((list) => list[0]?.[0] === 1);
  const factor = first < 0 ? taps.length : first;
  return taps.every((list, place) => list[0]?.[0] === Math.floor(place / factor)) ? factor : undefined;
}
