// float32 values as people write them: 0.3, not 0.30000001192092896.

const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * The shortest decimal that rounds to this float32, as a double: `Math.fround` of the result is `value`.
 * Nine significant digits always suffice (IEEE 754-2019, 5.12.2).
 */
export function shortestFloat32(value: number): number {
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return value;
  const size = Math.abs(value);
  if (size < 1e-6 || size >= 1e9) return byText(value);
  // What toPrecision would write, by arithmetic: a float32 times a power of ten that a double holds is off by less than one part in 2^53, so
  // only what lies that near to the middle between two decimals needs the text.
  const exponent = size >= 1 ? digitsBefore(size) : -zerosBehindPoint(size);
  for (let digits = 6; digits <= 9; digits++) {
    const shift = digits - exponent;
    const scaled = shift >= 0 ? size * powers[shift]! : size / powers[-shift]!;
    const below = Math.floor(scaled);
    if (Math.abs(scaled - below - 0.5) < 1e-5) return byText(value);
    const rounded = scaled - below < 0.5 ? below : below + 1;
    const short = shift >= 0 ? rounded / powers[shift]! : rounded * powers[-shift]!;
    if (digits === 9 || Math.fround(short) === size) return value < 0 ? -short : short;
  }
  return byText(value);
}

/** 1 for 1 to 9.99, 2 for 10 to 99.9. */
function digitsBefore(size: number): number {
  let digits = 1;
  while (size >= powers[digits]!) digits++;
  return digits;
}

/** 0 for 0.1 to 0.99, 1 for 0.01 to 0.099. */
function zerosBehindPoint(size: number): number {
  let zeros = 0;
  while (size * powers[zeros + 1]! < 1) zeros++;
  return zeros;
}

function byText(value: number): number {
  // Normal values keep six digits that people typed; below 2^-126 there are fewer bits to tell apart.
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
