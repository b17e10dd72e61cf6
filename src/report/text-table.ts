/** One table as text without colour: rows of data and a list of columns. */
import Table from "cli-table3";

/** A column: its head, where its cells stand, and a row's cell. */
export interface Column<Row> {
  readonly head: string;
  readonly align?: "left" | "right";
  readonly cell: (row: Row, at: number) => string;
}

/** The head, a rule, and one line per row. */
export function textTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const table = new Table({
    colAligns: columns.map(({ align = "right" }) => align),
    chars: border,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(columns.map(({ head }) => head));
  rows.forEach((row, at) => {
    table.push(columns.map(({ cell }) => printable(cell(row, at))));
  });
  const lines = table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  const [head = "", ...body] = lines.filter((line) => line !== "");
  const rule = "-".repeat(Math.max(...lines.map((line) => line.length)));
  return [head, rule, ...body].join("\n");
}

/** Only the heads are ruled off: quiet on a terminal, and cut and awk read it. */
const border = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};

/** Names come from files: control characters would move the cursor or break the line. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
