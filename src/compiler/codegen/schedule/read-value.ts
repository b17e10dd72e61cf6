/**
 * The value of an element as an expression: a load where the value is in memory, else what its operator computes from its
 * operands' elements, down to what is in memory. Operators that move elements become other indices.
 */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { floatOf, intOf, intsOf, isStandard } from "../../../graph/ir/node-attributes.ts";
import { int, normalAxis, string } from "../../../graph/ops/call.ts";
import { type Affine, constantAffine, rangeOf, sameAffine, sum } from "../loops/affine.ts";
import {
  type Buffer,
  binary,
  compare,
  constant,
  convert,
  type Expr,
  indexOf,
  loadOf,
  numberTypeOf,
  select,
} from "../loops/expr.ts";
import { tanhOfSoftplus } from "../operators/activations.ts";
import { elementwiseExpr, isElementwise } from "../operators/elementwise.ts";
import { clamped, placeIn, reflected } from "./computed-places.ts";
import { broadcastIndices, indexMapOf } from "./index-maps.ts";
import type { Memory } from "./memory.ts";
import { movedElements } from "./moved-elements.ts";
import { notCompiled } from "./not-compiled.ts";
import { resizeExpr } from "./resize.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { elementAt, type View } from "./views.ts";

type Indices = readonly Affine[];

/** Makes expressions for one kernel. */
export class ValueReader {
  readonly memory: Memory;
  private readonly producerOf: (name: string) => { node: OpNode; output: number } | undefined;
  private readonly bufferOf: (view: View) => Buffer;
  private readonly known = new Map<string, { indices: Indices; expr: Expr }[]>();
  /** Values that are held by the kernel being made: results of reductions, accumulators. */
  private readonly held = new Map<string, (indices: Indices) => Expr>();

  constructor(
    memory: Memory,
    producerOf: (name: string) => { node: OpNode; output: number } | undefined,
    bufferOf: (view: View) => Buffer,
  ) {
    this.memory = memory;
    this.producerOf = producerOf;
    this.bufferOf = bufferOf;
  }

  /** From now on the value is what `read` says, wherever it is read in this kernel. */
  hold(name: string, read: (indices: Indices) => Expr): void {
    this.held.set(name, read);
    this.known.clear();
  }

  /** From now on what was put into memory is read from there. */
  forgetExpressions(): void {
    this.known.clear();
  }

  read(name: string, indices: Indices): Expr {
    const old = this.known
      .get(name)
      ?.find((entry) =>
        entry.indices.every((index, axis) => sameAffine(index, indices[axis] ?? constantAffine(0))),
      );
    if (old !== undefined) return old.expr;
    const expr = this.make(name, indices);
    this.known.set(name, [...(this.known.get(name) ?? []), { indices, expr }]);
    return expr;
  }

  private make(name: string, indices: Indices): Expr {
    const held = this.held.get(name);
    if (held !== undefined) return held(indices);
    const { memory } = this;
    if (memory.isConstant(name)) {
      const shape = shapeOf(memory.typed, name);
      if (shape.every((size) => size === 1)) {
        return constant(numberTypeOf[memory.storedType(name)], memory.constantNumbers(name)[0] ?? 0);
      }
    }
    const view = memory.viewOf(name);
    if (view !== undefined) return this.load(view, indices);
    const producer = known(this.producerOf(name), `producer of ${name}`);
    return this.compute(producer.node, producer.output, indices);
  }

  load(view: View, indices: Indices): Expr {
    const buffer = this.bufferOf(view);
    return loadOf(buffer, elementAt({ ...view, offset: 0 }, indices));
  }

  private compute(node: OpNode, output: number, indices: Indices): Expr {
    const { typed } = this.memory;
    const map = indexMapOf(typed, node, output);
    if (map !== undefined) return this.read(map.operand, map.backward(indices));
    if (isElementwise(node)) return this.elementwise(node, indices);
    switch (node.operator) {
      case "Concat":
        return this.concat(node, indices);
      case "Pad":
        return this.pad(node, indices);
      case "Gather":
        return this.gather(node, indices);
      case "GatherElements":
        return this.gatherElements(node, indices);
      case "Trilu":
        return this.triangle(node, indices);
      case "Resize":
      case "Upsample":
        return resizeExpr(this, node, indices);
      default: {
        const make = movedElements[node.operator];
        if (make === undefined) throw notCompiled(node);
        return make(this, node, indices);
      }
    }
  }

