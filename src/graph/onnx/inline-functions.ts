/**
 * Model-local functions (ONNX IR, "Functions"): each call is replaced by the nodes of the function's body, so that
 * nothing behind the importer knows of functions. Calls may nest but not recur; the number of nodes is bounded, for a
 * few functions that call each other twice would make more nodes than any memory holds.
 */

import { badInput } from "../../base/errors.ts";
import { quote } from "../../base/quote.ts";
import { freshNames } from "./fresh-names.ts";
import { domainOf, opsetsOf } from "./opsets.ts";
import { collectNames, collectNodeNames, countEntries } from "./proto-names.ts";
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, ValueInfoProto } from "./schema.ts";

/** Bounds what unfolding may cost: about a million nodes, or 64 MB of new names. */
const maximumCost = 2 ** 26;
const costOfEntry = 64;
const maximumDepth = 64;

export interface Inlined {
  readonly graph: GraphProto;
  /** The model's opsets, and those of domains that only functions import. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** The graph without calls of the model's own functions. */
export function inlineFunctions(
  graph: GraphProto,
  functions: readonly FunctionProto[],
  opsets: ReadonlyMap<string, number>,
  where: string,
): Inlined {
  if (functions.length === 0) return { graph, opsets };
  const inliner = new Inliner(functions, graph, where);
  return { graph: inliner.graph(graph, []), opsets: functionOpsets(functions, opsets, where) };
}

/** A function must agree with its model where both import a domain, so the model's version holds there. */
function functionOpsets(
  functions: readonly FunctionProto[],
  opsets: ReadonlyMap<string, number>,
  where: string,
): ReadonlyMap<string, number> {
  const all = new Map(opsets);
  for (const { name, opsetImport } of functions) {
    const imported = opsetsOf(opsetImport, 3, `${where}: function ${quote(name ?? "")}`);
    for (const [domain, version] of imported) if (!all.has(domain)) all.set(domain, version);
  }
  return all;
}

/** One call on the way from the graph to the body at hand. */
interface Call {
  readonly key: string;
  readonly callName: string;
  /** The body's names to those of the graph; a name that is not there is an outer one. */
  readonly values: ReadonlyMap<string, string>;
  /** The values of the function's attributes; absent ones are left out of the body. */
  readonly attributes: ReadonlyMap<string, AttributeProto>;
}

class Inliner {
  readonly #functions = new Map<string, FunctionProto>();
  readonly #valueNames = new Set<string>();
  readonly #nodeNames = new Set<string>();
  readonly #freshValue = freshNames(this.#valueNames);
  readonly #freshNode = freshNames(this.#nodeNames);
  readonly #sizes = new Map<FunctionProto, number>();
  readonly #where: string;
  #cost = 0;
  #graphDepth = 0;

  constructor(functions: readonly FunctionProto[], graph: GraphProto, where: string) {
    this.#where = where;
    for (const body of functions) this.#addFunction(body);
    collectNames(graph, this.#valueNames, this.#nodeNames);
  }

  #addFunction(body: FunctionProto): void {
    const key = functionKey(body.domain, body.name, body.overload);
    if (this.#functions.has(key)) {
      throw badInput(`function ${key} is there twice`, { where: this.#where, fix: "rename one of them" });
    }
    this.#functions.set(key, body);
  }

  /** The graph with all calls replaced; `calls` is the way to it, outermost first. */
  graph(graph: GraphProto, calls: readonly Call[]): GraphProto {
    this.#spend(this.#graphDepth++ < maximumDepth ? costOfEntry : Infinity, calls);
    const inlined = graph.node.map((node) => this.#nodesOf(node, calls));
    this.#graphDepth--;
    return {
      ...graph,
      node: inlined.flatMap(({ nodes }) => nodes),
      valueInfo: [...graph.valueInfo, ...inlined.flatMap(({ valueInfo }) => valueInfo)],
    };
  }

  #nodesOf(node: NodeProto, calls: readonly Call[]): Body {
    const key = functionKey(node.domain, node.opType, node.overload);
    const body = this.#functions.get(key);
    const attribute = node.attribute.map((one) => this.#subgraphs(one, calls));
    if (body !== undefined) return this.#call({ ...node, attribute }, body, key, calls);
    return { nodes: [{ ...node, attribute }], valueInfo: [] };
  }

  #spend(cost: number, calls: readonly Call[]): void {
    this.#cost += cost;
    if (this.#cost <= maximumCost && calls.length <= maximumDepth) return;
    throw badInput("the model's functions unfold to more than a million nodes, or nest too deep", {
      where: this.#place(calls.slice(0, 3)),
      fix: "export the model without functions",
    });
  }

  #subgraphs(attribute: AttributeProto, calls: readonly Call[]): AttributeProto {
    if (attribute.g === undefined && attribute.graphs.length === 0) return attribute;
    return {
      ...attribute,
      g: attribute.g === undefined ? undefined : this.graph(attribute.g, calls),
      graphs: attribute.graphs.map((graph) => this.graph(graph, calls)),
    };
  }

  #call(node: NodeProto, body: FunctionProto, key: string, calls: readonly Call[]): Body {
    const callName = this.#callName(node);
    this.#checkCall(node, body, key, calls);
    this.#spend(costOfEntry * this.#size(body), calls);
    const call = {
      key,
      callName,
      values: this.#bindValues(node, body, callName),
      attributes: bindAttributes(node, body),
    };
    const inner = [...calls, call];
    const bodies = body.node.map((one) => this.#nodesOf(this.#rename(one, call), inner));
    const valueInfo = body.valueInfo.map((info) => renameInfo(info, call));
    return {
      nodes: [...bodies.flatMap(({ nodes }) => nodes), ...this.#passedThrough(node, body, callName)],
      valueInfo: [...valueInfo, ...bodies.flatMap((one) => one.valueInfo)],
    };
  }

  /** Entries of a body, those of its subgraphs too. */
  #size(body: FunctionProto): number {
    const known = this.#sizes.get(body);
    if (known !== undefined) return known;
    const size = 1 + body.valueInfo.length + countEntries(body.node);
    this.#sizes.set(body, size);
    return size;
  }

  #callName(node: NodeProto): string {
    if (node.name !== undefined && node.name !== "") return node.name;
    return `${node.opType ?? ""}_${node.output.find((name) => name !== "") ?? ""}`;
  }

  #checkCall(node: NodeProto, body: FunctionProto, key: string, calls: readonly Call[]): void {
    const fail = (message: string, fix: string): never => {
      throw badInput(message, {
        where: `${this.#place(calls)}: node ${quote(this.#callName(node))} (${key})`,
        fix,
      });
    };
    if (calls.some((outer) => outer.key === key)) fail("the function calls itself", "use Loop or Scan");
    if (node.input.length > body.input.length) {
      fail(`${node.input.length} inputs for a function of ${body.input.length}`, "export the model again");
    }
    if (node.output.length > body.output.length) {
      fail(`${node.output.length} outputs of a function of ${body.output.length}`, "export the model again");
    }
  }

