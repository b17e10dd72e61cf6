import { expect, test } from "vitest";
import { fewestRounds, type RoundOptions, runRounds } from "./rounds.ts";

/** A clock that racers turn forward themselves. */
function fakeTime() {
  const log: string[] = [];
  let now = 0;
  const racer = (name: string, seconds: (run: number) => number) => {
    let runs = 0;
    return {
      name,
      run: () => {
        log.push(name);
        now += seconds(runs++);
      },
    };
  };
  const options: RoundOptions = {
    rounds: 3,
    turnSeconds: 1,
    warmUpSeconds: 0,
    pauseSeconds: 0,
    mostSeconds: 1e9,
    clock: () => now,
    sleep: async (seconds) => {
      now += seconds;
    },
  };
  return { log, racer, options };
}

test("racers take turns, each warmed up before the first round", async () => {
  const { log, racer, options } = fakeTime();
  const samples = await runRounds([racer("a", () => 1), racer("b", () => 2)], options);
  expect(log.join(" ")).toBe("a b a b a b a b");
  expect(samples).toEqual([
    { name: "a", runsPerTurn: 1, seconds: [1, 1, 1] },
    { name: "b", runsPerTurn: 1, seconds: [2, 2, 2] },
  ]);
});

test("short runs fill a turn and are preceded by an untimed one", async () => {
  const { log, racer, options } = fakeTime();
  // Warm-up: 1 run of 1/4 s, so 4 runs to a turn of a second; each of 3 rounds adds the untimed run: 1 + 3 x 5 = 16.
  const samples = await runRounds([racer("a", () => 0.25)], options);
  expect(samples).toEqual([{ name: "a", runsPerTurn: 4, seconds: [0.25, 0.25, 0.25] }]);
  expect(log.length).toBe(16);
});

test("slow first runs belong to the warm-up and to no sample", async () => {
  const { racer, options } = fakeTime();
  const samples = await runRounds([racer("a", (run) => (run < 3 ? 10 : 1))], {
    ...options,
    warmUpSeconds: 25,
  });
  expect(samples[0]?.seconds).toEqual([1, 1, 1]);
});

test("no new round begins after the time is up, but a few are always run", async () => {
  const { racer, options } = fakeTime();
  const slow = await runRounds([racer("a", () => 100)], { ...options, rounds: 30, mostSeconds: 10 });
  expect(slow[0]?.seconds.length).toBe(fewestRounds);
  // Rounds begin at 0, 1, ... 10 and not at 11.
  const quick = await runRounds([racer("a", () => 1)], { ...options, rounds: 30, mostSeconds: 10 });
  expect(quick[0]?.seconds.length).toBe(11);
});

test("a racer that fails stops the race with its error", async () => {
  const { options } = fakeTime();
  const failing = {
    name: "a",
    run: async () => {
      throw new Error("no kernel");
    },
  };
  await expect(runRounds([failing], options)).rejects.toThrow("no kernel");
});
