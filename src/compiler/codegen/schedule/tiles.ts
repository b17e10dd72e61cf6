/**
 * Kernels that hold a tile of results in registers (convolution, matrix product, pool), with what follows them in the block
 * as their epilogue: each vector of results is finished and stored to where the block's results belong. That pays even for
 * exponentials: V8 spills accumulators once per tile, which costs less than another pass over memory.
 */
import { known } from "../../../base/assert.ts";
import type { OpNode } from "../../../graph/ir/graph.ts";
import type { Epilogue, Kernel, KernelHead, Place } from "../kernels/place.ts";
import type { UnitRange } from "../kernels/winograd.ts";
import type { Affine, Loop } from "../loops/affine.ts";
import { Emitter } from "../loops/emitter.ts";
import type { Buffer, Expr } from "../loops/expr.ts";
import type { Code, Local } from "../wasm/code.ts";
import type { FunctionBuilder } from "../wasm/function-builder.ts";
import { KernelBuffers } from "./assembly.ts";
import type { BlockState } from "./block.ts";
import type { Context } from "./context.ts";
import { countOperations } from "./operation-count.ts";
import { ValueReader } from "./read-value.ts";
import type { Target } from "./stores.ts";
import { elementAt, type PlacedBuffer, type View } from "./views.ts";

type Indices = readonly Affine[];

/** The loops of a tiled kernel, as its places name them. */
export interface TileLoops {
  readonly batch: Loop;
  readonly z: Loop;
  readonly y: Loop;
  readonly x: Loop;
  /** Counted over all groups. */
  readonly filter: Loop;
}

export function tileLoops(
  batch: number,
  [depth, height, width]: readonly [number, number, number],
  filters: number,
): TileLoops {
  return {
    batch: { name: "batch", extent: batch },
    z: { name: "z", extent: depth },
    y: { name: "y", extent: height },
    x: { name: "x", extent: width },
    filter: { name: "filter", extent: filters },
  };
}

/** What a tiled kernel's sums become. */
export interface OperatorResult {
  readonly node: OpNode;
  /** The index of the operator's result at a place of the loops. */
  readonly indices: Indices;
  /** The operator's result at an index, given the accumulated sum. */
  readonly value: (sum: Expr, reader: ValueReader, indices: Indices) => Expr;
}

export interface TiledOperator extends OperatorResult {
  readonly name: string;
  readonly loops: TileLoops;
  /** Start values by filter. */
  readonly bias: View | undefined;
  /** One kernel, or several that each make a part of the results. */
  readonly parts: readonly TilePart[];
  readonly label: string;
}

/** A kernel, and the steps that run it: one for all of its units, or several. */
export type TilePart = {
  /** What `make` goes by besides the head, as data. */
  readonly sizes: object;
  readonly make: (head: KernelHead) => Kernel;
} & (TileStep | { readonly steps: readonly TileStep[] });

export interface TileStep {
  /** What the kernel is given before what its epilogue needs. */
  readonly operands: readonly PlacedBuffer[];
  /** Those of the operands that it changes: scratch memory. */
  readonly changes?: readonly PlacedBuffer[];
  /** In multiply-accumulates. */
  readonly work: number;
  /** All units of the kernel, unless given. */
  readonly range?: UnitRange;
  /** Adds the steps that must come before. */
  readonly before?: () => void;
}

/** Whether indices in the operator's epilogue need divisions. */
export function dividesIndices(state: BlockState, operator: OperatorResult): boolean {
  return countOperations(epilogueOf(state, operator, new KernelBuffers()).values).divisions > 0;
}

export function lowerTiled(state: BlockState, operator: TiledOperator): void {
  const { context } = state;
  const buffers = new KernelBuffers();
  const { targets, values } = epilogueOf(state, operator, buffers);
  if (operator.bias !== undefined) buffers.of(operator.bias);
  const writes = values.map(({ buffer }) => buffer);
  for (const part of operator.parts) {
    const { make, sizes } = part;
    const { name, loops } = operator;
    const bias = operator.bias === undefined ? undefined : buffers.of(operator.bias);
    const kernel = context.kernels.once(name, [sizes, loops, buffers.buffers, values, bias], () =>
      make({
        name,
        relaxed: context.relaxed,
        addresses: buffers.buffers.map((buffer) => buffer.name),
        epilogue: (builder, addresses) =>
          new TileEpilogue(context, operator, builder, buffers, addresses, values, operator.bias),
      }),
    );
    for (const { operands, changes = [], work, range, before } of "steps" in part ? part.steps : [part]) {
      before?.();
      context.assembly.addStep({
        ...kernel,
        ...range,
        work,
        label: operator.label,
        buffers: [...operands, ...buffers.placed],
        writes,
        changes: changes.map(({ buffer }) => buffer),
      });
    }
  }
  for (const { name, view } of targets) context.memory.place(name, view);
}

