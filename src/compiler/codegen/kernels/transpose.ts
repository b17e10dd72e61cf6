/**
 * Moves 32-bit elements between two orders of axes, where different axes are contiguous: blocks of 4 x 4 are transposed in
 * registers. Of the source, 16 neighbours are used while their cache line is there. The last blocks overlap those before.
 */
import { type Code, get, i32, type Local, load, op, set, shuffle32, store } from "../wasm/code.ts";
import { FunctionBuilder, type WasmFunction } from "../wasm/function-builder.ts";
import { quotient, remainder, smaller, sum, times } from "./address.ts";

/** An axis that is walked: its extent, and the distance of neighbours in elements. */
export interface MovedAxis {
  readonly extent: number;
  readonly source: number;
  readonly target: number;
}

export interface TransposeSpec {
  readonly name: string;
  /** The axis along which the source is contiguous, and the one along which the target is; at least four long. */
  readonly sourceAxis: MovedAxis;
  readonly targetAxis: MovedAxis;
  /** All others, outermost first. */
  readonly others: readonly MovedAxis[];
}

/** Neighbours of the source in one go: a cache line. */
const lineElements = 16;

/** Addresses: target, source. A unit is a line of 16 neighbours of the source, with all of the target's axis. */
export function transpose(spec: TransposeSpec): { readonly function: WasmFunction; readonly units: number } {
  const builder = new FunctionBuilder(spec.name);
  const target = builder.parameter("i32", "target");
  const source = builder.parameter("i32", "source");
  const from = builder.parameter("i32", "from");
  const to = builder.parameter("i32", "to");
  const { sourceAxis, targetAxis, others } = spec;
  const lines = Math.ceil(sourceAxis.extent / lineElements);
  const unit = builder.let("i32", "unit", get(from));
  builder.forSteps(unit, get(to), 1, () => {
    const first = builder.let("i32", "first", times(remainder(get(unit), lines), lineElements));
    let outer: Code = quotient(get(unit), lines);
    const parts: { readonly source: Code; readonly target: Code }[] = [];
    for (const axis of others.toReversed()) {
      const rest = builder.let("i32", "rest", outer);
      const index = builder.let("i32", "index", remainder(get(rest), axis.extent));
      parts.push({ source: times(get(index), 4 * axis.source), target: times(get(index), 4 * axis.target) });
      outer = quotient(get(rest), axis.extent);
    }
    const sourceAt = builder.let("i32", "source_at", sum(get(source), ...parts.map((part) => part.source)));
    const targetAt = builder.let("i32", "target_at", sum(get(target), ...parts.map((part) => part.target)));
    const row = builder.let("i32", "row", i32(0));
    builder.forSteps(row, i32(Math.ceil(targetAxis.extent / 4) * 4), 4, () => {
      const at = builder.let("i32", "row_at", get(row));
      builder.emit(set(at, smaller(get(at), i32(targetAxis.extent - 4))));
      const column = builder.let("i32", "column", get(first));
      const end = builder.let("i32", "end", op("i32.add", get(first), i32(lineElements)));
      builder.emit(set(end, smaller(get(end), i32(Math.ceil(sourceAxis.extent / 4) * 4))));
      builder.forSteps(column, get(end), 4, () => {
        const block = builder.let("i32", "column_at", get(column));
        builder.emit(set(block, smaller(get(block), i32(sourceAxis.extent - 4))));
        emitBlock(builder, spec, { sourceAt, targetAt, row: at, column: block });
      });
    });
  });
  return {
    function: builder.build(),
    units: lines * others.reduce((count, { extent }) => count * extent, 1),
  };
}

interface Block {
  readonly sourceAt: Local;
  readonly targetAt: Local;
  readonly row: Local;
  readonly column: Local;
}

/** Four vectors along the source's axis become four along the target's. */
function emitBlock(
  builder: FunctionBuilder,
  { sourceAxis, targetAxis }: TransposeSpec,
  { sourceAt, targetAt, row, column }: Block,
): void {
  const read = builder.let(
    "i32",
    "read",
    sum(get(sourceAt), times(get(row), 4 * targetAxis.source), times(get(column), 4)),
  );
  const write = builder.let(
    "i32",
    "write",
    sum(get(targetAt), times(get(column), 4 * sourceAxis.target), times(get(row), 4)),
  );
  const [a, b, c, d] = [0, 1, 2, 3].map((at) =>
    builder.let("v128", "line", load("v128.load", get(read), 4 * at * targetAxis.source)),
  ) as [Local, Local, Local, Local];
  const pair = (first: Local, second: Local, lanes: readonly number[]): Local =>
    builder.let("v128", "pair", shuffle32(get(first), get(second), lanes));
  const [low, high] = [pair(a, b, [0, 4, 1, 5]), pair(a, b, [2, 6, 3, 7])];
  const [low2, high2] = [pair(c, d, [0, 4, 1, 5]), pair(c, d, [2, 6, 3, 7])];
  const columns: readonly Code[] = [
    shuffle32(get(low), get(low2), [0, 1, 4, 5]),
    shuffle32(get(low), get(low2), [2, 3, 6, 7]),
    shuffle32(get(high), get(high2), [0, 1, 4, 5]),
    shuffle32(get(high), get(high2), [2, 3, 6, 7]),
  ];
  columns.forEach((value, at) => {
    builder.emit(store("v128.store", get(write), value, 4 * at * sourceAxis.target));
  });
}
