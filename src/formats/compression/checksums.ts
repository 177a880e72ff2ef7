// Checksums of the compressed formats that Node does not have. CRC-32 is `crc32` of node:zlib.

/** CRC-64 of ECMA-182 (reflected), as .xz has it, in two halves of 32 bits. */
const crc64Low = new Int32Array(256);
const crc64High = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let low = i;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry) {
      low ^= 0xd787_0f42 | 0;
      high ^= 0xc96c_5795 | 0;
    }
  }
  crc64Low[i] = low;
  crc64High[i] = high;
}

export class Crc64 {
  private low = -1;
  private high = -1;

  update(bytes: Uint8Array): void {
    let { low, high } = this;
    for (let i = 0; i < bytes.length; i++) {
      const index = (low ^ bytes[i]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ crc64Low[index]!;
      high = (high >>> 8) ^ crc64High[index]!;
    }
    this.low = low;
    this.high = high;
  }

  digest(): bigint {
    return (BigInt(~this.high >>> 0) << 32n) | BigInt(~this.low >>> 0);
  }
}

/** Adler-32, as zlib has it. */
export class Adler32 {
  private low = 1;
  private high = 0;

  update(bytes: Uint8Array): void {
    let { low, high } = this;
    // 3800 bytes keep the sums below 2^31.
    for (let start = 0; start < bytes.length; start += 3800) {
      const end = Math.min(bytes.length, start + 3800);
      for (let i = start; i < end; i++) {
        low += bytes[i]!;
        high += low;
      }
      low %= 65521;
      high %= 65521;
    }
    this.low = low;
    this.high = high;
  }

  digest(): number {
    return this.high * 65536 + this.low;
  }
}

const prime1 = 0x9e37_79b1 | 0;
const prime2 = 0x85eb_ca77 | 0;
const prime3 = 0xc2b2_ae3d | 0;
const prime4 = 0x27d4_eb2f | 0;
const prime5 = 0x1656_67b1 | 0;

const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by));
const round = (lane: number, word: number) => Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1);

/** xxHash32 with seed 0, as LZ4 frames have it. */
export class XxHash32 {
  private readonly lanes = new Int32Array([(prime1 + prime2) | 0, prime2, 0, -prime1 | 0]);
  private readonly rest = new Uint8Array(16);
  private restLength = 0;
  private total = 0;

  update(bytes: Uint8Array): void {
    this.total += bytes.length;
    let at = 0;
    if (this.restLength > 0) {
      at = Math.min(16 - this.restLength, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.restLength);
      this.restLength += at;
      if (this.restLength < 16) return;
      this.stripes(this.rest, 0);
      this.restLength = 0;
    }
    const end = this.stripes(bytes, at);
    this.rest.set(bytes.subarray(end));
    this.restLength = bytes.length - end;
  }

  digest(): number {
    const [a, b, c, d] = this.lanes as unknown as [number, number, number, number];
    let hash = this.total < 16 ? prime5 : (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
    hash = (hash + this.total) | 0;
    const view = new DataView(this.rest.buffer);
    let at = 0;
    for (; at + 4 <= this.restLength; at += 4)
      hash = Math.imul(rotate((hash + Math.imul(view.getInt32(at, true), prime3)) | 0, 17), prime4);
    for (; at < this.restLength; at++)
      hash = Math.imul(rotate((hash + Math.imul(this.rest[at]!, prime5)) | 0, 11), prime1);
    hash = Math.imul(hash ^ (hash >>> 15), prime2);
    hash = Math.imul(hash ^ (hash >>> 13), prime3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  private stripes(bytes: Uint8Array, from: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let [a, b, c, d] = this.lanes as unknown as [number, number, number, number];
    let at = from;
    for (; at + 16 <= bytes.length; at += 16) {
      a = round(a, view.getInt32(at, true));
      b = round(b, view.getInt32(at + 4, true));
      c = round(c, view.getInt32(at + 8, true));
      d = round(d, view.getInt32(at + 12, true));
    }
    this.lanes.set([a, b, c, d]);
    return at;
  }
}
