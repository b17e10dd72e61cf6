/** GraphProto -> Graph: nodes named and sorted, constants, types; subgraphs likewise. */

import { badInput } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import type { Attribute, Graph, OpNode, Value } from "../ir/graph.ts";
import type { Tensor, TensorType } from "../ir/tensor.ts";
import { topologicalOrder } from "../ir/topological-order.ts";
import type { ReadExternal } from "./external-data.ts";
import { freshNames } from "./fresh-names.ts";
import { attributeOf, sparseAttribute } from "./import-attribute.ts";
import { tensorOf } from "./import-tensor.ts";
import { statedType } from "./import-type.ts";
import { domainOf, nodeOpset } from "./opsets.ts";
import { type Place, placeInside, placeText } from "./place.ts";
import type { GraphProto, NodeProto, ValueInfoProto } from "./schema.ts";

/** What holds for all graphs of a file. */
export interface GraphContext {
  readonly opsets: ReadonlyMap<string, number>;
  readonly readExternal: ReadExternal | undefined;
  /** Graphs around the one at hand. */
  readonly depth: number;
}

/** Later stages recur into subgraphs; functions may nest them deeper than the file's own messages can. */
const maximumDepth = 64;

/** The graph of a message; `where` is the file, or the file and the way to the subgraph. */
export function graphOf(proto: GraphProto, context: GraphContext, where: Place): Graph {
  if (context.depth > maximumDepth) {
    throw badInput(`graphs nest deeper than ${maximumDepth}`, {
      where: placeText(where).slice(0, 200),
      fix: "export the model again",
    });
  }
  const constants = constantsOf(proto, context, where);
  const others = new Map<string, Uint8Array>();
  const values = (infos: readonly ValueInfoProto[]): readonly Value[] =>
    infos.map((info) => namedValue(info, others, where));
  // Before IR version 4 a constant had to be an input too; later that means a default, which here is a constant.
  const inputs = values(proto.input).filter(({ name }) => !constants.has(name));
  const outputs = values(proto.output);
  const statedTypes = statedTypesOf(values(proto.valueInfo));
  return {
    name: proto.name ?? "",
    inputs,
    outputs,
    nodes: sortedNodes([...sparseConstants(proto, context), ...nodesOf(proto, context, where)], where),
    constants,
    statedTypes,
    ...(others.size === 0 ? {} : { otherTypes: others }),
  };
}

function constantsOf(proto: GraphProto, context: GraphContext, where: Place): ReadonlyMap<string, Tensor> {
  const constants = new Map<string, Tensor>();
  for (const tensor of proto.initializer) {
    const name = tensor.name ?? "";
    const here = placeInside(where, "tensor", name);
    if (constants.has(name)) {
      throw badInput(`two initializers are called ${quote(name)}`, {
        where: placeText(here),
        fix: "rename one of them",
      });
    }
    constants.set(name, tensorOf(tensor, context.readExternal, here));
  }
  return constants;
}

function namedValue(info: ValueInfoProto, others: Map<string, Uint8Array>, where: Place): Value {
  const { name, type, other } = statedType(info, where);
  if (other !== undefined) others.set(name, other);
  return { name, type };
}

/** What is said of values in between; entries that say nothing are dropped, the first of several holds. */
function statedTypesOf(values: readonly Value[]): ReadonlyMap<string, TensorType> {
  const types = new Map<string, TensorType>();
  for (const { name, type } of values) {
    const saysNothing = type.elementType === "undefined" && type.shape === undefined;
    if (name !== "" && !saysNothing && !types.has(name)) types.set(name, type);
  }
  return types;
}

/** A sparse initializer is what a Constant node with a sparse value is; as that node it needs no form of its own. */
function sparseConstants(proto: GraphProto, context: GraphContext): readonly OpNode[] {
  return proto.sparseInitializer.map((sparse) => {
    const output = sparse.values?.name ?? "";
    return {
      name: `Constant_${output}`,
      operator: "Constant",
      domain: "",
      opset: nodeOpset(context.opsets, "") ?? 1,
      inputs: [],
      outputs: [output],
      attributes: new Map([["sparse_value", sparseAttribute("sparse_value", sparse)]]),
    };
  });
}

function nodesOf(proto: GraphProto, context: GraphContext, where: Place): readonly OpNode[] {
  const fresh = freshNames(new Set(proto.node.map(({ name }) => name ?? "")));
  return proto.node.map((node, index) => {
    const output = node.output.find((name) => name !== "") ?? index;
    return nodeOf(node, node.name || fresh(`${node.opType}_${output}`), context, where);
  });
}

function nodeOf(node: NodeProto, name: string, context: GraphContext, outerWhere: Place): OpNode {
  const where = placeInside(outerWhere, "node", name, node.opType ?? "");
  if (node.opType === undefined || node.opType === "") {
    throw badInput("a node without an operator", { where: placeText(where), fix: "export the model again" });
  }
  const domain = domainOf(node.domain);
  const opset = nodeOpset(context.opsets, domain);
  if (opset === undefined) {
    throw badInput("a standard operator, but the model imports no standard opset", {
      where: placeText(where),
      fix: 'add an opset_import of domain "": export the model again',
    });
  }
  return {
    name,
    operator: node.opType,
    domain,
    opset,
    inputs: node.input,
    outputs: node.output,
    attributes: attributesOf(node, context, where),
  };
}

function attributesOf(
  node: NodeProto,
  context: GraphContext,
  nodeWhere: Place,
): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  const inner = { ...context, depth: context.depth + 1 };
  const importSubgraph = (graph: GraphProto, where: Place): Graph => graphOf(graph, inner, where);
  for (const attribute of node.attribute) {
    const name = attribute.name ?? "";
    const where = placeInside(nodeWhere, "attribute", name);
    if (name === "" || attributes.has(name)) {
      const message = name === "" ? "an attribute without a name" : "the attribute is there twice";
      throw badInput(message, { where: placeText(where), fix: "export the model again" });
    }
    if (attribute.refAttrName !== undefined && attribute.refAttrName !== "") {
      throw badInput(`refers to attribute ${quote(attribute.refAttrName)} of a function, but is in none`, {
        where: placeText(where),
        fix: "export the model again",
      });
    }
    attributes.set(
      name,
      attributeOf(attribute, { readExternal: context.readExternal, importSubgraph }, where),
    );
  }
  return attributes;
}

function sortedNodes(nodes: readonly OpNode[], where: Place): readonly OpNode[] {
  const order = topologicalOrder(nodes);
  if (order.kind === "ordered") return order.nodes;
  const named = order.nodes.slice(0, 8).map(({ name }) => `${quote(name)}`);
  const more = order.nodes.length > named.length ? `, ... (${order.nodes.length} nodes)` : "";
  throw badInput(`the graph has a cycle: ${named.join(" -> ")}${more} -> ${named[0]}`, {
    where: `${placeText(where)}: node ${named[0]}`,
    fix: "a node cannot need its own output: export the model again, loops as Loop or Scan",
  });
}
