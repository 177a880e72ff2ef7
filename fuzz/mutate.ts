// Seeded mutations of corpus files: the ones that break readers (bit flips, lengths, truncation, splices, repeats).

/** mulberry32: small, seeded, good enough to choose mutations; the seed in a crash report replays it. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const interesting = [0, 1, 2, 0x7f, 0x80, 0xff, 0x22, 0x2d, 0x39, 0x5b, 0x7b, 0x7d];
const lengths = [0, 1, -1, 0x7fff_ffff, -0x8000_0000, 0xffff, 0x10000];

export function mutate(seedBytes: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  let bytes = Uint8Array.from(seedBytes);
  const below = (n: number) => Math.floor(random() * n);
  const rounds = 1 + below(4);
  for (let round = 0; round < rounds; round++) {
    if (bytes.length === 0) return Uint8Array.from(other);
    const at = below(bytes.length);
    switch (below(9)) {
      case 0:
        bytes[at]! ^= 1 << below(8);
        break;
      case 1:
        bytes[at] = interesting[below(interesting.length)]!;
        break;
      case 2:
        bytes[at] = below(256);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4: {
        if (bytes.length < 8) break;
        const view = new DataView(bytes.buffer);
        const offset = below(bytes.length - 7);
        const length = lengths[below(lengths.length)]!;
        if (random() < 0.5) view.setInt32(offset, length, random() < 0.5);
        else view.setBigInt64(offset, BigInt(length), random() < 0.5);
        break;
      }
      case 5: {
        const end = Math.min(bytes.length, at + 1 + below(64));
        bytes = joined(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end));
        break;
      }
      case 6: {
        const end = Math.min(bytes.length, at + 1 + below(64));
        bytes = joined(bytes.subarray(0, at), bytes.subarray(end));
        break;
      }
      case 7:
        bytes = joined(bytes.subarray(0, at), other.subarray(below(other.length + 1)));
        break;
      default: {
        // Text formats: a digit becomes another, a number grows.
        const digit = bytes.findIndex((byte, index) => index >= at && byte >= 0x30 && byte <= 0x39);
        if (digit >= 0)
          bytes = joined(
            bytes.subarray(0, digit),
            new TextEncoder().encode(["-1", "99999999999999999999", "1e999", "0.5", "NaN"][below(5)]),
            bytes.subarray(digit + 1),
          );
      }
    }
  }
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
