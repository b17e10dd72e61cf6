import { expect, test } from "vitest";
import { compareNotes, compareTable, spreadText } from "./compare-text.ts";
import { sampleCompareDocument } from "./testing/sample-comparison.ts";

const document = sampleCompareDocument();

test("mappers side by side, as median with least and most", () => {
  expect(`\n${compareTable(document)}\n`).toMatchInlineSnapshot(`
    "
    mapper                speed-up                 gap  evaluations to 90 %       to 95 %       to 99 %  evaluations                  search  feasible
    --------------------------------------------------------------------------------------------------------------------------------------------------
    lucky   3.00x (1.00x .. 3.00x)  0 % (0 % .. 200 %)         80 (40 .. -)  80 (40 .. -)  80 (40 .. -)          100  20 ms (10 ms .. 30 ms)    3 of 3
    lost                       N/A                   -                    -             -             -          100                   10 ms    0 of 3
    exact                    3.00x                 0 %                1,234         1,234         1,234        1,234                    5 ms    1 of 1
    "
  `);
});

test("what the table is held against, and what was in vain", () => {
  expect(`\n${compareNotes(document).join("\n")}\n`).toMatchInlineSnapshot(`
    "
    the optimum is 3.00x, 32 s, proven by exact in the space "runs of the chain"
    median (least .. most) over 3 seeds; exact draws nothing and ran once
    evaluations of exact are partial mappings
    lost: no feasible mapping in 100 evaluations; the nearest needs 30 B on chip, 1.5 times what there is
    "
  `);
});

test("a lower bound is not called an optimum, and without one there are no gaps", () => {
  const bound = { ...document, target: { ...document.target, kind: "lower-bound" as const } };
  expect(compareNotes(bound)[0]).toContain("no mapping is better than 3.00x, 32 s, by exact, which has not");
  const none = { ...document, target: { kind: "none" as const, cost: null, gain: null, space: "" } };
  expect(compareNotes(none)[0]).toBe("exact proves no bound to hold costs against");
});

test("where nothing fits that is said first, and not again by who saw it at once", () => {
  const baseline = { cost: null, requiredBytes: 30 };
  const rows = document.mappers.filter(({ mapper }) => mapper === "lost");
  const seen = rows.map(({ runs, ...row }) => ({
    ...{ ...row, mapper: "quick", runs: runs.map((run) => ({ ...run, evaluations: 0 })) },
  }));
  const notes = compareNotes({ ...document, baseline, mappers: [...rows, ...seen] });
  expect(notes[0]).toBe("no mapping fits: layer by layer needs least, 30 B on chip, and there are 20 B");
  expect(notes.filter((note) => /^(?:lost|quick)/.test(note))).toHaveLength(1);
});

test("a spread is one figure where all agree, and names missing ends", () => {
  const text = (median: number | null, least: number | null, most: number | null): string =>
    spreadText({ median, least, most }, String, "-");
  expect(text(2, 2, 2)).toBe("2");
  expect(text(2, 1, 4)).toBe("2 (1 .. 4)");
  expect(text(2, 1, null)).toBe("2 (1 .. -)");
  expect(text(null, 1, null)).toBe("- (1 .. -)");
  expect(text(null, null, null)).toBe("-");
});

test("names cannot move the cursor", () => {
  const [row] = document.mappers;
  const evil = { ...document, mappers: row === undefined ? [] : [{ ...row, mapper: "\u001b[2Jevil" }] };
  expect(compareTable(evil)).toContain("?[2Jevil");
});
