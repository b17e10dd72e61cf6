/** Convolutions, their transposed form, and pools, lowered to the kernels that hold tiles of results in registers. */
import { known } from "../../../base/assert.ts";
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { int, requiredInts } from "../../../graph/ops/call.ts";
import { placeWindow } from "../../../graph/ops/kernels/sliding-window.ts";
import { readWindow } from "../../../graph/ops/window.ts";
import { contentOf } from "../content.ts";
import { convolution } from "../kernels/convolution.ts";
import { type ConvolutionSizes, packedFloats } from "../kernels/convolution-spec.ts";
import { depthwise, packDepthwise } from "../kernels/depthwise.ts";
import { packFilters } from "../kernels/pack-filters.ts";
import type { Kernel, KernelHead } from "../kernels/place.ts";
import { plainEpilogue } from "../kernels/plain-epilogue.ts";
import { pool } from "../kernels/pool.ts";
import { planWinograd, prefersWinograd, winogradInput, winogradOutput } from "../kernels/winograd.ts";
import { packWinograd, winogradFilters, winogradWeightFloats } from "../kernels/winograd-filters.ts";
import type { Expr } from "../loops/expr.ts";
import type { BlockState } from "./block.ts";
import type { Context } from "./context.ts";
import { flatAxes, imageIndices, type KernelAxes, orderedAxes } from "./kernel-axes.ts";
import { convolutionWindow } from "./layouts.ts";
import { notCompiled } from "./not-compiled.ts";
import { imageOf, operandBuffer, type Pack, packedBuffer, triple } from "./operands.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { dividesIndices, lowerTiled, type TilePart, tileLoops } from "./tiles.ts";
import { allocateView, type PlacedBuffer, type View } from "./views.ts";

export function lowerConvolution(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed, memory } = context;
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
  const floats = memory.floatsOf(weights);
  const usesWinograd = context.winograd && prefersWinograd(grouped);
  const kind = isDepthwise ? "depthwise" : usesWinograd ? "winograd_output" : "convolution";
  const ownLoops = tileLoops(sizes.batch, sizes.extents, filters);
  const own = { sizes: grouped, loops: ownLoops, indices: imageIndices(ownLoops, shape.length) };
  const value = (sum: Expr): Expr => sum;
  const direct = (): KernelAxes => {
    const flat = flatAxes(grouped, shape.length);
    return flat === undefined || dividesIndices(state, { node, indices: flat.indices, value })
      ? orderedAxes(grouped, shape.length)
      : flat;
  };
  const packed = (count: number, pack: Pack): PlacedBuffer => packedBuffer(`${weights}.packed`, count, pack);
  const work = product(shape) * product(window.kernel) * channelsPerGroup;
  const part = (axes: KernelAxes | undefined): TilePart => {
    if (axes !== undefined) {
      const { sizes: turned, filterStrides } = axes;
      const pack: Pack = (target, room) => {
        packFilters(turned, { data: floats(room), offset: 0, strides: filterStrides }, target);
      };
      const make = (head: KernelHead): Kernel => convolution({ ...head, ...turned });
      return { operands: [input, packed(packedFloats(turned), pack)], sizes: turned, make, work };
    }
    if (usesWinograd) {
      const pack: Pack = (target, room) => void packWinograd(grouped, floats(room), target);
      return winogradPart(context, grouped, input, packed(winogradWeightFloats(grouped), pack), label);
    }
    const spec = { ...sizes, channels: groups };
    const pack: Pack = (target, room) => void packDepthwise(spec, floats(room), target);
    const make = (head: KernelHead): Kernel => depthwise({ ...head, ...spec });
    return { operands: [input, packed(product(window.kernel) * groups, pack)], sizes: spec, make, work };
  };
  const axes = kind === "convolution" ? direct() : undefined;
  const { loops, indices } = axes ?? own;
  lowerTiled(state, {
    ...{ node, name: kind, loops, indices, value, label },
    bias: bias === "" ? undefined : biasView(state, bias, filters),
    parts: [part(axes)],
  });
}

