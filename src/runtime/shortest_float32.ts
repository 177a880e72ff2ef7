// float32 values as people write them: 0.3, not 0.30000001192092896.

/**
 * The shortest decimal that rounds to this float32, as a double: `Math.fround` of the result is `value`.
 * Nine significant digits always suffice (IEEE 754-2019, 5.12.2).
 */
export function shortestFloat32(value: number): number {
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return value;
  // Normal values keep six digits that people typed; below 2^-126 there are fewer bits to tell apart.
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
