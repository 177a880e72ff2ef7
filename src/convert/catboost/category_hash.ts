// The number that CatBoost keeps of a category's name. Rule: catboost/libs/cat_feature/cat_feature.cpp (CalcCatFeatureHash: the low half of
// CityHash64 of the text); CityHash 1.0 as published by Google (city.cc), for texts of up to 64 bytes.

const mask = (1n << 64n) - 1n;
const [k0, k1, k2, k3] = [0xc3a5c85c97cb3127n, 0xb492b66fbe98f273n, 0x9ae16a3b2f90404fn, 0xc949d7c7509e6557n];
const multiplier = 0x9ddfea08eb382d69n;

/** Longest name whose hash is known here, in bytes of UTF-8. */
export const longestCategory = 64;

/** As a signed 32-bit number, the way model files hold it. */
export function categoryHash(name: string): number {
  return Number(BigInt.asIntN(32, cityHash64(Buffer.from(name, "utf8"))));
}

function cityHash64(text: Buffer): bigint {
  const length = text.length;
  const size = BigInt(length);
  const at = (offset: number): bigint => text.readBigUInt64LE(offset);
  if (length === 0) return k2;
  if (length < 4) {
    const y = BigInt(text[0]! + (text[length >> 1]! << 8));
    const z = size + (BigInt(text[length - 1]!) << 2n);
    return cut(mixed(cut(y * k2) ^ cut(z * k3)) * k2);
  }
  if (length <= 8) return pair(cut(size + (BigInt(text.readUInt32LE(0)) << 3n)), BigInt(text.readUInt32LE(length - 4)));
  if (length <= 16) {
    const end = at(length - 8);
    return pair(at(0), rotated(cut(end + size), length)) ^ end;
  }
  if (length <= 32) {
    const [a, b, c, d] = [cut(at(0) * k1), at(8), cut(at(length - 8) * k2), cut(at(length - 16) * k0)];
    return pair(cut(rotated(cut(a - b), 43) + rotated(c, 30) + d), cut(a + rotated(b ^ k3, 20) - c + size));
  }
  const front = quarter(cut(at(0) + (size + at(length - 16)) * k0), at(24), at(8), at(16));
  const back = quarter(cut(at(16) + at(length - 32)), at(length - 8), at(length - 24), at(length - 16));
  const rest = mixed(cut((front.sum + back.turned) * k2 + (back.sum + front.turned) * k0));
  return cut(mixed(cut(rest * k0 + front.turned)) * k2);
}

/** Half of the work on 33 to 64 bytes. */
function quarter(start: bigint, z: bigint, second: bigint, third: bigint): { sum: bigint; turned: bigint } {
  let a = start;
  const b = rotated(cut(a + z), 52);
  let c = rotated(a, 37);
  a = cut(a + second);
  c = cut(c + rotated(a, 7));
  a = cut(a + third);
  return { sum: cut(a + z), turned: cut(b + rotated(a, 31) + c) };
}

const cut = (value: bigint): bigint => value & mask;
const mixed = (value: bigint): bigint => value ^ (value >> 47n);
const rotated = (value: bigint, by: number): bigint => cut((value >> BigInt(by)) | (value << BigInt(64 - by)));

function pair(low: bigint, high: bigint): bigint {
  const a = mixed(cut((low ^ high) * multiplier));
  return cut(mixed(cut((high ^ a) * multiplier)) * multiplier);
}
