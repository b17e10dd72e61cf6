/** Products of matrices in batches, against the interpreter: any number of axes, broadcast and turned. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { floats, type NetworkNode, network } from "../../../../test/network.ts";
import { seededRandom } from "../../../base/random.ts";
import { compareValues } from "../../../graph/interpreter/compare-values.ts";
import { randomInputs } from "../../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../../graph/interpreter/run-graph.ts";
import { compileGraph } from "../compile.ts";
import { runSteps } from "../testing/run-steps.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 20_260_103);

interface Side {
  /** Which axes of batches it has itself; the others are 1, and leading ones may be missing. */
  readonly has: readonly boolean[];
  readonly cut: number;
  /** Stored with its axes in the reverse order. */
  readonly turned: boolean;
  readonly isConstant: boolean;
}

interface Case {
  readonly batches: readonly number[];
  readonly left: Side;
  readonly right: Side;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

const side: fc.Arbitrary<Side> = fc.record({
  has: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  cut: fc.integer({ min: 0, max: 2 }),
  turned: fc.boolean(),
  isConstant: fc.boolean(),
});
const upTo = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });
const cases: fc.Arbitrary<Case> = fc.record({
  batches: fc.array(upTo(3), { maxLength: 4 }),
  left: side,
  right: side,
  rows: upTo(5),
  depth: upTo(9),
  columns: upTo(9),
});

function expectSame({ batches, left, right, rows, depth, columns }: Case): void {
  const nodes: Record<string, NetworkNode> = {};
  const inputs: Record<string, readonly number[]> = { z: [1] };
  const constants: Record<string, ReturnType<typeof floats>> = {};
  const operand = (
    name: string,
    { has, cut, turned, isConstant }: Side,
    matrix: readonly number[],
  ): string => {
    const own = batches.map((size, axis) => (has[axis] ? size : 1)).slice(Math.min(cut, batches.length));
    const shape = [...own, ...matrix];
    const stored = turned ? shape.toReversed() : shape;
    if (isConstant) constants[name] = floats(stored);
    else inputs[name] = stored;
    if (!turned) return name;
    nodes[`${name}_turned`] = ["Transpose", [name]];
    return `${name}_turned`;
  };
  const sides = [operand("a", left, [rows, depth]), operand("b", right, [depth, columns])];
  nodes.product = ["MatMul", sides];
  nodes.y = ["Add", ["product", "z"]];
  const typed = network({ inputs, constants, nodes, outputs: ["y"] });
  const given = randomInputs(typed.graph, seed);
  const actual = runSteps(compileGraph(typed), given, { random: seededRandom(seed) });
  for (const [name, value] of runGraph(typed, given)) {
    const found = actual.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    const difference = compareValues(found, value, { relative: 1e-4, absolute: 1e-5 });
    expect(difference.isClose, `${name}: ${JSON.stringify(difference)}`).toBe(true);
  }
}

test(`products in batches, seed ${seed}`, () => {
  fc.assert(fc.property(cases, expectSame), { seed, numRuns: 200 });
});
