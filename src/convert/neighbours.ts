// The floats beside a number.

const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);
const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);

/** The next float64 above a finite number. */
export function above(value: number): number {
  if (value === 0) return 5e-324;
  double[0] = value;
  doubleBits[0]! += value > 0 ? 1n : -1n;
  return double[0]!;
}

/** The next float64 below a finite number. */
export function below(value: number): number {
  return -above(-value);
}

/** The smallest float32 >= a number. */
export function singleFrom(value: number): number {
  const near = Math.fround(value);
  return near >= value ? near : singleAbove(near);
}

/** The largest float32 <= a number. */
export function singleTo(value: number): number {
  return -singleFrom(-value);
}

/** The next float32 above a float32. */
export function singleAbove(value: number): number {
  if (value === 0) return 2 ** -149;
  if (!Number.isFinite(value)) return value === Number.NEGATIVE_INFINITY ? -3.4028234663852886e38 : value;
  single[0] = value;
  singleBits[0]! += value > 0 ? 1 : -1;
  return single[0]!;
}

/** The next float32 below a float32. */
export function singleBelow(value: number): number {
  return -singleAbove(-value);
}
