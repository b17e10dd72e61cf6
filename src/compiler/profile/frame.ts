/**
 * A block as it stands in its network: what it reads lies in memory as the network keeps it there (channels last around
 * convolutions, zeros around what they pad), and its results are left so. Inputs and outputs of a network are row-major,
 * so a block cut out would be measured with conversions that it does not have. Hence a frame: operators before it that
 * make what it reads, and some behind it that read what it makes; neither is measured. Linear in the block.
 */
import { known } from "../../base/assert.ts";
import type { Attribute, OpNode, TypedGraph, Value } from "../../graph/ir/graph.ts";
import { elementTypesByNumber } from "../../graph/ir/standard.ts";
import type { ElementType, TensorType } from "../../graph/ir/tensor.ts";
import { borderOf, cutOut } from "../fusion/cut-out.ts";
import type { Ecg, EcgValue } from "../fusion/ecg.ts";
import type { FusionPlan } from "../fusion/fusion-plan.ts";
import { planOfBlocks } from "../fusion/given-plan.ts";

/** A block, or several that follow each other, in their frame. */
export interface FramedBlocks {
  readonly plan: FusionPlan;
  /** Which blocks of the plan they are: from the first to before the end. */
  readonly first: number;
  readonly end: number;
  /** Whether all that they read is float32, so that any bits are numbers they may read. */
  readonly readsFloats: boolean;
}

/** Each block its operators, in an order in which they can run. `channelsLast` says which values the network keeps with their channels last. */
export function frameBlocks(
  ecg: Ecg,
  blocks: readonly (readonly number[])[],
  channelsLast: ReadonlySet<string>,
): FramedBlocks {
  const nodes = blocks.flat();
  const inner = cutOut(ecg, nodes);
  const { inputs, outputs } = borderOf(ecg, nodes);
  const frame = new Frame(inner, channelsLast);
  // What the network itself is given or gives away is row-major there too.
  for (const value of inputs) if (value.producer !== undefined) frame.enter(value);
  for (const value of [...inputs, ...outputs]) if (!value.isNetworkOutput) frame.leave(value);
  const { entering, leaving } = frame;
  const typed = frame.typed(
    inputs.filter(({ producer }) => producer === undefined),
    outputs.filter(({ isNetworkOutput }) => isNetworkOutput),
  );
  const indices = (belongs: (node: OpNode) => boolean): readonly number[] =>
    typed.graph.nodes.flatMap((node, index) => (belongs(node) ? [index] : []));
  const before = indices((node) => entering.includes(node));
  const behind = indices((node) => leaving.includes(node));
  const own = blocks.map((block) => {
    const within = new Set(block.map((node) => known(ecg.typed.graph.nodes[node], "node")));
    return indices((node) => within.has(node));
  });
  const first = before.length > 0 ? 1 : 0;
  return {
    plan: planOfBlocks(
      typed,
      [before, ...own, behind].filter((block) => block.length > 0),
    ),
    first,
    end: first + own.length,
    readsFloats: inputs.every(({ name }) => inner.types.get(name)?.elementType === "float32"),
  };
}

/** Collects the operators around a block. They are chosen by what the layout of a value follows from. */
class Frame {
  readonly entering: OpNode[] = [];
  readonly leaving: OpNode[] = [];
  private readonly given: Value[] = [];
  private readonly gives: Value[] = [];
  private readonly types: Map<string, TensorType>;
  private readonly inner: TypedGraph;
  private readonly channelsLast: ReadonlySet<string>;

  constructor(inner: TypedGraph, channelsLast: ReadonlySet<string>) {
    this.inner = inner;
    this.channelsLast = channelsLast;
    this.types = new Map(inner.types);
  }

  /** Makes a value that the block reads. */
  enter({ name }: EcgValue): void {
    const type = this.typeOf(name);
    const raw = `frame: input of ${name}`;
    this.given.push({ name: raw, type: this.float(raw, type) });
    const isFloat = type.elementType === "float32";
    const moved = isFloat ? name : `frame: ${name}`;
    this.entering.push(this.move(raw, moved, this.channelsLast.has(name)));
    if (!isFloat) {
      this.float(moved, type);
      this.entering.push(cast(moved, name, type.elementType));
    }
  }

  /** Reads a value, so that it must lie in memory when the block has run; what the block reads is kept so too. */
  leave({ name }: EcgValue): void {
    const type = this.typeOf(name);
    const out = `frame: output of ${name}`;
    this.gives.push({ name: out, type: this.float(out, type) });
    if (type.elementType === "float32") {
      this.leaving.push(this.move(name, out, this.channelsLast.has(name)));
      return;
    }
    const moved = `frame: from ${name}`;
    this.float(moved, type);
    this.leaving.push(cast(name, moved, "float32"), this.move(moved, out, this.channelsLast.has(name)));
  }

  typed(inputs: readonly EcgValue[], outputs: readonly EcgValue[]): TypedGraph {
    const { graph } = this.inner;
    const asValue = ({ name }: EcgValue): Value => ({ name, type: this.typeOf(name) });
    return {
      ...this.inner,
      types: this.types,
      graph: {
        ...graph,
        inputs: [...inputs.map(asValue), ...this.given],
        outputs: [...outputs.map(asValue), ...this.gives],
        nodes: [...this.entering, ...graph.nodes, ...this.leaving],
      },
    };
  }

  private typeOf(name: string): TensorType {
    return known(this.types.get(name), `type of ${name}`);
  }

  private float(name: string, { shape }: TensorType): TensorType {
    const type = { elementType: "float32", shape } as const;
    this.types.set(name, type);
    return type;
  }

  /** A pool of one element wants channels last, and says so to what is around it; Neg wants nothing. */
  private move(from: string, to: string, channelsLast: boolean): OpNode {
    const rank = this.typeOf(from).shape?.length ?? 0;
    const ones = Array.from({ length: rank - 2 }, () => 1n);
    return channelsLast && rank >= 3
      ? nodeOf("MaxPool", from, to, [["kernel_shape", { kind: "ints", value: ones }]])
      : nodeOf("Neg", from, to, []);
  }
}

function cast(from: string, to: string, elementType: ElementType): OpNode {
  const number = BigInt(elementTypesByNumber.indexOf(elementType));
  return nodeOf("Cast", from, to, [["to", { kind: "int", value: number }]]);
}

function nodeOf(
  operator: string,
  from: string,
  to: string,
  attributes: readonly (readonly [string, Attribute])[],
): OpNode {
  return {
    name: `frame: ${from} to ${to}`,
    operator,
    domain: "",
    opset: 17,
    inputs: [from],
    outputs: [to],
    attributes: new Map(attributes),
  };
}
