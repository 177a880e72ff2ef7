// Numbers of JSON text from its bytes, without making a string of them. Where that cannot be exact, Number() of the text decides.
// Rule: W. D. Clinger, "How to read floating point numbers accurately", 1990: up to 15 digits and a power of ten up to 22 are both
// doubles without error, so one multiplication or division rounds once, as the exact conversion does.

/** Where a scan stands and what it found. One per reader: numbers are read by the million. */
export interface Scan {
  readonly bytes: Buffer;
  at: number;
  /** The number that was read last was written as an integer, of few enough digits to be exact. */
  isInteger: boolean;
}

const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const mostDigits = 15;

const isDigit = (code: number | undefined) => code !== undefined && code >= 0x30 && code <= 0x39;

/** The number that starts at `scan.at`, which moves behind it; null when there is none, or an integer of more than 15 digits. */
export function scanNumber(scan: Scan): number | null {
  const { bytes } = scan;
  const start = scan.at;
  let at = start;
  const isNegative = bytes[at] === 0x2d;
  if (isNegative) at++;
  let mantissa = 0;
  let digits = 0;
  let code = bytes[at]!;
  if (code === 0x30) {
    code = bytes[++at]!;
    if (isDigit(code)) return null;
  } else {
    if (!isDigit(code)) return null;
    do {
      mantissa = mantissa * 10 + (code - 0x30);
      digits++;
      code = bytes[++at]!;
    } while (isDigit(code));
  }
  let scale = 0;
  scan.isInteger = true;
  if (code === 0x2e) {
    scan.isInteger = false;
    code = bytes[++at]!;
    if (!isDigit(code)) return null;
    do {
      if (digits > 0 || code !== 0x30) digits++;
      mantissa = mantissa * 10 + (code - 0x30);
      scale--;
      code = bytes[++at]!;
    } while (isDigit(code));
  }
  if (code === 0x65 || code === 0x45) {
    scan.isInteger = false;
    code = bytes[++at]!;
    const isBelow = code === 0x2d;
    if (isBelow || code === 0x2b) code = bytes[++at]!;
    if (!isDigit(code)) return null;
    let exponent = 0;
    do {
      if (exponent < 10_000) exponent = exponent * 10 + (code - 0x30);
      code = bytes[++at]!;
    } while (isDigit(code));
    scale += isBelow ? -exponent : exponent;
  }
  scan.at = at;
  if (digits > mostDigits) {
    if (scan.isInteger) return null;
    return Number(bytes.toString("latin1", start, at));
  }
  if (scale < -22 || scale > 22) return Number(bytes.toString("latin1", start, at));
  const value = scale < 0 ? mantissa / powers[-scale]! : mantissa * powers[scale]!;
  return isNegative ? -value : value;
}
