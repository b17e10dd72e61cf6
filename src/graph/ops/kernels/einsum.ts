/** The kernel of Einsum: one product for each point of the index space, summed over the labels that the result lacks. */
import { countOf, numbersOf } from "../../ir/runtime-value.ts";
import { string } from "../call.ts";
import { labelSizes, parseEquation } from "../einsum-equation.ts";
import { type Kernel, numericKernel, tensor } from "./kernel.ts";
import { stridesOf, walkRows } from "./strided.ts";

/** The stride of an operand along each label; a label named twice walks the diagonal. */
function stridesAlong(labels: readonly string[], own: readonly string[], shape: readonly number[]): number[] {
  const strides = stridesOf(shape);
  return labels.map((label) =>
    own.reduce(
      (sum, name, axis) => sum + (name === label && shape[axis] !== 1 ? (strides[axis] ?? 0) : 0),
      0,
    ),
  );
}

export const einsumKernel: Kernel = numericKernel((call, out, shape) => {
  const operands = call.values.map((_, index) => tensor(call, index));
  const shapes = operands.map((operand) => operand.shape);
  const equation = parseEquation({
    text: string(call, "equation", ""),
    ranks: shapes.map((each) => each.length),
  });
  if (equation === undefined) throw call.error("the equation does not fit the inputs");
  const sizes = labelSizes(equation, shapes, (_, a) => a);
  const summed = [...sizes.keys()].filter((label) => !equation.result.includes(label));
  const labels = [...equation.result, ...summed];
  const space = labels.map((label) => Number(sizes.get(label) ?? 1));
  const strides = [
    stridesAlong(labels, equation.result, shape),
    ...operands.map((operand, index) => stridesAlong(labels, equation.operands[index] ?? [], operand.shape)),
  ];
  const sums = new Float64Array(countOf(shape));
  const factors = operands.map(numbersOf);
  walkRows(space, strides, (starts, count, steps) => {
    for (let index = 0; index < count; index++) {
      let product = 1;
      for (let operand = 0; operand < factors.length; operand++) {
        const at = (starts[operand + 1] as number) + index * (steps[operand + 1] as number);
        product *= factors[operand]?.[at] as number;
      }
      const place = (starts[0] as number) + index * (steps[0] as number);
      sums[place] = (sums[place] as number) + product;
    }
  });
  out.set(sums);
});