  /** Mish as opset 17 and older write it: Softplus, Tanh, Mul. */
  private tanhOfSoftplus({ operator, inputs: [name = ""] }: OpNode, indices: Indices): Expr | undefined {
    if (operator !== "Tanh" || this.held.has(name) || this.memory.has(name)) return undefined;
    const inner = this.producerOf(name)?.node;
    if (inner?.operator !== "Softplus" || this.memory.storedType(name) !== "float32") return undefined;
    return tanhOfSoftplus(this.read(inner.inputs[0] ?? "", indices));
  }

  private elementwise(node: OpNode, indices: Indices): Expr {
    const { typed } = this.memory;
    const short = this.tanhOfSoftplus(node, indices);
    if (short !== undefined) return short;
    const channels = channelOperands(node);
    const rank = indices.length;
    const operands = node.inputs.map((name, at): Expr | undefined => {
      if (name === "") return undefined;
      const shape = shapeOf(typed, name);
      if (at > 0 && channels !== undefined && shape.length === 1) {
        const axis = channels < 0 ? channels + rank : channels;
        return this.read(name, shape[0] === 1 ? [constantAffine(0)] : [indices[axis] ?? constantAffine(0)]);
      }
      const aligned = at === 1 ? alignedRank(node, shape.length, rank) : shape.length;
      const padded = [...shape, ...new Array<number>(aligned - shape.length).fill(1)];
      return this.read(name, broadcastIndices(indices, padded).slice(0, shape.length));
    });
    const typeOf = (name: string) => (name === "" ? undefined : typed.types.get(name)?.elementType);
    const expr = elementwiseExpr(node, operands, {
      inputs: node.inputs.map(typeOf),
      outputs: node.outputs.map(typeOf),
    });
    if (expr === undefined) throw notCompiled(node);
    return expr;
  }

  private concat(node: OpNode, indices: Indices): Expr {
    const { typed } = this.memory;
    const axis = normalAxis(staticCall(typed, node), int(staticCall(typed, node), "axis", 1), indices.length);
    const at = known(indices[axis], "index");
    let start = 0;
    const parts = node.inputs.flatMap((name) => {
      const size = shapeOf(typed, name)[axis] ?? 0;
      start += size;
      return size === 0 ? [] : [{ name, first: start - size, size }];
    });
    const [low, high] = rangeOf(at);
    const touched = parts.filter(({ first, size }) => high >= first && low < first + size);
    const read = ({ name, first, size }: (typeof parts)[number]): Expr => {
      const inside = sum(at, constantAffine(-first));
      const [least, most] = rangeOf(inside);
      const place = least >= 0 && most < size ? inside : clamped(inside, size);
      return this.read(
        name,
        indices.map((index, where) => (where === axis ? place : index)),
      );
    };
    const last = known(touched.at(-1), "part of a concatenation");
    return touched
      .slice(0, -1)
      .reduceRight(
        (rest, part) =>
          select(compare("less", indexOf(at), constant("i32", part.first + part.size)), read(part), rest),
        read(last),
      );
  }

  private pad(node: OpNode, indices: Indices): Expr {
    const { typed } = this.memory;
    const [data = "", , fill = ""] = node.inputs;
    const call = staticCall(typed, node);
    const shape = shapeOf(typed, data);
    const begins = padBegins(node, call, shape.length);
    const mode = string(call, "mode", "constant");
    if (begins === undefined || !["constant", "edge", "reflect"].includes(mode)) throw notCompiled(node);
    const type = numberTypeOf[this.memory.storedType(data)];
    let inside: Expr | undefined;
    const places = indices.map((index, axis) => {
      const size = shape[axis] ?? 1;
      const moved = sum(index, constantAffine(-(begins[axis] ?? 0)));
      const [low, high] = rangeOf(moved);
      if (low >= 0 && high < size) return moved;
      if (mode === "reflect") return reflected(moved, size, high >= size);
      const at = indexOf(moved);
      for (const test of [
        ...(low < 0 ? [compare("greaterOrEqual", at, constant("i32", 0))] : []),
        ...(high >= size ? [compare("less", at, constant("i32", size))] : []),
      ]) {
        inside = inside === undefined ? test : binary("and", inside, test);
      }
      return clamped(moved, size);
    });
    const value = this.read(data, places);
    if (inside === undefined || mode !== "constant") return value;
    const filler = fill === "" ? constant(type, floatOf(node, "value", 0)) : this.read(fill, []);
    return select(inside, value, convert(type, filler));
  }

