// Watches a new version against the one before it: when it is surely worse, it says so once.
import { durations, Histogram } from "../observe/histogram.ts";
import { rateSequence } from "./confidence_sequence.ts";
import type { Guardrails } from "./deployment_file.ts";

/** What is known of how one package answered for one model. */
export class TrackRecord {
  count = 0;
  failures = 0;
  readonly duration = new Histogram(durations);

  add(failed: boolean, ms: number): void {
    this.count++;
    if (failed) this.failures++;
    else this.duration.add(ms);
  }
}

/** The quantile that `latency_ratio` compares. */
const quantile = 0.95;
/** Every so many requests is often enough, and cheap. */
const stride = 10;

/**
 * Sequential: both intervals hold at all times together, so a version that is no worse is condemned with at most 1 - confidence, however long
 * it is watched. Errors: the whole interval of the new rate lies more than `error_rate` above the old one's. Latency: significantly
 * more than 5 % of the new answers take longer than `latency_ratio` times the old 95th percentile.
 */
export class Guard {
  private readonly rules: Guardrails;
  private readonly before: TrackRecord;
  private readonly alpha: number;
  private readonly now = new TrackRecord();
  private limitMs: number | null = null;
  private timed = 0;
  private slow = 0;

  /** @param before the previous version's record, which may go on growing */
  constructor(rules: Guardrails, before: TrackRecord) {
    this.rules = rules;
    this.before = before;
    const kinds = Number(rules.error_rate !== undefined) + Number(rules.latency_ratio !== undefined);
    this.alpha = (1 - rules.confidence) / Math.max(1, kinds);
  }

  /** @returns what is wrong, in a sentence; null while nothing is */
  add(failed: boolean, ms: number): string | null {
    this.now.add(failed, ms);
    this.time(failed, ms);
    if (this.now.count % stride !== 0) return null;
    const enough = Math.min(this.now.count, this.before.count) >= this.rules.minimum_requests;
    return enough ? (this.errors() ?? this.latency()) : null;
  }

  private time(failed: boolean, ms: number): void {
    const { latency_ratio: ratio, minimum_requests: minimum } = this.rules;
    if (ratio === undefined || failed) return;
    // Fixed once: a limit that moved with the data would not be one.
    if (this.limitMs === null && this.before.duration.count >= minimum)
      this.limitMs = ratio * this.before.duration.quantile(quantile);
    if (this.limitMs === null) return;
    this.timed++;
    if (ms > this.limitMs) this.slow++;
  }

  private errors(): string | null {
    const { error_rate: allowed } = this.rules;
    if (allowed === undefined) return null;
    const [now, before] = [this.now, this.before];
    const low = rateSequence(now.failures, now.count, this.alpha / 2).low;
    const high = rateSequence(before.failures, before.count, this.alpha / 2).high;
    if (low <= high + allowed) return null;
    return `${now.failures} of ${now.count} requests failed, ${before.failures} of ${before.count} did before`;
  }

  private latency(): string | null {
    if (this.limitMs === null || this.timed < this.rules.minimum_requests) return null;
    if (rateSequence(this.slow, this.timed, this.alpha).low <= 1 - quantile) return null;
    const limit = `${this.limitMs.toPrecision(3)} ms, ${this.rules.latency_ratio} × the 95th percentile before`;
    return `${this.slow} of ${this.timed} answers took longer than ${limit}`;
  }
}