/** The first two steps of Winograd's convolution; the third is the part that has the epilogue. */
function winogradPart(
  { assembly, kernels, relaxed }: Context,
  sizes: ConvolutionSizes,
  input: PlacedBuffer,
  weights: PlacedBuffer,
  label: string,
): TilePart {
  const plan = planWinograd(sizes);
  const filters = operandBuffer(allocateView("filters", "float32", [plan.packedFloats]));
  assembly.addPreparation({
    ...kernels.once("winograd filters", [sizes], () => winogradFilters("winograd_filters", sizes, relaxed)),
    work: plan.packedFloats,
    label: `${label} (filters)`,
    buffers: [weights, filters],
    writes: [filters.buffer],
  });
  const inputKernel = kernels.once("winograd input", [sizes], () =>
    winogradInput("winograd_input", sizes, relaxed),
  );
  const strides = { batch: 0, z: plan.productPlane, y: 0, x: sizes.filtersPerGroup };
  const productKernel = kernels.once("winograd product", [sizes], () =>
    convolution({
      name: "winograd_product",
      relaxed,
      ...plan.product,
      ...plainEpilogue({ strides, bias: false, relu: false }),
    }),
  );
  // Memory of their own for all bands: it shares its place with that of others where it can.
  const scratch = (name: string, floats: number): readonly PlacedBuffer[] =>
    plan.bands.map(() => operandBuffer(allocateView(name, "float32", [floats])));
  const transformed = scratch("transformed", plan.transformedFloats);
  const products = scratch("products", plan.productFloats);
  const addInput = (band: number): void => {
    const [to, range] = [transformed[band], plan.bands[band]?.input];
    if (to === undefined || range === undefined) return;
    const buffers = [input, to];
    const step = { work: plan.transformedFloats, label: `${label} (input)`, buffers, writes: [to.buffer] };
    assembly.addStep({ ...inputKernel, ...range, ...step });
  };
  const addProduct = (band: number): void => {
    const [from, to] = [known(transformed[band], "inputs"), known(products[band], "products")];
    assembly.addStep({
      ...productKernel,
      work: 36 * plan.bandTiles * sizes.channelsPerGroup * sizes.filtersPerGroup,
      label: `${label} (products)`,
      buffers: [from, filters, to],
      writes: [to.buffer],
    });
  };
  return {
    sizes,
    make: (head) => winogradOutput(sizes, head),
    steps: plan.bands.map(({ output }, band) => ({
      operands: products.slice(band, band + 1),
      changes: products.slice(band, band + 1),
      work: plan.productFloats,
      range: output,
      before: () => {
        if (band === 0) addInput(0);
        addProduct(band);
        // Needs no barrier of its own beside the results of this band.
        addInput(band + 1);
      },
    })),
  };
}

/** A bias by filter, with a vector's worth of room behind it. */
export function biasView(state: BlockState, name: string, filters: number, factor = 1): View {
  const numbers = state.context.memory.constantNumbers(name);
  const padded = new Float32Array(Math.ceil(filters / 4) * 4);
  for (let at = 0; at < filters; at++) padded[at] = factor * (numbers[numbers.length === 1 ? 0 : at] ?? 0);
  const view = allocateView(`${name}.bias`, "float32", [padded.length]);
  return { ...view, storage: { ...view.storage, constant: contentOf(new Uint8Array(padded.buffer)) } };
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
  const sizes = {
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
  } as const;
  lowerTiled(state, {
    node,
    name: "pool",
    loops,
    indices: imageIndices(loops, shape.length),
    value: (sum) => sum,
    bias: undefined,
    parts: [
      {
        operands: [operandBuffer(image.view)],
        work: product(shape) * product(window.kernel),
        sizes,
        make: (head) => pool({ ...head, ...sizes }),
      },
    ],
    label,
  });
}
