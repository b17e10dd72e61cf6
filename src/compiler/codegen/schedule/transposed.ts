/** Transposed convolution: one ordinary convolution for each phase of the output, whose pixels are a stride apart. */
import { product } from "../../../base/integers.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import { int } from "../../../graph/ops/call.ts";
import { transposedWindow } from "../../../graph/ops/kernels/convolution.ts";
import { convolution } from "../kernels/convolution.ts";
import { packedFloats } from "../kernels/convolution-spec.ts";
import { packFilters } from "../kernels/pack-filters.ts";
import { transposedConvolution } from "../kernels/transposed-convolution.ts";
import type { BlockState } from "./block.ts";
import { biasView } from "./convolutions.ts";
import { imageIndices } from "./kernel-axes.ts";
import { notCompiled } from "./not-compiled.ts";
import { imageOf, operandBuffer, packedBuffer, triple } from "./operands.ts";
import { shapeOf } from "./shapes.ts";
import { staticCall } from "./static-call.ts";
import { lowerTiled, tileLoops } from "./tiles.ts";

export function lowerTransposedConvolution(state: BlockState, node: OpNode, label: string): void {
  const { context } = state;
  const { typed, memory } = context;
  const [data = "", weights = "", bias = ""] = node.inputs;
  if (!memory.isConstant(weights) || (bias !== "" && !memory.isConstant(bias))) {
    throw notCompiled(node, "a transposed convolution whose weights are computed is not compiled");
  }
  const call = staticCall(typed, node);
  const filterShape = shapeOf(typed, weights);
  const [from, shape] = [shapeOf(typed, data), shapeOf(typed, node.outputs[0] ?? "")];
  const window = transposedWindow(call, filterShape.slice(2), from.slice(2), shape.slice(2));
  const groups = int(call, "group", 1);
  const extents = triple(shape.slice(2), 1);
  const sizesWith = (inputStrides: { batch: number; z: number; y: number; x: number }) =>
    transposedConvolution({
      batch: from[0] ?? 1,
      inputExtents: triple(from.slice(2), 1),
      extents,
      taps: triple(window.kernel, 1),
      strides: triple(window.strides, 1),
      dilations: triple(window.dilations, 1),
      padsBegin: triple(window.begins, 0),
      groups,
      channelsPerGroup: (from[1] ?? 1) / groups,
      filtersPerGroup: filterShape[1] ?? 1,
      inputStrides,
      inputOffset: 0,
    });
  const rank = shape.length - 2;
  const { halo } = sizesWith({ batch: 0, z: 0, y: 0, x: 0 });
  const image = imageOf(state, data, halo.begin.slice(3 - rank), halo.end.slice(3 - rank));
  const floats = memory.floatsOf(weights);
  const filters = (filterShape[1] ?? 1) * groups;
  const loops = tileLoops(image.batch, extents, filters);
  const { phases } = sizesWith(image.strides);
  lowerTiled(state, {
    node,
    name: "transposed_convolution",
    loops,
    indices: imageIndices(loops, shape.length),
    value: (sum) => sum,
    bias: bias === "" ? undefined : biasView(state, bias, filters),
    parts: phases.map((phase, at) => {
      // The kernel's address is that of the first tap, which may lie in the halo.
      const origin = phase.sizes.inputOffset;
      const sizes = { ...phase.sizes, inputOffset: 0 };
      return {
        operands: [
          operandBuffer({ ...image.view, offset: image.view.offset + origin }),
          packedBuffer(`${weights}.phase${at}`, packedFloats(sizes), (target, room) =>
            packFilters(sizes, phase.filters(floats(room)), target),
          ),
        ],
        sizes,
        make: (head) => convolution({ ...head, ...sizes }),
        work: (product(shape) * product(window.kernel) * (from[1] ?? 1)) / groups / phases.length ** 2,
      };
    }),
    label,
  });
}
