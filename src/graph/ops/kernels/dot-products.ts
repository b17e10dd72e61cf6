/**
 * The one inner loop behind matrix products and convolutions: every row of A with every row of B. Sums are kept in
 * doubles, in the order of the elements, and rounded once when they are stored.
 */
import type { NumberArray } from "../../ir/runtime-value.ts";

/** Rows of equal length, one behind the other. */
export interface Rows {
  readonly elements: NumberArray;
  readonly origin: number;
  readonly count: number;
}

/** Where the products go: element (i, j) at origin + i * rowStride + j * columnStride. */
export interface Target {
  readonly elements: NumberArray;
  readonly origin: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Puts the dot product of row i of `a` and row j of `b` at (i, j). O(rows x rows x length). */
export function dotProducts(a: Rows, b: Rows, length: number, target: Target): void {
  // Few rows on the right go to the left, where they are taken one by one against four at once.
  if (b.count < 4 && a.count >= 4) {
    const { rowStride, columnStride } = target;
    dotProducts(b, a, length, { ...target, rowStride: columnStride, columnStride: rowStride });
    return;
  }
  const wideRows = a.count - (a.count % 4);
  const wideColumns = b.count - (b.count % 4);
  for (let j = 0; j < wideColumns; j += 4) {
    for (let i = 0; i < wideRows; i += 4) block(a, b, length, target, i, j);
    for (let i = wideRows; i < a.count; i++) strip(a, b, length, target, i, j);
  }
  for (let j = wideColumns; j < b.count; j++) {
    for (let i = 0; i < a.count; i++) single(a, b, length, target, i, j);
  }
}

/** Four rows with four rows: 16 sums at once, so that each element read is used four times. */
function block(a: Rows, b: Rows, length: number, target: Target, i: number, j: number): void {
  const [x, y] = [a.elements, b.elements];
  const [a0, b0] = [a.origin + i * length, b.origin + j * length];
  const [a1, a2, a3] = [a0 + length, a0 + 2 * length, a0 + 3 * length];
  const [b1, b2, b3] = [b0 + length, b0 + 2 * length, b0 + 3 * length];
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  for (let k = 0; k < length; k++) {
    const x0 = x[a0 + k] as number;
    const x1 = x[a1 + k] as number;
    const x2 = x[a2 + k] as number;
    const x3 = x[a3 + k] as number;
    const y0 = y[b0 + k] as number;
    const y1 = y[b1 + k] as number;
    const y2 = y[b2 + k] as number;
    const y3 = y[b3 + k] as number;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s22 += x2 * y2;
    s23 += x2 * y3;
    s30 += x3 * y0;
    s31 += x3 * y1;
    s32 += x3 * y2;
    s33 += x3 * y3;
  }
  store(target, i, j, s00, s01, s02, s03);
  store(target, i + 1, j, s10, s11, s12, s13);
  store(target, i + 2, j, s20, s21, s22, s23);
  store(target, i + 3, j, s30, s31, s32, s33);
}

/** One row with four rows. */
function strip(a: Rows, b: Rows, length: number, target: Target, i: number, j: number): void {
  const [x, y] = [a.elements, b.elements];
  const [a0, b0] = [a.origin + i * length, b.origin + j * length];
  const [b1, b2, b3] = [b0 + length, b0 + 2 * length, b0 + 3 * length];
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let k = 0; k < length; k++) {
    const x0 = x[a0 + k] as number;
    s0 += x0 * (y[b0 + k] as number);
    s1 += x0 * (y[b1 + k] as number);
    s2 += x0 * (y[b2 + k] as number);
    s3 += x0 * (y[b3 + k] as number);
  }
  store(target, i, j, s0, s1, s2, s3);
}

function single(a: Rows, b: Rows, length: number, target: Target, i: number, j: number): void {
  const [x, y] = [a.elements, b.elements];
  const [a0, b0] = [a.origin + i * length, b.origin + j * length];
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (x[a0 + k] as number) * (y[b0 + k] as number);
  target.elements[target.origin + i * target.rowStride + j * target.columnStride] = sum;
}

function store(target: Target, i: number, j: number, s0: number, s1: number, s2: number, s3: number): void {
  const { elements, columnStride } = target;
  const at = target.origin + i * target.rowStride + j * columnStride;
  elements[at] = s0;
  elements[at + columnStride] = s1;
  elements[at + 2 * columnStride] = s2;
  elements[at + 3 * columnStride] = s3;
}

/** The columns of a matrix as rows. */
export function transposedMatrix(
  elements: NumberArray,
  origin: number,
  rows: number,
  columns: number,
): NumberArray {
  const count = rows * columns;
  const out = elements instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = elements[origin + row * columns + column] as number;
    }
  }
  return out;
}