  private gatherElements(node: OpNode, indices: Indices): Expr {
    const { typed } = this.memory;
    const [data = "", places = ""] = node.inputs;
    const shape = shapeOf(typed, data);
    const call = staticCall(typed, node);
    const axis = normalAxis(call, int(call, "axis", 0), shape.length);
    const at = placeIn(shape[axis] ?? 1, this.read(places, indices));
    return this.read(
      data,
      indices.map((index, where) => (where === axis ? at : index)),
    );
  }

  /** The upper or lower triangle of the last two axes; the rest is 0. */
  private triangle(node: OpNode, indices: Indices): Expr {
    const { memory } = this;
    const [data = "", diagonal = ""] = node.inputs;
    // Given as a scalar or as a list of one.
    const alone = diagonal === "" ? [] : shapeOf(memory.typed, diagonal).map(() => constantAffine(0));
    const shift = diagonal === "" ? constant("i32", 0) : convert("i32", this.read(diagonal, alone));
    const [row, column] = indices.slice(-2);
    const above = binary(
      "subtract",
      indexOf(known(column, "column")),
      binary("add", indexOf(known(row, "row")), shift),
    );
    const isUpper = int(staticCall(memory.typed, node), "upper", 1) !== 0;
    const isKept = compare(isUpper ? "greaterOrEqual" : "lessOrEqual", above, constant("i32", 0));
    return select(isKept, this.read(data, indices), constant(numberTypeOf[memory.storedType(data)], 0));
  }

  private gather(node: OpNode, indices: Indices): Expr {
    const { typed } = this.memory;
    const [data = "", places = ""] = node.inputs;
    const shape = shapeOf(typed, data);
    const axis = normalAxis(staticCall(typed, node), int(staticCall(typed, node), "axis", 0), shape.length);
    const rank = shapeOf(typed, places).length;
    const size = shape[axis] ?? 1;
    const at = placeIn(size, this.read(places, indices.slice(axis, axis + rank)));
    return this.read(data, [...indices.slice(0, axis), at, ...indices.slice(axis + rank)]);
  }
}

/**
 * The rank of a second operand as it is broadcast: before opset 7 it was aligned with the first from the attribute axis
 * on, which is as if it had axes of size 1 at its end.
 */
function alignedRank(node: OpNode, own: number, rank: number): number {
  const axis = intOf(node, "axis", rank - own);
  return node.opset >= 7 ? own : Math.max(own, rank - (axis < 0 ? axis + rank : axis));
}

/** The axis along which the one-dimensional operands of an operator lie; undefined where they broadcast as usual. */
function channelOperands(node: OpNode): number | undefined {
  if (node.operator === "BatchNormalization") return 1;
  if (node.operator === "PRelu" && node.opset < 7) return 1;
  if (node.operator !== "DequantizeLinear" && node.operator !== "QuantizeLinear") return undefined;
  return intOf(node, "axis", 1);
}

function padBegins(
  node: OpNode,
  call: ReturnType<typeof staticCall>,
  rank: number,
): readonly number[] | undefined {
  const stated = intsOf(node, "pads") ?? intsOf(node, "paddings");
  const pads = stated ?? call.elements(call.inputs[1])?.map(Number);
  if (pads === undefined) return undefined;
  const axes = call.elements(call.inputs[3])?.map(Number);
  if (axes === undefined) return pads.slice(0, rank);
  const begins = new Array<number>(rank).fill(0);
  axes.forEach((axis, at) => {
    begins[axis < 0 ? axis + rank : axis] = pads[at] ?? 0;
  });
  return begins;
}

const readOperators = ["Concat", "Pad", "Gather", "GatherElements", "Trilu", "Resize", "Upsample"];

/** Operators that are expressions: everything else needs a kernel of its own. */
export function isExpression(memory: Memory, node: OpNode): boolean {
  if (!isStandard(node)) return false;
  if (isElementwise(node)) return true;
  if (readOperators.includes(node.operator) || Object.hasOwn(movedElements, node.operator)) return true;
  return indexMapOf(memory.typed, node) !== undefined;
}
