// The little linear algebra that conversion itself needs.
import type { Matrix } from "./estimator.ts";

/** Inverse by Gauss-Jordan elimination with the largest pivots; null when the matrix is singular. */
export function inverse(matrix: Matrix): Matrix | null {
  const n = matrix.rows;
  const work = Float64Array.from(matrix.data);
  const result = Float64Array.from({ length: n * n }, (_, at) => Number(Math.floor(at / n) === at % n));
  for (let pivot = 0; pivot < n; pivot++) {
    let best = pivot;
    for (let row = pivot + 1; row < n; row++)
      if (Math.abs(work[row * n + pivot]!) > Math.abs(work[best * n + pivot]!)) best = row;
    const value = work[best * n + pivot]!;
    if (value === 0 || !Number.isFinite(value)) return null;
    for (const values of [work, result]) {
      swapRows(values, n, pivot, best);
      for (let k = 0; k < n; k++) values[pivot * n + k]! /= value;
    }
    for (let row = 0; row < n; row++) {
      const factor = work[row * n + pivot]!;
      if (row === pivot || factor === 0) continue;
      for (const values of [work, result])
        for (let k = 0; k < n; k++) values[row * n + k]! -= factor * values[pivot * n + k]!;
    }
  }
  return { rows: n, columns: n, data: result };
}

function swapRows(values: Float64Array, n: number, a: number, b: number): void {
  if (a === b) return;
  const row = values.slice(a * n, (a + 1) * n);
  values.copyWithin(a * n, b * n, (b + 1) * n);
  values.set(row, b * n);
}
