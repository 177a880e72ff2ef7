// The memo of a survey: dense numbers in one typed array, stray ones in a map.

const most = 2 ** 25;
const unset = Number.NaN;
/** Numbers that a memo keeps its memory for when it is emptied. */
const kept = 4096;

export class AbstractMemo {
  private dense = new Float64Array(kept).fill(unset);
  private readonly stray = new Map<number, number>();
  /** Entries that are set: what MEMOIZE counts by. */
  size = 0;
  /** The largest number that was set: Python's unpickler takes memory for all up to it. */
  largest = 0;

  /** As new. */
  clear(): void {
    if (this.dense.length > kept) this.dense = new Float64Array(kept).fill(unset);
    else this.dense.fill(unset, 0, Math.min(this.largest + 1, kept));
    if (this.stray.size > 0) this.stray.clear();
    this.size = 0;
    this.largest = 0;
  }

  /** NaN where it was never set. */
  get(index: number): number {
    const value = index < this.dense.length ? this.dense[index]! : unset;
    return !Number.isNaN(value) ? value : (this.stray.get(index) ?? unset);
  }

  /** False where the memo is full. */
  set(index: number, value: number): boolean {
    if (index > this.largest) this.largest = index;
    if (index >= this.dense.length) {
      if (index > 2 * this.size + 1024) {
        if (!this.stray.has(index)) this.size++;
        this.stray.set(index, value);
        return this.stray.size < 2 ** 20;
      }
      if (index >= most) return false;
      const grown = new Float64Array(Math.min(most, Math.max(index + 1, this.dense.length * 2))).fill(unset);
      grown.set(this.dense);
      this.dense = grown;
    }
    const before = this.dense[index]!;
    if (Number.isNaN(before) && !this.stray.has(index)) this.size++;
    this.dense[index] = value;
    return true;
  }
}