  #place(calls: readonly Call[]): string {
    return [this.#where, ...calls.map(({ callName, key }) => `node ${quote(callName)} (${key})`)].join(": ");
  }

  /** Inputs and outputs become the call's own, everything else gets a new name behind the call's. */
  #bindValues(node: NodeProto, body: FunctionProto, callName: string): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    body.output.forEach((name, index) => {
      const outside = node.output[index] ?? "";
      values.set(name, outside === "" ? this.#fresh(this.#freshValue, callName, name) : outside);
    });
    body.input.forEach((name, index) => {
      values.set(name, node.input[index] ?? "");
    });
    const inside = new Set<string>();
    for (const one of body.node) collectNodeNames(one, inside, new Set());
    for (const name of inside)
      if (name !== "" && !values.has(name)) values.set(name, this.#fresh(this.#freshValue, callName, name));
    return values;
  }

  #fresh(freshName: (stem: string) => string, callName: string, name: string): string {
    this.#spend(callName.length + name.length, []);
    return freshName(`${callName}/${name}`);
  }

  #rename(node: NodeProto, call: Call): NodeProto {
    return {
      ...node,
      name: this.#fresh(this.#freshNode, call.callName, node.name ?? node.opType ?? ""),
      input: node.input.map((name) => renamed(name, call)),
      output: node.output.map((name) => renamed(name, call)),
      attribute: node.attribute.flatMap((attribute) => this.#resolve(attribute, call)),
    };
  }

  /** An attribute of the body: a reference becomes what the call gives, or nothing; subgraphs are renamed too. */
  #resolve(attribute: AttributeProto, call: Call): readonly AttributeProto[] {
    if (attribute.refAttrName !== undefined && attribute.refAttrName !== "") {
      const given = call.attributes.get(attribute.refAttrName);
      return given === undefined ? [] : [{ ...given, name: attribute.name }];
    }
    if (attribute.g === undefined && attribute.graphs.length === 0) return [attribute];
    const g = attribute.g === undefined ? undefined : this.#renameGraph(attribute.g, call);
    return [{ ...attribute, g, graphs: attribute.graphs.map((graph) => this.#renameGraph(graph, call)) }];
  }

  #renameGraph(graph: GraphProto, call: Call): GraphProto {
    const info = (one: ValueInfoProto): ValueInfoProto => renameInfo(one, call);
    return {
      ...graph,
      node: graph.node.map((node) => this.#rename(node, call)),
      input: graph.input.map(info),
      output: graph.output.map(info),
      valueInfo: graph.valueInfo.map(info),
      initializer: graph.initializer.map((tensor) => ({ ...tensor, name: renamed(tensor.name ?? "", call) })),
    };
  }

  /** An output that is an input of the function: no node makes it, so one is put there. */
  #passedThrough(node: NodeProto, body: FunctionProto, callName: string): readonly NodeProto[] {
    return body.output.flatMap((name, index) => {
      const outside = node.output[index] ?? "";
      const input = body.input.indexOf(name);
      if (input < 0 || outside === "") return [];
      return [identity(this.#fresh(this.#freshNode, callName, "Identity"), node.input[input] ?? "", outside)];
    });
  }
}

interface Body {
  readonly nodes: readonly NodeProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}

function functionKey(
  domain: string | undefined,
  name: string | undefined,
  overload: string | undefined,
): string {
  const suffix = overload === undefined || overload === "" ? "" : `:${overload}`;
  return `${domainOf(domain)}.${name ?? ""}${suffix}`;
}

function renamed(name: string, call: Call): string {
  return call.values.get(name) ?? name;
}

function renameInfo(info: ValueInfoProto, call: Call): ValueInfoProto {
  return { ...info, name: renamed(info.name ?? "", call) };
}

/** Defaults of the function under what the call says. */
function bindAttributes(node: NodeProto, body: FunctionProto): ReadonlyMap<string, AttributeProto> {
  return new Map(
    [...body.attributeProto, ...node.attribute].map((attribute) => [attribute.name ?? "", attribute]),
  );
}

function identity(name: string, input: string, output: string): NodeProto {
  return {
    name,
    opType: "Identity",
    domain: "",
    overload: undefined,
    input: [input],
    output: [output],
    attribute: [],
  };
}
