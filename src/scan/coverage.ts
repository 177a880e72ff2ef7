// Which bytes of a file somebody understood: ranges, merged as they come.

export type Range = readonly [start: number, end: number];

/** Ranges come mostly in order, so the last one mostly grows; the rest is merged when asked or when many have gathered. */
export class Coverage {
  private ranges: [start: number, end: number][] = [];

  add(start: number, end: number): void {
    if (!(start >= 0) || !(end > start)) return;
    const last = this.ranges.at(-1);
    if (last && start >= last[0] && start <= last[1]) {
      if (end > last[1]) last[1] = end;
      return;
    }
    this.ranges.push([start, end]);
    if (this.ranges.length > 65_536) this.merge();
  }

  /** What either covers. */
  with(other: Coverage): Coverage {
    const both = new Coverage();
    both.ranges = [...this.ranges, ...other.ranges].map(([start, end]) => [start, end]);
    return both;
  }

  /** What nobody covered of a file of `size` bytes. */
  gaps(size: number): Range[] {
    const [first] = this.ranges;
    if (first && this.ranges.length === 1 && first[0] === 0 && first[1] >= size) return [];
    this.merge();
    const gaps: Range[] = [];
    let at = 0;
    for (const [start, end] of this.ranges) {
      if (start >= size) break;
      if (start > at) gaps.push([at, start]);
      at = Math.max(at, end);
    }
    if (at < size) gaps.push([at, size]);
    return gaps;
  }

  private merge(): void {
    if (this.ranges.length < 2) return;
    this.ranges.sort((a, b) => a[0] - b[0]);
    const merged: [number, number][] = [];
    for (const range of this.ranges) {
      const last = merged.at(-1);
      if (last && range[0] <= last[1]) last[1] = Math.max(last[1], range[1]);
      else merged.push(range);
    }
    this.ranges = merged;
  }
}
