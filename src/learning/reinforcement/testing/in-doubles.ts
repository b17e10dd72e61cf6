/** A graph of float32 in doubles, so that its gradients can be held against differences. */
import { typedModel } from "../../../graph/autodiff/differentiate.ts";
import type { TypedGraph } from "../../../graph/ir/graph.ts";
import { tensorOfValue, valueOfTensor } from "../../../graph/ir/runtime-tensor.ts";
import { numbersOf, tensorFromDoubles } from "../../../graph/ir/runtime-value.ts";
import type { Tensor, TensorType } from "../../../graph/ir/tensor.ts";

export function inDoubles({ graph }: TypedGraph): TypedGraph {
  const wide = (type: TensorType): TensorType =>
    type.elementType === "float32" ? { ...type, elementType: "float64" } : type;
  const constant = (tensor: Tensor): Tensor => {
    if (tensor.elementType !== "float32") return tensor;
    const value = valueOfTensor(tensor);
    return tensorOfValue(tensorFromDoubles("float64", value.shape, [...numbersOf(value)]));
  };
  return typedModel({
    ...graph,
    inputs: graph.inputs.map(({ name, type }) => ({ name, type: wide(type) })),
    outputs: graph.outputs.map(({ name, type }) => ({ name, type: wide(type) })),
    constants: new Map([...graph.constants].map(([name, tensor]) => [name, constant(tensor)])),
  }).typed;
}
