/** What is left of a workload when its first layers are done. */
import type { TensorSource, Workload, WorkloadTensor } from "./workload.ts";

/**
 * The layers from `first` on as a workload of their own. What earlier layers made is its network input: a group of the rest costs what it
 * costs in the whole, as it reads such tensors from off chip in both. O(workload).
 */
export function restOf(workload: Workload, first: number): Workload {
  const layers = workload.layers.slice(first);
  const used = new Set(layers.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  const places = new Map([...used].sort((a, b) => a - b).map((tensor, index) => [tensor, index]));
  const moved = (tensors: readonly number[]): readonly number[] =>
    tensors.map((tensor) => places.get(tensor) ?? 0);
  const tensors = workload.tensors.flatMap((tensor, index): readonly WorkloadTensor[] => {
    if (!places.has(index)) return [];
    const consumers = tensor.consumers.filter((layer) => layer >= first).map((layer) => layer - first);
    const { source } = tensor;
    if (source.kind === "layer" && source.layer >= first) {
      return [{ ...tensor, consumers, source: { kind: "layer", layer: source.layer - first } }];
    }
    const given: TensorSource = { kind: "network-input" };
    return [{ ...tensor, consumers, source: given, isNetworkOutput: false }];
  });
  return {
    ...workload,
    layers: layers.map((layer) => ({
      ...layer,
      inputs: moved(layer.inputs),
      outputs: moved(layer.outputs),
    })),
    tensors,
  };
}