/** What is stored where, of the block's values that follow from the operator's result. */
function epilogueOf(
  state: BlockState,
  operator: OperatorResult,
  buffers: KernelBuffers,
): { readonly targets: readonly Target[]; readonly values: readonly EpilogueValue[] } {
  const { context } = state;
  const [result = ""] = operator.node.outputs;
  const reached = state.reach(result, operator.indices);
  const names = state.mustStore(reached).filter((name) => state.isAvailable(name, new Set([result])));
  const targets = (names.length > 0 ? names : [result]).map(
    (name): Target => ({ name, view: context.placement.viewFor(name) }),
  );
  return { targets, values: epilogueValues(context, operator, buffers, targets, reached) };
}

interface EpilogueValue {
  readonly buffer: Buffer;
  readonly index: Affine;
  readonly value: Expr;
}

function epilogueValues(
  context: Context,
  operator: OperatorResult,
  buffers: KernelBuffers,
  targets: readonly Target[],
  reached: ReadonlyMap<string, Indices>,
): readonly EpilogueValue[] {
  const [result = ""] = operator.node.outputs;
  const reader = new ValueReader(context.memory, context.producerOf, (view) => buffers.of(view));
  const sum: Expr = { kind: "accumulator", type: "f32" };
  const plain = operator.value(sum, reader, operator.indices);
  reader.hold(result, () => plain);
  return targets.map(({ name, view }) => {
    const at = known(reached.get(name), `index of ${name}`);
    return {
      buffer: buffers.of(view),
      index: elementAt({ ...view, offset: 0 }, at),
      value: reader.read(name, at),
    };
  });
}

/** An emitter inside a tiled kernel: it knows which place of the tile it is at. */
export class TileEmitter {
  readonly emitter: Emitter;
  private readonly loops: TileLoops;
  private nest = "";

  constructor(
    { math }: Context,
    loops: TileLoops,
    builder: FunctionBuilder,
    buffers: KernelBuffers,
    addresses: readonly Local[],
  ) {
    const pairs = buffers.buffers.map((buffer, at) => [buffer, known(addresses[at], "address")] as const);
    this.emitter = new Emitter(builder, new Map(pairs), math);
    this.loops = loops;
  }

  /** Binds the loops to the place's locals; what was computed in another loop nest of the function is forgotten. */
  enter({ batch, z, y, x, row, filter, vector, depths }: Place): void {
    const { bindings } = this.emitter;
    const nest = [batch, z, y, x, filter].map(({ index }) => index).join();
    if (nest !== this.nest) bindings.leave(0);
    this.nest = nest;
    bindings.vectorLoop = this.loops.filter;
    bindings.bind(this.loops.batch, { local: batch, plus: 0, depth: depths.batch });
    bindings.bind(this.loops.z, { local: z, plus: 0, depth: depths.z });
    bindings.bind(this.loops.y, { local: y, plus: 0, depth: depths.y });
    bindings.bind(this.loops.x, { local: x, plus: row, depth: depths.x });
    bindings.bind(this.loops.filter, { local: filter, plus: 4 * vector, depth: depths.filter });
  }
}

/** Finishes and stores vectors of results. */
class TileEpilogue implements Epilogue {
  private readonly tile: TileEmitter;
  private readonly loops: TileLoops;
  private readonly values: readonly EpilogueValue[];
  private readonly bias: Buffer | undefined;

  constructor(
    context: Context,
    { loops }: TiledOperator,
    builder: FunctionBuilder,
    buffers: KernelBuffers,
    addresses: readonly Local[],
    values: readonly EpilogueValue[],
    bias: View | undefined,
  ) {
    this.tile = new TileEmitter(context, loops, builder, buffers, addresses);
    this.tile.emitter.countReaders(values.map(({ value }) => value));
    this.loops = loops;
    this.values = values;
    this.bias = bias === undefined ? undefined : buffers.of(bias);
  }

  emitStart(place: Place): Code | undefined {
    const { bias, tile } = this;
    if (bias === undefined) return undefined;
    tile.enter(place);
    const { base, offset } = tile.emitter.address(bias, counterOf(this.loops.filter));
    return { kind: "op", name: "v128.load", operands: [base], offset };
  }

  emitStore(place: Place, value: Code, lanes: number): void {
    const { emitter } = this.tile;
    this.tile.enter(place);
    emitter.bindings.accumulator = value;
    for (const { buffer, index, value: expr } of this.values) {
      const isVector = lanes === 4 && buffer.elementType === "float32" && emitter.laneStride(index) === 1;
      if (isVector) emitter.storeVector(buffer, index, emitter.vector(expr));
      else emitter.storeEachLane(buffer, index, expr, lanes);
    }
  }
}

/** The counter itself, also of a loop that runs once: its vectors have lanes all the same. */
function counterOf(loop: Loop): Affine {
  return { offset: 0, terms: [{ factor: { kind: "loop", loop }, stride: 1 }] };
}
