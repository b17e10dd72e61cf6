/**
 * Common subexpressions: of two nodes that compute the same from the same, one is left; so too of two equal constants.
 * Commutative operators are the same in either order. O(nodes, small constants).
 */
import { subgraphs } from "../../../graph/ir/captures.ts";
import type { Attribute, OpNode } from "../../../graph/ir/graph.ts";
import { tensorByteLength } from "../../../graph/ir/materialize.ts";
import type { Tensor } from "../../../graph/ir/tensor.ts";
import { rowOf } from "../../../graph/ops/registry.ts";
import { isRandom } from "./fold-constants.ts";
import type { GraphEditor } from "./graph-editor.ts";

/** Larger constants are the same only where they are the same bytes of the file. */
const mostComparedBytes = 4096;

export function eliminateCommonSubexpressions(editor: GraphEditor): void {
  const texts = new ConstantTexts();
  const constants = new Map<string, string>();
  const first = new Map<string, string>();
  const nodes = new Map<string, OpNode>();
  /** The one name of a constant and all its equals. */
  const one = (name: string): string => {
    const tensor = editor.constant(name);
    if (tensor === undefined) return name;
    const old = constants.get(name);
    if (old !== undefined) return old;
    const text = texts.of(tensor);
    const chosen = first.get(text) ?? name;
    first.set(text, chosen);
    constants.set(name, chosen);
    return chosen;
  };
  for (const node of editor.nodes()) {
    const inputs = node.inputs.map(one);
    const changed = inputs.some((name, index) => name !== node.inputs[index]);
    const current = changed ? editor.setInputs(node, inputs) : node;
    // What is not understood may do something different each time.
    if (rowOf(current) === undefined || isRandom(current) || subgraphs(current).length > 0) continue;
    const key = keyOf(current, texts);
    const same = nodes.get(key);
    if (same === undefined) nodes.set(key, current);
    else merge(editor, same, current);
  }
}

/** All or nothing: a node of which one result is left would still run. */
function merge(editor: GraphEditor, keep: OpNode, twin: OpNode): void {
  const kept = editor.nodeNamed(keep.name)?.outputs ?? [];
  if (twin.outputs.some((name, index) => name !== "" && (kept[index] ?? "") === "")) return;
  twin.outputs.forEach((name, index) => {
    // The first may have taken over the name of one of the network's outputs in between.
    const by = editor.nodeNamed(keep.name)?.outputs[index];
    if (name !== "" && by !== undefined) editor.substitute(name, by);
  });
}

function keyOf(node: OpNode, texts: ConstantTexts): string {
  const isCommutative =
    node.inputs.length === 2 && rowOf(node)?.algebra.commutative === true && node.opset >= 7;
  const inputs = isCommutative ? [...node.inputs].sort() : node.inputs;
  const attributes = [...node.attributes]
    .map(([name, attribute]) => `${name}=${attributeText(attribute, texts)}`)
    .sort();
  return JSON.stringify([node.domain, node.operator, node.opset, node.outputs.length, inputs, attributes]);
}

function attributeText(attribute: Attribute, texts: ConstantTexts): string {
  switch (attribute.kind) {
    case "tensor":
      return texts.of(attribute.value);
    case "tensors":
      return attribute.value.map((tensor) => texts.of(tensor)).join();
    case "graph":
    case "graphs":
    case "unsupported":
      return texts.identity(attribute);
    case "ints":
    case "floats":
      return attribute.value.join();
    case "float":
    case "int":
      return String(attribute.value);
    case "string":
    case "strings":
      return JSON.stringify(attribute.value);
    default:
      return attribute satisfies never;
  }
}

/** Texts that are equal where constants are. */
class ConstantTexts {
  readonly #numbers = new Map<object, number>();

  of(tensor: Tensor): string {
    const { data } = tensor;
    const type = `${tensor.elementType}[${tensor.shape.join()}]`;
    switch (data.kind) {
      case "synthetic":
        return `${type} ${data.low} ${data.high} ${data.seed}`;
      case "bytes": {
        const { buffer, byteOffset } = data.bytes;
        const isSmall = (tensorByteLength(tensor) ?? 0) <= mostComparedBytes;
        return isSmall ? `${type} ${data.bytes.join()}` : `${type} ${this.identity(buffer)} ${byteOffset}`;
      }
      case "scaled":
      case "strings":
      case "missing":
        return `${type} ${this.identity(data)}`;
      default:
        return data satisfies never;
    }
  }

  /** The same text for the same object only. */
  identity(thing: object): string {
    const number = this.#numbers.get(thing) ?? this.#numbers.size;
    this.#numbers.set(thing, number);
    return `#${number}`;
  }
}
