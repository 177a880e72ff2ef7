// Decimal numbers in text, straight from bytes and correctly rounded: model files hold millions of them.

/** Powers of ten that a float64 holds exactly. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** More digits than this do not change what 10^19 cannot hold; they take the slow path. */
const digitLimit = 19;

/**
 * Scans numbers of the form `-12.5e+3` one after the other. `offset` stands on the next unread byte.
 * The result equals `Number(text)` for the same text.
 */
export class DecimalScanner {
  readonly bytes: Uint8Array;
  offset: number;
  /** Whether the number read last had no fraction and no exponent. */
  isInteger = false;
  readonly #text: Buffer;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * The number at `offset`, which then stands behind it. NaN, and `offset` unmoved, where no number ends before `limit`.
   */
  next(limit: number): number {
    const { bytes } = this;
    const start = this.offset;
    let at = start;
    const negative = bytes[at] === 0x2d;
    if (negative || bytes[at] === 0x2b) at++;
    // The first 15 digits and up to four more: both parts are exact.
    let high = 0;
    let low = 0;
    let lowScale = 1;
    let digits = 0;
    let exponent = 0;
    let point = false;
    let any = false;
    for (; at < limit; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit >= 0 && digit <= 9) {
        any = true;
        if (digits < 15) high = high * 10 + digit;
        else if (digits < digitLimit) {
          low = low * 10 + digit;
          lowScale *= 10;
        }
        if (digits > 0 || digit > 0) digits++;
        if (point) exponent--;
      } else if (digit === -2 && !point) point = true;
      else break;
    }
    if (!any) return Number.NaN;
    this.isInteger = !point;
    if (at < limit && (bytes[at]! | 0x20) === 0x65) {
      const end = exponentEnd(bytes, at, limit);
      if (end < 0) return Number.NaN;
      exponent += this.#exponent(at + 1, end);
      at = end;
      this.isInteger = false;
    }
    this.offset = at;
    const value = digits > digitLimit ? Number.NaN : scaled(high, low, lowScale, exponent);
    if (Number.isNaN(value)) return Number(this.#text.toString("latin1", start, at));
    return negative ? -value : value;
  }

  #exponent(start: number, end: number): number {
    let value = 0;
    const sign = this.bytes[start]!;
    for (let at = sign === 0x2b || sign === 0x2d ? start + 1 : start; at < end; at++)
      value = Math.min(value * 10 + this.bytes[at]! - 0x30, 1e6);
    return sign === 0x2d ? -value : value;
  }
}

/** Behind the exponent that begins at `at`, -1 when it has no digits. */
function exponentEnd(bytes: Uint8Array, at: number, limit: number): number {
  let end = at + 1;
  if (end < limit && (bytes[end] === 0x2b || bytes[end] === 0x2d)) end++;
  const first = end;
  while (end < limit && bytes[end]! >= 0x30 && bytes[end]! <= 0x39) end++;
  return end > first ? end : -1;
}

/**
 * (high * lowScale + low) * 10^exponent, correctly rounded, or NaN where that is not certain.
 * Up to 15 digits one division or multiplication of exact values rounds once. Beyond, the value is kept as an unevaluated sum of
 * two float64; it is certain when both ends of its error interval round to the same float64.
 */
function scaled(high: number, low: number, lowScale: number, exponent: number): number {
  if (exponent < -22 || exponent > 22) return high === 0 && low === 0 ? 0 : Number.NaN;
  const power = powers[Math.abs(exponent)]!;
  if (lowScale === 1) return exponent < 0 ? high / power : high * power;

  // high * lowScale + low as top + rest, exactly
  const product = high * lowScale;
  const productRest = productError(high, lowScale, product);
  const top = product + low;
  const rest = productRest + (low - (top - product));
  let result: number;
  let correction: number;
  if (exponent < 0) {
    result = top / power;
    const covered = result * power;
    correction = (top - covered - productError(result, power, covered) + rest) / power;
  } else {
    result = top * power;
    correction = productError(top, power, result) + rest * power;
  }
  const margin = result * 2 ** -96;
  const value = result + (correction - margin);
  return value === result + (correction + margin) ? value : Number.NaN;
}

/** a * b - product, exactly (Dekker), for magnitudes far from overflow and underflow. */
function productError(a: number, b: number, product: number): number {
  const aSplit = a * 134217729;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = b * 134217729;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
