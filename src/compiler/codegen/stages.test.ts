/** Where threads must wait for each other: by hand, and networks on simulated threads that are as far apart as may be. */
import { describe, expect, test } from "vitest";
import { floats, network } from "../../../test/network.ts";
import { known } from "../../base/assert.ts";
import { seededRandom } from "../../base/random.ts";
import { randomInputs } from "../../graph/interpreter/random-inputs.ts";
import { runGraph } from "../../graph/interpreter/run-graph.ts";
import { numbersOf, type TensorValue } from "../../graph/ir/runtime-value.ts";
import { compileGraph } from "./compile.ts";
import type { ProgramPlace, Step } from "./program.ts";
import { stagesOf } from "./stages.ts";
import { heavySteps } from "./testing/heavy-steps.ts";
import { type Choice, elementwiseSteps, layoutSteps, randomNetwork } from "./testing/random-network.ts";
import { runSteps } from "./testing/run-steps.ts";

const place = (byteOffset: number): ProgramPlace => ({ byteOffset, byteLength: 64 });
const step = (reads: readonly number[], writes: readonly number[], work = 100): Step => ({
  kernel: "kernel",
  addresses: [],
  units: 8,
  work,
  reads,
  writes,
  label: "",
});
const waits = (steps: readonly Step[], places: readonly ProgramPlace[]): readonly boolean[] =>
  stagesOf(steps, places, 10).map((stage) => stage.waits);

describe("a step waits", () => {
  test("for what it reads", () => {
    const places = [0, 64, 128].map(place);
    expect(waits([step([0], [1]), step([1], [2])], places)).toEqual([false, true]);
    expect(waits([step([0], [1]), step([0], [2])], places)).toEqual([false, false]);
  });

  test("for those that read or write where it writes, if another value was there", () => {
    // Places 0 and 3, and 1 and 4, are the same bytes.
    const places = [0, 64, 128, 0, 64].map(place);
    expect(waits([step([0], [1]), step([2], [3])], places)).toEqual([false, true]);
    expect(waits([step([0], [1]), step([2], [4])], places)).toEqual([false, true]);
    expect(waits([step([0], [1]), step([4], [2])], places)).toEqual([false, true]);
  });

  test("not for those that write other parts of the same value", () => {
    const places = [0, 64, 128].map(place);
    expect(waits([step([0], [2]), step([1], [2]), step([2], [])], places)).toEqual([false, false, true]);
  });

  test("not for its own thread, and for all steps since the last barrier", () => {
    const places = [0, 64, 128, 192].map(place);
    expect(waits([step([0], [1], 1), step([1], [2], 1), step([1], [3])], places)).toEqual([
      false,
      false,
      true,
    ]);
    expect(waits([step([], [1]), step([0], [2]), step([0], [3]), step([1], [])], places)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});

const seed = Number(process.env.LAMINATE_SEED ?? 1);

test.each([2, 3, 4])(
  `random networks on %i threads that run apart give what one gives, seed ${seed}`,
  (threads) => {
    const random = seededRandom(seed + threads);
    let barriers = 0;
    let steps = 0;
    for (let network = 0; network < 40; network++) {
      const choices = Array.from(
        { length: 6 },
        (): Choice => [random.below(1000), random.below(1000), random.below(1_000_000)],
      );
      const shapes = [
        [1, 4, 6, 7],
        [2, 4, 1, 1],
        [2, 5, 8],
      ];
      const typed = randomNetwork([...heavySteps, ...elementwiseSteps, ...layoutSteps], shapes, choices);
      const program = compileGraph(typed);
      const inputs = randomInputs(typed.graph, network);
      const alone = runSteps(program, inputs);
      for (let turn = 0; turn < 3; turn++)
        expect(runSteps(program, inputs, { random, threads })).toEqual(alone);
      const stages = stagesOf(program.steps, program.places, 64);
      barriers += stages.filter((stage) => stage.waits).length;
      steps += stages.length;
    }
    expect(barriers).toBeLessThan(steps);
  },
);

test("bands of Winograd's tiles on threads that run apart give what the interpreter gives", () => {
  const typed = network({
    inputs: { x: [1, 8, 181, 173] },
    constants: { w: floats([8, 8, 3, 3]) },
    nodes: { y: ["Conv", ["x", "w"], { pads: [1, 1, 1, 1] }], z: ["Relu", ["y"]] },
    outputs: ["z"],
  });
  const program = compileGraph(typed);
  const bands = program.steps.filter(({ kernel }) => kernel === "winograd_output");
  expect(bands.length).toBeGreaterThan(1);
  expect(bands.map(({ firstUnit }) => firstUnit)).toEqual(
    bands.map((_, band) => band * (bands[0]?.units ?? 0)),
  );
  // The input of the next band is transformed beside the results of a band.
  const waiting = stagesOf(program.steps, program.places, 64).filter((stage) => stage.waits);
  expect(waiting).toHaveLength(1 + 2 * bands.length);
  const inputs = randomInputs(typed.graph, 1);
  const expected = numbersOf(known(runGraph(typed, inputs).get("z"), "z") as TensorValue);
  const outputs = runSteps(program, inputs, { random: seededRandom(1), threads: 3 });
  const actual = numbersOf(known(outputs.get("z"), "z") as TensorValue);
  let error = 0;
  for (let at = 0; at < expected.length; at++) {
    const difference = Math.abs((expected[at] ?? 0) - (actual[at] ?? Number.NaN));
    error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(error, difference);
  }
  expect(error).toBeLessThan(1e-3);
});
