/** From a path in YAML data to the line and column where it stands in the text. */
import { type Document, isMap, isPair, isScalar, isSeq, type LineCounter } from "yaml";

/** Line and column, from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of the value at the path, or of the closest thing around it that exists. */
export function valuePosition(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): Position {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const start = startOf(node);
    if (start !== undefined) return at(lines, start);
  }
  return { line: 1, column: 1 };
}

/** The position of a key of the map at the path. */
export function keyPosition(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
  key: string,
): Position {
  const map: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const pairs = isMap(map) ? map.items : [];
  const pair = pairs.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
  const start = startOf(pair?.key);
  return start === undefined ? valuePosition(document, lines, path) : at(lines, start);
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}

function at(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
