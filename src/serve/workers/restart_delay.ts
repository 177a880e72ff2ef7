// How soon a worker that ended is replaced: at once, and ever later where it keeps ending early.

/** A worker that lived longer did not fail by starting. */
const longLifeMs = 30_000;
const shortestMs = 100;
const longestMs = 30_000;

export function isEarly(livedMs: number): boolean {
  return livedMs < longLifeMs;
}

/** @param failures in a row, this one included where it was early */
export function restartDelayMs(failures: number): number {
  return Math.min(longestMs, shortestMs * 2 ** Math.max(0, failures - 1));
}
