/** Programs with and without fused multiply-add have the same constants, so that a folder carries its weights once. */
import { describe, expect, test } from "vitest";
import { known } from "../../base/assert.ts";
import { seededRandom } from "../../base/random.ts";
import { compileGraph } from "./compile.ts";
import { bytesOfContent } from "./content.ts";
import { heavySteps } from "./testing/heavy-steps.ts";
import { type Choice, elementwiseSteps, randomNetwork } from "./testing/random-network.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 1);

describe(`the two flavours of random networks, seed ${seed}`, () => {
  test("pack weights alike, byte for byte, at the same place", () => {
    const random = seededRandom(seed);
    let bytes = 0;
    for (let network = 0; network < 60; network++) {
      const choices = Array.from(
        { length: 4 },
        (): Choice => [random.below(1000), random.below(1000), random.below(1_000_000)],
      );
      const inputs = [
        [1, 8, 9, 10],
        [1, 2, 6, 16],
      ];
      const typed = randomNetwork([...heavySteps, ...elementwiseSteps.slice(0, 4)], inputs, choices);
      const [plain, relaxed] = [false, true].map((relaxedSimd) => compileGraph(typed, { relaxedSimd }));
      expect(relaxed?.constants.byteOffset).toBe(plain?.constants.byteOffset);
      const [a, b] = [plain, relaxed].map((program) => bytesOfContent(known(program, "program").constants));
      expect(a).toEqual(b);
      bytes += a?.length ?? 0;
    }
    expect(bytes).toBeGreaterThan(10_000);
  });
});
