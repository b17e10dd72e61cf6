/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations,
 * section 8.5): slow and accurate, and short. O(n^3) a sweep, about six sweeps.
 */

/** A = V diag(values) V^T; column k of V, a row-major n x n matrix, belongs to values[k]. */
export interface EigenSystem {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

const mostSweeps = 50;
/** An entry off the diagonal that is this small beside the diagonal is zero. */
const tolerance = 1e-14;

/** The eigensystem of the symmetric row-major n x n matrix. */
export function symmetricEigen(matrix: Float64Array, n: number): EigenSystem {
  const a = matrix.slice();
  // Rows are eigenvectors until the end, so that a rotation runs along memory.
  const rows = new Float64Array(n * n);
  for (let index = 0; index < n; index++) rows[index * n + index] = 1;
  for (let sweep = 0, turned = true; turned && sweep < mostSweeps; sweep++) {
    turned = false;
    for (let p = 0; p < n - 1; p++)
      for (let q = p + 1; q < n; q++) if (annihilate(a, rows, n, p, q)) turned = true;
  }
  const vectors = rows.map((_, at) => rows[(at % n) * n + Math.floor(at / n)] as number);
  return { values: Float64Array.from({ length: n }, (_, index) => a[index * n + index] as number), vectors };
}

/** Turns the plane of p and q so that a[p, q] becomes zero; false when it is zero already. */
function annihilate(a: Float64Array, rows: Float64Array, n: number, p: number, q: number): boolean {
  const off = a[p * n + q] as number;
  const app = a[p * n + p] as number;
  const aqq = a[q * n + q] as number;
  if (Math.abs(off) <= tolerance * Math.sqrt(Math.abs(app * aqq))) return false;
  const ratio = (aqq - app) / (2 * off);
  // The smaller of the two angles, which keeps the other entries nearly as they are.
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  turnRows(a, p * n, q * n, n, cosine, sine);
  a[p * n + p] = app - tangent * off;
  a[q * n + q] = aqq + tangent * off;
  a[p * n + q] = 0;
  a[q * n + p] = 0;
  for (let index = 0; index < n; index++) {
    a[index * n + p] = a[p * n + index] as number;
    a[index * n + q] = a[q * n + index] as number;
  }
  turnRows(rows, p * n, q * n, n, cosine, sine);
  return true;
}

function turnRows(m: Float64Array, p: number, q: number, n: number, cosine: number, sine: number): void {
  for (let column = 0; column < n; column++) {
    const x = m[p + column] as number;
    const y = m[q + column] as number;
    m[p + column] = cosine * x - sine * y;
    m[q + column] = sine * x + cosine * y;
  }
}
