/** Convolutions, their transposed form, and pools, lowered to the kernels that hold tiles of results in registers. */
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { int, requiredInts } from "../../../graph/ops/call.ts";
import { placeWindow } from "../../../graph/ops/kernels/sliding-window.ts";
import { readWindow } from "../../../graph/ops/window.ts";
import { convolution } from "../kernels/convolution.ts";
import { depthwise, packDepthwise } from "../kernels/depthwise.ts";
import { filtersFirst, packFilters } from "../kernels/pack-filters.ts";
import { pool } from "../kernels/pool.ts";
import { loopAffine } from "../loops/affine.ts";
import type { BlockState } from "./block.ts";
import { convolutionWindow } from "./layouts.ts";
import { notCompiled } from "./not-compiled.ts";
import { imageOf, operandBuffer, packedBuffer, triple } from "./operands.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { lowerTiled, type TileLoops, tileLoops } from "./tiles.ts";
import { allocateView, type View } from "./views.ts";

/** The index in N C [D] [H] W at the loops of a kernel. */
export function imageIndices({ batch, z, y, x, filter }: TileLoops, rank: number) {
  return [batch, filter, ...[z, y, x].slice(5 - rank)].map(loopAffine);
}

export function lowerConvolution(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed, memory, relaxed } = context;
  const [data = "", weights = "", bias = ""] = node.inputs;
  const window = convolutionWindow(typed, node);
  if (window === undefined || !memory.isConstant(weights)) {
    throw notCompiled(node, "a convolution whose weights are computed is not compiled");
  }
  const shape = shapeOf(typed, node.outputs[0] ?? "");
  const image = imageOf(state, data, window.begins, window.ends);
  const groups = int(staticCall(typed, node), "group", 1);
  const [filters = 1, channelsPerGroup = 1] = shapeOf(typed, weights);
  const begins = triple(window.begins, 0);
  const { strides: inputStrides } = image;
  const sizes = {
    batch: image.batch,
    extents: triple(shape.slice(2), 1),
    taps: triple(window.kernel, 1),
    strides: triple(window.strides, 1),
    dilations: triple(window.dilations, 1),
    inputStrides,
    // The operand's address is that of the first tap of the first pixel.
    inputOffset: 0,
  } as const;
  const origin = begins[0] * inputStrides.z + begins[1] * inputStrides.y + begins[2] * inputStrides.x;
  const input = operandBuffer({ ...image.view, offset: image.view.offset - origin });
  const isDepthwise = groups > 1 && channelsPerGroup === 1 && filters === groups;
  const grouped = { ...sizes, groups, channelsPerGroup, filtersPerGroup: filters / groups };
  const numbers = memory.constantFloats(weights);
  const packed = isDepthwise
    ? packDepthwise({ ...sizes, channels: groups }, numbers)
    : packFilters({ ...grouped, relaxed }, filtersFirst(grouped, numbers));
  memory.forget(weights);
  const loops = tileLoops(sizes.batch, sizes.extents, filters);
  lowerTiled(state, {
    node,
    name: isDepthwise ? "depthwise" : "convolution",
    loops,
    indices: imageIndices(loops, shape.length),
    value: (sum) => sum,
    operands: [input, packedBuffer(`${weights}.packed`, packed)],
    bias: bias === "" ? undefined : biasView(state, bias, filters),
    make: (head) =>
      isDepthwise ? depthwise({ ...head, ...sizes, channels: groups }) : convolution({ ...head, ...grouped }),
    work: product(shape) * product(window.kernel) * channelsPerGroup,
    label,
  });
}

/** A bias by filter, with a vector's worth of room behind it. */
export function biasView(state: BlockState, name: string, filters: number, factor = 1): View {
  const numbers = state.context.memory.constantNumbers(name);
  const padded = new Float32Array(Math.ceil(filters / 4) * 4);
  for (let at = 0; at < filters; at++) padded[at] = factor * (numbers[numbers.length === 1 ? 0 : at] ?? 0);
  const view = allocateView(`${name}.bias`, "float32", [padded.length]);
  return { ...view, storage: { ...view.storage, constant: new Uint8Array(padded.buffer) } };
}

export function lowerPool(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed } = context;
  const call = staticCall(typed, node);
  const [data = ""] = node.inputs;
  if ((node.outputs[1] ?? "") !== "")
    throw notCompiled(node, "the places of MaxPool's elements are not compiled");
  const from = shapeOf(typed, data);
  const shape = shapeOf(typed, node.outputs[0] ?? "");
  const window = placeWindow(
    readWindow(call, requiredInts(call, "kernel_shape")),
    from.slice(2),
    shape.slice(2),
  );
  const image = imageOf(state, data, [], []);
  const extents = triple(shape.slice(2), 1);
  const loops = tileLoops(image.batch, extents, image.channels);
  lowerTiled(state, {
    node,
    name: "pool",
    loops,
    indices: imageIndices(loops, shape.length),
    value: (sum) => sum,
    operands: [operandBuffer(image.view)],
    bias: undefined,
    make: (head) =>
      pool({
        ...head,
        kind: node.operator === "MaxPool" ? "max" : "average",
        batch: image.batch,
        inputExtents: image.extents,
        extents,
        window: triple(window.kernel, 1),
        strides: triple(window.strides, 1),
        dilations: triple(window.dilations, 1),
        padsBegin: triple(window.begins, 0),
        padsEnd: triple(window.ends, 0),
        countIncludePad: int(call, "count_include_pad", 0) !== 0,
        channels: image.channels,
        inputStrides: image.strides,
        inputOffset: 0,
      }),
    work: product(shape) * product(window.kernel),
    label,
  });
}
