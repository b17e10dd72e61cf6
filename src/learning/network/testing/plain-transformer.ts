/** The decision transformer as plain loops over one trajectory, in doubles: what the graph is tested against. */
import { actionWidth, type FeatureSchema } from "../../environment/schema.ts";
import { hiddenFactor, type NetworkSizes } from "../network-sizes.ts";

export type Numbers = ArrayLike<number>;

interface Trajectory {
  readonly returns: Numbers;
  readonly states: Numbers;
  readonly actions: Numbers;
}

/** The action of every step: steps x numbers. */
export function plainTransformer(
  { blocks, heads, width }: NetworkSizes,
  schema: FeatureSchema,
  parameters: ReadonlyMap<string, Numbers>,
  { returns, states, actions }: Trajectory,
): number[] {
  const at = (name: string, index: number): number => parameters.get(name)?.[index] ?? Number.NaN;
  const linear = (name: string, x: readonly number[], to: number): number[] =>
    Array.from({ length: to }, (_, column) =>
      x.reduce(
        (total, value, row) => total + value * at(`${name}.weight`, row * to + column),
        at(`${name}.bias`, column),
      ),
    );
  const norm = (name: string, x: readonly number[]): number[] => {
    const mean = x.reduce((a, b) => a + b, 0) / x.length;
    const variance = x.reduce((total, value) => total + (value - mean) ** 2, 0) / x.length;
    return x.map((value, index) => {
      const normal = (value - mean) / Math.sqrt(variance + 1e-5);
      return normal * at(`${name}.scale`, index) + at(`${name}.bias`, index);
    });
  };
  const plus = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((value, index) => value + (b[index] ?? 0));

  const tokens: number[][] = [];
  for (let step = 0; step < returns.length; step++) {
    for (const [name, numbers] of Object.entries({ returns, states, actions })) {
      const size = numbers.length / returns.length;
      const part = Array.from(numbers).slice(step * size, (step + 1) * size);
      const time = Array.from({ length: width }, (_, index) => at("times", step * width + index));
      tokens.push(norm("embedded", plus(linear(`${name}.embedding`, part, width), time)));
    }
  }

  const attend = (name: string, all: readonly number[][]): number[][] => {
    const [queries, keys, values] = ["query", "key", "value"].map((kind) =>
      all.map((token) => linear(`${name}.${kind}`, token, width)),
    ) as [number[][], number[][], number[][]];
    const size = width / heads;
    return queries.map((query, token) => {
      const mixed = new Array<number>(width).fill(0);
      for (let head = 0; head < heads; head++) {
        const inside = (vector: readonly number[]): number[] => vector.slice(head * size, (head + 1) * size);
        const scores = keys
          .slice(0, token + 1)
          .map((key) => inside(query).reduce((total, q, i) => total + q * (inside(key)[i] ?? 0), 0));
        const powers = scores.map((score) => Math.exp(score / Math.sqrt(size)));
        const total = powers.reduce((a, b) => a + b, 0);
        powers.forEach((power, other) => {
          inside(values[other] ?? []).forEach((value, i) => {
            mixed[head * size + i] = (mixed[head * size + i] ?? 0) + (power / total) * value;
          });
        });
      }
      return linear(`${name}.projected`, mixed, width);
    });
  };

  let x = tokens;
  for (let block = 0; block < blocks; block++) {
    const name = `block${block}`;
    const attended = attend(
      `${name}.attention`,
      x.map((token) => norm(`${name}.norm1`, token)),
    );
    x = x.map((token, index) => {
      const middle = plus(token, attended[index] ?? []);
      const hidden = linear(`${name}.hidden`, norm(`${name}.norm2`, middle), hiddenFactor * width);
      return plus(middle, linear(`${name}.back`, hidden.map(gelu), width));
    });
  }
  return x
    .filter((_, index) => index % 3 === 1)
    .flatMap((token) => linear("head", norm("normalized", token), actionWidth(schema)));
}

const gelu = (x: number): number => (x / 2) * (1 + erf(x / Math.SQRT2));

/** By its Taylor series, which has 12 digits where the tests are. */
function erf(x: number): number {
  let total = 0;
  let term = x;
  for (let n = 0; n < 200; n++) {
    total += term / (2 * n + 1);
    term *= -(x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
