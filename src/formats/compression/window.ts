// Output of the Lempel-Ziv decoders: what was written last stays readable as the dictionary.

const slack = 1 << 20;
/** Most files are small, and so is what they unpack to. */
const first = 1 << 16;

export class Window {
  bytes: Uint8Array;
  /** Where the next byte is written. */
  at = 0;
  /** First byte that `take` has not handed out. */
  private taken = 0;
  private readonly dictionary: number;

  /** Memory grows with what is written, not with the dictionary that a header claims. */
  constructor(dictionary: number) {
    this.dictionary = dictionary;
    this.bytes = new Uint8Array(Math.min(dictionary, first) + first);
  }

  get waiting(): number {
    return this.at - this.taken;
  }

  /** Makes space for `length` bytes, at most a chunk of 2 MiB, keeping the dictionary. All output must have been taken. */
  reserve(length: number): void {
    if (this.at + length <= this.bytes.length) return;
    const kept = Math.min(this.at, this.dictionary);
    // Sliding costs a copy of the dictionary: a quarter more than it keeps that rare.
    const most = this.dictionary * 1.25 + slack + length;
    let { bytes } = this;
    if (kept + length > bytes.length || (kept === this.at && bytes.length < most))
      bytes = new Uint8Array(Math.max(Math.min(bytes.length * 2, most), kept + length));
    bytes.set(this.bytes.subarray(this.at - kept, this.at));
    this.bytes = bytes;
    this.taken -= this.at - kept;
    this.at = kept;
  }

  /** A copy of what was written since the last call. */
  take(): Uint8Array {
    const part = this.bytes.slice(this.taken, this.at);
    this.taken = this.at;
    return part;
  }

  /** Empties the dictionary. All output must have been taken. */
  reset(): void {
    this.at = 0;
    this.taken = 0;
  }
}
