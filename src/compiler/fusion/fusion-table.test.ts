import { expect, test } from "vitest";
import { fusionCell, mappingTypes, moreComplex } from "./fusion-table.ts";

const short = {
  "one-to-one": "1-1",
  "one-to-many": "1-N",
  "many-to-many": "N-N",
  reorganize: "reorg",
  shuffle: "shuf",
} as const;
const columns = ["one-to-one", "one-to-many", "many-to-many", "reorganize", "shuffle"] as const;

test("the table, cell by cell", () => {
  const lines = columns.map((first) =>
    [
      short[first].padEnd(5),
      ...columns.map((second) => {
        const cell = fusionCell(first, second);
        return (cell.colour === "red" ? "red" : `${cell.colour} ${short[cell.fused]}`).padEnd(12);
      }),
    ].join(" | "),
  );
  expect(`\n${lines.map((line) => line.trimEnd()).join("\n")}\n`).toMatchInlineSnapshot(`
    "
    1-1   | green 1-1    | green 1-N    | green N-N    | green reorg  | green shuf
    1-N   | green 1-N    | yellow 1-N   | red          | yellow 1-N   | yellow 1-N
    N-N   | green N-N    | yellow N-N   | red          | yellow N-N   | yellow N-N
    reorg | green reorg  | yellow 1-N   | yellow N-N   | green reorg  | green reorg
    shuf  | green shuf   | yellow 1-N   | yellow N-N   | green reorg  | green shuf
    "
  `);
});

test("23 of 25 cells are legal: 13 green, 10 yellow", () => {
  const cells = columns.flatMap((first) => columns.map((second) => fusionCell(first, second)));
  const count = (colour: string): number => cells.filter((cell) => cell.colour === colour).length;
  expect([count("green"), count("yellow"), count("red")]).toEqual([13, 10, 2]);
});

test("of two types the more complex one wins", () => {
  expect(mappingTypes.map((type) => moreComplex(type, "shuffle"))).toEqual([
    "shuffle",
    "shuffle",
    "shuffle",
    "one-to-many",
    "many-to-many",
  ]);
});
