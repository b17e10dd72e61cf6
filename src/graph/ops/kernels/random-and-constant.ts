/** Kernels that make values out of attributes, shapes or chance. */
import { type RandomSource, seededRandom } from "../../../base/random.ts";
import { valueOfTensor } from "../../ir/runtime-tensor.ts";
import {
  allocate,
  countOf,
  numbersOf,
  scalarValue,
  type TensorValue,
  tensorFromDoubles,
  tensorValue,
} from "../../ir/runtime-value.ts";
import { float, int, tensorAttribute } from "../call.ts";
import { inputNumbers, type Kernel, type KernelCall, type Kernels, outputType, tensor } from "./kernel.ts";

/** A Constant has exactly one attribute. */
const constant: Kernel = (call) => {
  for (const found of call.node.attributes.values()) {
    switch (found.kind) {
      case "tensor":
        return [valueOfTensor(found.value, `the value of node "${call.node.name}"`)];
      case "float":
        return [scalarValue("float32", found.value)];
      case "int":
        return [tensorValue("int64", [], BigInt64Array.of(found.value))];
      case "floats":
        return [tensorFromDoubles("float32", [found.value.length], found.value)];
      case "ints":
        return [tensorValue("int64", [found.value.length], BigInt64Array.from(found.value))];
      case "string":
        return [tensorValue("string", [], [found.value])];
      case "strings":
        return [tensorValue("string", [found.value.length], [...found.value])];
      default:
        throw call.error(`a constant of kind ${found.kind} is not supported`, "export the network again");
    }
  }
  throw call.error("the constant has no value", "export the network again");
};

const constantOfShape: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const elements = allocate(elementType, countOf(shape));
  const fill = tensorAttribute(call, "value");
  const value: unknown = fill === undefined ? undefined : valueOfTensor(fill).elements[0];
  const out: { [index: number]: unknown } = elements;
  if (value !== undefined) for (let at = 0; at < elements.length; at++) out[at] = value;
  return [{ kind: "tensor", elementType, shape, elements }];
};

const range: Kernel = (call) => {
  const start = tensor(call, 0);
  const [from = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => inputNumbers(call, index)[0] ?? 0);
  if (delta === 0) throw call.error("a range with a delta of 0 never ends");
  const count = Math.max(Math.ceil((limit - from) / delta), 0);
  const numbers = Float64Array.from({ length: count }, (_, index) => from + index * delta);
  return [tensorFromDoubles(start.elementType, [count], numbers)];
};

/** Ones on a diagonal. */
const eyeLike: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [rows = 0, columns = 0] = shape;
  const numbers = new Float64Array(rows * columns);
  const diagonal = int(call, "k", 0);
  for (let row = 0; row < rows; row++) {
    const column = row + diagonal;
    if (column >= 0 && column < columns) numbers[row * columns + column] = 1;
  }
  return [tensorFromDoubles(elementType, shape, numbers)];
};

/** The node's own generator where it has a seed, else the run's. */
function randomOf(call: KernelCall): RandomSource {
  return call.node.attributes.has("seed") ? seededRandom(Math.trunc(float(call, "seed", 0))) : call.random;
}

/** Numbers drawn one by one, in the shape that the row's rule gives. */
function drawn(draw: (call: KernelCall, random: RandomSource) => () => number): Kernel {
  return (call) => {
    const { elementType, shape } = outputType(call);
    const next = draw(call, randomOf(call));
    return [tensorFromDoubles(elementType, shape, Float64Array.from({ length: countOf(shape) }, next))];
  };
}

/** Box and Muller's transform. */
const normal = drawn((call, random) => {
  const [mean, scale] = [float(call, "mean", 0), float(call, "scale", 1)];
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
    return mean + scale * radius * Math.cos(2 * Math.PI * random.uniform());
  };
});

const uniform = drawn((call, random) => {
  const [low, high] = [float(call, "low", 0), float(call, "high", 1)];
  return () => low + (high - low) * random.uniform();
});

const bernoulli: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const random = randomOf(call);
  const numbers = Float64Array.from(inputNumbers(call, 0), (chance) => (random.uniform() < chance ? 1 : 0));
  return [tensorFromDoubles(elementType, shape, numbers)];
};

/** Draws classes by their unnormalised log-probabilities. */
const multinomial: Kernel = (call) => {
  const { elementType, shape } = outputType(call);
  const [batch = 0, samples = 0] = shape;
  const logs: TensorValue = tensor(call, 0);
  const classes = logs.shape[1] ?? 0;
  const random = randomOf(call);
  const out: number[] = [];
  for (let row = 0; row < batch; row++) {
    const line = Array.from(numbersOf(logs).subarray(row * classes, (row + 1) * classes));
    const most = Math.max(...line);
    const weights = line.map((log) => Math.exp(log - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let sample = 0; sample < samples; sample++) {
      let rest = random.uniform() * total;
      const chosen = weights.findIndex((weight) => {
        rest -= weight;
        return rest < 0;
      });
      out.push(chosen < 0 ? classes - 1 : chosen);
    }
  }
  return [tensorFromDoubles(elementType, shape, out)];
};

export const constantKernels: Kernels = {
  Bernoulli: bernoulli,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  Multinomial: multinomial,
  RandomNormal: normal,
  RandomNormalLike: normal,
  RandomUniform: uniform,
  RandomUniformLike: uniform,
  Range: range,
};
