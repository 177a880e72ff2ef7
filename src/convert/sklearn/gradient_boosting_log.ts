// The natural logarithm rounded correctly, as C libraries round it in all but one of a thousand cases. `Math.log` may be a place off,
// and a constant that is a place off moves every sum that starts from it.

const shift = 160n;
const one = 1n << shift;

/** @param x positive and finite */
export function preciseLog(x: number): number {
  const exponent = Math.min(1023, Math.round(Math.log2(x)));
  const mantissa = BigInt((x / 2 ** exponent) * 2 ** 60) << (shift - 60n);
  const sum = BigInt(exponent) * logOfTwo + twiceArtanh(((mantissa - one) << shift) / (mantissa + one));
  return Number(sum) / 2 ** Number(shift);
}

/** 2 artanh(z) = log((1 + z) / (1 - z)) */
function twiceArtanh(z: bigint): bigint {
  const square = (z * z) >> shift;
  let [sum, power] = [0n, z];
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = (power * square) >> shift;
  }
  return 2n * sum;
}

const logOfTwo = twiceArtanh(one / 3n);
