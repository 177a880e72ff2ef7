// The x86 filter (BCJ) that 7z and xz put before their compression: addresses of calls and jumps are absolute in the packed bytes. Rule:
// Bra86.c of the LZMA SDK.

const isHigh = (byte: number) => byte === 0 || byte === 0xff;
/** By the low bits of the history of near opcodes: whether a byte may end an address, and which byte of it to test. */
const allowed = [true, true, true, false, true, false, false, false];
const testedByte = [0, 1, 2, 2, 3, 3, 3, 3];

/** Undoes the filter chunk by chunk; the result is that of the chunks. */
export async function* withoutX86Filter(
  chunks: AsyncGenerator<Uint8Array, number>,
): AsyncGenerator<Uint8Array, number> {
  let waiting: Uint8Array = new Uint8Array(0);
  const state = { position: 0, history: 0 };
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) {
      if (waiting.length > 0) yield waiting;
      return value;
    }
    const bytes = new Uint8Array(waiting.length + value.length);
    bytes.set(waiting);
    bytes.set(value, waiting.length);
    const ready = decode(bytes, state);
    if (ready > 0) yield bytes.slice(0, ready);
    waiting = bytes.slice(ready);
  }
}

/** Decodes in place; how many bytes are final. The rest comes again with what follows. */
function decode(bytes: Uint8Array, state: { position: number; history: number }): number {
  if (bytes.length < 5) return 0;
  // One before the first byte: a history from the chunk before reaches into this one.
  let { history } = state;
  let previous = -1;
  let at = 0;
  const last = bytes.length - 5;
  for (;;) {
    while (at <= last && (bytes[at]! & 0xfe) !== 0xe8) at++;
    if (at > last) break;
    const distance = at - previous;
    previous = at;
    if (distance > 3) history = 0;
    else {
      history = (history << (distance - 1)) & 7;
      if (history !== 0) {
        const tested = bytes[at + 4 - testedByte[history]!]!;
        if (!allowed[history] || isHigh(tested)) {
          history = ((history << 1) & 7) | 1;
          at++;
          continue;
        }
      }
    }
    if (!isHigh(bytes[at + 4]!)) {
      history = ((history << 1) & 7) | 1;
      at++;
      continue;
    }
    let source = (bytes[at + 4]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 1]!;
    let target: number;
    for (;;) {
      target = (source - (state.position + at + 5)) | 0;
      if (history === 0) break;
      const shift = testedByte[history]! * 8;
      if (!isHigh((target >>> (24 - shift)) & 0xff)) break;
      source = target ^ ((1 << (32 - shift)) - 1);
    }
    bytes[at + 1] = target & 0xff;
    bytes[at + 2] = (target >> 8) & 0xff;
    bytes[at + 3] = (target >> 16) & 0xff;
    bytes[at + 4] = -((target >> 24) & 1) & 0xff;
    at += 5;
  }
  const behind = at - previous;
  state.history = behind > 3 ? 0 : (history << (behind - 1)) & 7;
  state.position += at;
  return at;
}
