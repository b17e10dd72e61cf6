import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPlan } from "../../../test/check-plan.ts";
import { graphBuilder } from "../../../test/graph-builder.ts";
import type { TypedGraph } from "../../graph/ir/graph.ts";
import { extendGraph } from "./ecg.ts";
import { planFixed, planNone } from "./fixed-plan.ts";
import { exceptionNames, planFusion } from "./plan.ts";
import { printPlan } from "./print-plan.ts";
import { quotientOf } from "./quotient.ts";

/** An operator of each mapping type, all on [4,4], that reads one or two earlier values. */
const kinds = [
  "Relu",
  "Add",
  "MatMul",
  "Softmax",
  "Reshape",
  "Transpose",
  "Resize",
  "MaxPool",
  "Split",
  "Odd",
];

interface Step {
  readonly kind: number;
  readonly reads: readonly [number, number];
}

const steps = fc.array(fc.record({ kind: fc.nat(kinds.length - 1), reads: fc.tuple(fc.nat(), fc.nat()) }), {
  minLength: 1,
  maxLength: 40,
});

const square = [4, 4];

function graphOf(list: readonly Step[]): TypedGraph {
  const g = graphBuilder();
  const values = [g.input("x", square), g.input("row", [4])];
  const constant = g.constant("w", square);
  list.forEach(({ kind, reads }, at) => {
    const operator = kinds[kind] ?? "Relu";
    const name = `${operator}${at}`;
    // Later values are likelier, so that chains come out as well as fans.
    const [a = "x", b = "x"] = reads.map(
      (pick) => values[values.length - 1 - (pick % Math.min(values.length, 6))],
    );
    if (operator === "Add") values.push(g.node(operator, name, [a, b], square));
    else if (operator === "MatMul") {
      values.push(g.node(operator, name, [a, (reads[1] ?? 0) % 2 ? b : constant], square));
    } else if (operator === "Split") values.push(...g.nodes(operator, name, [a], [square, [4]]));
    else values.push(g.node(operator, name, [a], square));
    if (operator === "Odd") g.unsupported(name, operator);
  });
  return g.build(values.slice(-1));
}

test("plans of random graphs keep every rule, and come out the same again", () => {
  fc.assert(
    fc.property(steps, fc.subarray([...exceptionNames]), (list, exceptions) => {
      const typed = graphOf(list);
      const plan = planFusion(typed, { exceptions });
      checkPlan(plan);
      expect(printPlan(planFusion(typed, { exceptions }))).toBe(printPlan(plan));
      for (const other of [planFixed(typed), planNone(typed)]) checkPlan(other);
    }),
    { numRuns: 400 },
  );
});

test("any latency may be injected: yellow cells follow it, the rules hold", () => {
  fc.assert(
    fc.property(steps, fc.func(fc.option(fc.nat(9), { nil: undefined })), (list, latencyOf) => {
      checkPlan(planFusion(graphOf(list), { exceptions: exceptionNames, latencyOf }));
    }),
    { numRuns: 100 },
  );
});

test("merging at random keeps the order of the quotient graph topological", () => {
  fc.assert(
    fc.property(
      steps,
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 40 }),
      (list, merges) => {
        const ecg = extendGraph(graphOf(list));
        const quotient = quotientOf(ecg);
        for (const picks of merges) {
          const blocks = [...new Set(picks.map((pick) => quotient.blockOf(pick % list.length)))];
          if (blocks.length > 1 && !quotient.wouldCycle(blocks)) quotient.merge(blocks);
        }
        const places = new Map(quotient.inOrder().map((block, place) => [block, place]));
        for (const { producer, consumers } of ecg.values.values()) {
          for (const consumer of producer === undefined ? [] : consumers) {
            const [from, to] = [quotient.blockOf(producer ?? 0), quotient.blockOf(consumer)];
            expect(places.get(from)).toBeLessThanOrEqual(places.get(to) ?? -1);
          }
        }
        expect([...places.keys()].flatMap((block) => quotient.nodesOf(block)).length).toBe(list.length);
      },
    ),
    { numRuns: 200 },
  );
});

test("3,000 operators are planned in a fraction of a second", () => {
  const g = graphBuilder();
  let x = g.input("x", square);
  for (let at = 0; at < 600; at++) {
    const product = g.node("MatMul", `p${at}`, [x, g.constant(`w${at}`, square)], square);
    const gate = g.node("Sigmoid", `s${at}`, [product], square);
    const swish = g.node("Mul", `m${at}`, [product, gate], square);
    const turned = g.node("Transpose", `t${at}`, [swish], square, { attributes: { perm: [1, 0] } });
    x = g.node("Add", `a${at}`, [turned, x], square);
  }
  const typed = g.build([x]);
  planFusion(typed);
  const start = performance.now();
  const plan = planFusion(typed, { exceptions: exceptionNames });
  // 300 ms is the goal on a quiet machine; this holds the order of growth on a busy one.
  expect(performance.now() - start).toBeLessThan(1500);
  expect(plan.blocks.length).toBe(600);
});
