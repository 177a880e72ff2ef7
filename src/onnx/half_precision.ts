// 16-bit floats and their bits: IEEE 754 binary16, and bfloat16 (the upper half of a binary32).

const float32 = new Float32Array(1);
const bits32 = new Uint32Array(float32.buffer);

/** Nearest binary16, ties to even. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // 65520 lies halfway between the largest binary16 and the next power of two: from there on it is infinity.
  if (size >= 65520) return sign | 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  // Multiplying by a power of two is exact; a carry out of the fraction moves into the exponent by itself.
  const fraction = roundToEven(size * 2 ** (10 - exponent));
  return sign | (size < 2 ** -14 ? fraction : ((exponent + 15) << 10) + fraction - 1024);
}

export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Nearest bfloat16 of the nearest binary32, ties to even. */
export function toBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  float32[0] = value;
  const bits = bits32[0]!;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBfloat16(bits: number): number {
  bits32[0] = bits << 16;
  return float32[0]!;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
