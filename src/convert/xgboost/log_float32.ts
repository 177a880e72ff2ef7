// The natural logarithm with the bits of glibc's `logf`, which XGBoost calls for its base margins. That function is not correctly
// rounded: 3 of 100 probabilities between 0.45 and 0.55 get another logit than the rounded one, and then every margin is off.
//
// How it works is known: the mantissa falls into one of 16 intervals, the logarithm of a centre is added to a polynomial of degree 4.
// The polynomial's coefficients and one centre were measured from the library's results (a linear programme over all 2^23 mantissas).
// Against glibc 2.36 on 555 million floats of all exponents, 19 differ.

/** Bits of the first float of the first interval. */
const offset = 0x3f330000;
/** 1 + r is the mantissa over the centre; the polynomial is r + r² (c0 + c1 r + c2 r²). */
const coefficients = [-0.499999748549474, 0.3334567673654718, -0.25089361649678554] as const;
/** Inverse centres of the intervals: their middles, but 1 for the one around 1, and the next one's is off its middle. */
const inverseCentres = Float64Array.from({ length: 16 }, (_, interval) => {
  if (interval === 9) return 1;
  if (interval === 10) return 0.949286;
  return 2 / (floatOf(offset + interval * 2 ** 19) + floatOf(offset + (interval + 1) * 2 ** 19));
});

/** @param x a positive, finite float32 */
export function logFloat32(x: number): number {
  // Numbers below the normal ones are scaled into them first.
  if (x < 2 ** -126) return rounded(x * 2 ** 23, -23);
  return rounded(x, 0);
}

function rounded(x: number, scale: number): number {
  const bits = bitsOf(x) - offset;
  const interval = (bits >> 19) & 15;
  const exponent = bits >> 23;
  const mantissa = x / 2 ** exponent;
  const r = mantissa * inverseCentres[interval]! - 1;
  const [c0, c1, c2] = coefficients;
  const polynomial = r + r * r * (c0 + r * (c1 + r * c2));
  if (exponent + scale === 0 && interval === 9) return Math.fround(polynomial);
  const error = polynomial - Math.log1p(r);
  return Math.fround(Math.log(x) + scale * Math.LN2 + error);
}

function bitsOf(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0]!;
}

function floatOf(bits: number): number {
  return new Float32Array(Int32Array.of(bits).buffer)[0]!;
}
