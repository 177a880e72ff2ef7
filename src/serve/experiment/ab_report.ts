// Variants compared by what became of their predictions: rates, effects, and whether that decides anything yet.
import {
  differenceSequence,
  type Interval,
  type Moments,
  momentsOf,
  rateSequence,
} from "../deployment/confidence_sequence.ts";
import type { Experiment } from "./read_log.ts";

export interface Arm {
  readonly variant: string;
  readonly requests: number;
  /** Units with an outcome. */
  readonly count: number;
  readonly mean: number;
  /** Of the mean; holds at all times. Exact for yes/no outcomes of single requests, null elsewhere. */
  readonly interval: Interval | null;
}

export interface Effect {
  readonly variant: string;
  /** Mean of the variant less the baseline's. */
  readonly difference: number;
  /** As a share of the baseline's mean; NaN where that is 0. */
  readonly lift: number;
  readonly interval: Interval;
  readonly verdict: "better" | "worse" | "undecided";
  /** The interval as it narrowed: by number of units seen. */
  readonly course: readonly (Interval & { readonly count: number; readonly difference: number })[];
}

export interface AbReport {
  readonly model: string;
  readonly outcome: string;
  readonly unit: "person" | "request";
  readonly baseline: string;
  readonly confidence: number;
  readonly arms: readonly Arm[];
  readonly effects: readonly Effect[];
  readonly unmatched: number;
  readonly method: string;
}

export interface AbOptions {
  /** Default: the variant with the most units. */
  readonly baseline?: string | undefined;
  /** Default 0.95. */
  readonly confidence?: number;
  readonly lowerIsBetter?: boolean;
}

/** Below this a normal approximation promises nothing. */
const fewest = 30;
const coursePoints = 60;
/** Intervals are tightest for differences of this many standard deviations. */
const expectedEffect = 0.1;

export const abMethod =
  "difference of means by the mixture sequential test (Johari, Koomen, Pekelis, Walsh, KDD 2017), rates by the beta-binomial mixture (Robbins 1970; Howard et al., Ann. Stat. 2021): intervals hold at all times together, so looking early and often is no cheating; shared out over the variants (Bonferroni)";

/** Needs at least two variants with outcomes to say anything; with fewer, `effects` is empty. */
export function abReport(experiment: Experiment, options: AbOptions = {}): AbReport {
  const { confidence = 0.95, lowerIsBetter = false } = options;
  const values = new Map<string, number[]>();
  for (const { variant, value } of experiment.observations) {
    const known = values.get(variant);
    if (known) known.push(value);
    else values.set(variant, [value]);
  }
  const variants = [...new Set([...experiment.requests.keys()])].sort();
  const sizeOf = (variant: string) => values.get(variant)?.length ?? 0;
  const [largest = ""] = [...variants].sort((a, b) => sizeOf(b) - sizeOf(a));
  const baseline = options.baseline ?? largest;
  const alpha = 1 - confidence;
  const arms = variants.map((variant): Arm => {
    const mine = values.get(variant) ?? [];
    const isBinary = !experiment.isByUnit && mine.every((value) => value === 0 || value === 1);
    const yes = mine.reduce((sum, value) => sum + value, 0);
    return {
      variant,
      requests: experiment.requests.get(variant) ?? 0,
      count: mine.length,
      mean: momentsOf(mine).mean,
      interval: isBinary && mine.length > 0 ? rateSequence(yes, mine.length, alpha / variants.length) : null,
    };
  });
  const others = variants.filter((variant) => variant !== baseline && sizeOf(variant) > 0);
  const effects =
    sizeOf(baseline) === 0
      ? []
      : others.map((variant) => effect(experiment, baseline, variant, alpha / others.length, lowerIsBetter));
  const { model, outcome, isByUnit, unmatched } = experiment;
  return {
    model,
    outcome,
    unit: isByUnit ? "person" : "request",
    baseline,
    confidence,
    arms,
    effects,
    unmatched,
    method: abMethod,
  };
}

function effect(
  { observations }: Experiment,
  baseline: string,
  variant: string,
  alpha: number,
  lowerIsBetter: boolean,
): Effect {
  const involved = observations.filter((one) => one.variant === baseline || one.variant === variant);
  const all = momentsOf(involved.map(({ value }) => value));
  const tau2 = Math.max(expectedEffect ** 2 * all.variance, Number.MIN_VALUE);
  const [a, b] = [new Growing(), new Growing()];
  const course: (Interval & { count: number; difference: number })[] = [];
  const stride = Math.max(1, Math.ceil(involved.length / coursePoints));
  for (const [i, one] of involved.entries()) {
    (one.variant === baseline ? a : b).add(one.value);
    const isLast = i === involved.length - 1;
    if (!isLast && (i + 1) % stride !== 0) continue;
    if (Math.min(a.count, b.count) < fewest) continue;
    const interval = differenceSequence(a.moments, b.moments, alpha, tau2);
    course.push({ ...interval, count: i + 1, difference: b.mean - a.mean });
  }
  const difference = b.mean - a.mean;
  const interval = course.at(-1) ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  // Once outside zero is outside for good: the promise is about all times together.
  const decided = course.find(({ low, high }) => low > 0 || high < 0);
  const isUp = decided !== undefined && decided.low > 0;
  return {
    variant,
    difference,
    lift: a.mean === 0 ? Number.NaN : difference / Math.abs(a.mean),
    interval: { low: interval.low, high: interval.high },
    verdict: decided === undefined ? "undecided" : isUp !== lowerIsBetter ? "better" : "worse",
    course,
  };
}

/** Moments of values that come one by one. Rule: Welford, Technometrics 4 (1962). */
class Growing implements Moments {
  count = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    const off = value - this.mean;
    this.mean += off / this.count;
    this.squares += off * (value - this.mean);
  }

  get variance(): number {
    return this.count > 1 ? this.squares / (this.count - 1) : 0;
  }

  get moments(): Moments {
    return { count: this.count, mean: this.mean, variance: this.variance };
  }
}
