/**
 * The network as a graph: nodes in topological order, values by name, as in ONNX. Graphs are read-only; a pass is a
 * function Graph -> Graph. Every value has exactly one producer: a graph input, a constant, or a node's output.
 */
import type { Tensor, TensorType } from "./tensor.ts";

/** An attribute of a node, by ONNX's attribute kinds. */
export type Attribute =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "graph"; readonly value: Graph }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly bigint[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensors"; readonly value: readonly Tensor[] }
  | { readonly kind: "graphs"; readonly value: readonly Graph[] }
  /** Sparse tensors and type protos: kept so that a file can be written again, understood by no operator. */
  | { readonly kind: "unsupported"; readonly what: string; readonly encoded: Uint8Array };

/** One operator at one place of the network. */
export interface OpNode {
  /** Unique in its graph; made up from the operator and its first output where the file has none. */
  readonly name: string;
  /** The operator's type, as ONNX names it: "Conv". */
  readonly operator: string;
  /** "" for standard ONNX. */
  readonly domain: string;
  /** The opset version of the domain that the file imports. */
  readonly opset: number;
  /** Value names; "" where an optional input is left out. */
  readonly inputs: readonly string[];
  /** Value names; "" where an optional output is not wanted. */
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** A named value with its type. */
export interface Value {
  readonly name: string;
  readonly type: TensorType;
}

export interface Graph {
  readonly name: string;
  /** Inputs that a run must be given: initializers that are also listed as inputs are constants only. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** In topological order. Subgraph attributes may use values of the graphs around them. */
  readonly nodes: readonly OpNode[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** What the file itself says of intermediate values (value_info). */
  readonly statedTypes: ReadonlyMap<string, TensorType>;
  /** Values that are no dense tensors (sequences, maps, optionals): TypeProto messages as the file holds them. */
  readonly otherTypes?: ReadonlyMap<string, Uint8Array>;
}

/** A graph as a file holds it. Model-local functions are already inlined. */
export interface Model {
  readonly graph: Graph;
  readonly irVersion: number;
  /** Domain ("" for standard ONNX) to opset version. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly producer: string;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A graph in which every value's type is known as well as it can be: what shape inference returns. */
export interface TypedGraph {
  readonly graph: Graph;
  /** The type of every value: inferred, or stated by the file behind a barrier. */
  readonly types: ReadonlyMap<string, TensorType>;
  /** Small values known without running the network (shapes, axes, indices), by value name. */
  readonly values: ReadonlyMap<string, Tensor>;
  /** Nodes whose operator has no row (or not at this opset): opaque barriers. */
  readonly unsupported: readonly UnsupportedNode[];
}

export interface UnsupportedNode {
  readonly node: string;
  readonly operator: string;
  readonly reason: string;
}
