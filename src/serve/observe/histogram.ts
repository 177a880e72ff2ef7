// Durations and sizes counted in buckets whose bounds double: constant memory, cheap to add to, sums with others of its kind.

/** How the bounds lie: `first * 2^(k / perOctave)` for k from 0 to `octaves * perOctave`. */
export interface Scale {
  readonly first: number;
  readonly octaves: number;
  readonly perOctave: number;
}

/** Milliseconds from 1/16 to 131,072; quantiles are off by 9 % at most. */
export const durations: Scale = { first: 1 / 16, octaves: 21, perOctave: 4 };
/** Rows from 1 to 4096. */
export const sizes: Scale = { first: 1, octaves: 12, perOctave: 1 };

export interface HistogramState {
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A value is counted in the first bucket whose upper bound it does not exceed; the last bucket has no bound. */
export class Histogram {
  readonly scale: Scale;
  readonly counts: Float64Array;
  sum = 0;

  constructor(scale: Scale, state?: HistogramState) {
    this.scale = scale;
    this.counts = new Float64Array(scale.octaves * scale.perOctave + 2);
    if (state) this.merge(state);
  }

  add(value: number): void {
    const { first, perOctave } = this.scale;
    const place = value <= first ? 0 : Math.ceil(Math.log2(value / first) * perOctave - 1e-9);
    this.counts[Math.min(place, this.counts.length - 1)]!++;
    this.sum += value;
  }

  get count(): number {
    return this.counts.reduce((total, count) => total + count, 0);
  }

  /** Upper bound of a bucket; infinity for the last. */
  bound(bucket: number): number {
    const { first, perOctave } = this.scale;
    return bucket >= this.counts.length - 1 ? Number.POSITIVE_INFINITY : first * 2 ** (bucket / perOctave);
  }

  /** The upper bound of the bucket that holds the quantile; NaN when nothing was counted. */
  quantile(q: number): number {
    const wanted = q * this.count;
    let seen = 0;
    for (const [bucket, count] of this.counts.entries()) {
      seen += count;
      if (count > 0 && seen >= wanted) return this.bound(bucket);
    }
    return Number.NaN;
  }

  /** How many were above a bound (exact where it is one of the buckets'). */
  above(limit: number): number {
    let total = 0;
    for (const [bucket, count] of this.counts.entries())
      if (bucket > 0 && this.bound(bucket - 1) >= limit) total += count;
    return total;
  }

  merge(other: HistogramState): void {
    for (const [bucket, count] of other.counts.entries()) this.counts[bucket]! += count;
    this.sum += other.sum;
  }

  state(): HistogramState {
    return { counts: [...this.counts], sum: this.sum };
  }
}
