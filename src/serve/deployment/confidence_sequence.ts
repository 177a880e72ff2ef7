// Intervals that may be looked at after every observation: they hold at all times together, so stopping when one likes is no cheating.

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Confidence sequence for the probability of yes/no events. Exact, not asymptotic: the mixture of likelihood ratios over
 * a uniform prior is a martingale, and Ville's inequality bounds how often it ever passes 1/alpha.
 * Rule: Robbins, "Statistical methods related to the law of the iterated logarithm", Ann. Math. Stat. 41 (1970), as the beta-binomial
 * mixture of Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Ann. Stat. 49 (2021).
 * @param yes of `count` events
 * @param alpha probability that the true rate is ever outside, over all times
 */
export function rateSequence(yes: number, count: number, alpha: number): Interval {
  if (count === 0) return { low: 0, high: 1 };
  const no = count - yes;
  const bound = logBeta(yes + 1, no + 1) + Math.log(alpha);
  // The set of rates whose likelihood is not yet that much smaller than the mixture's.
  const isIn = (rate: number) => term(yes, rate) + term(no, 1 - rate) >= bound;
  const peak = yes / count;
  return { low: yes === 0 ? 0 : edge(isIn, 0, peak), high: no === 0 ? 1 : edge(isIn, 1, peak) };
}

/** `n log p`, where nothing happened nothing counts. */
function term(n: number, p: number): number {
  return n === 0 ? 0 : n * Math.log(p);
}

/** The end of the interval between a point outside (or at the border) and one inside, by halving; rounded outwards. */
function edge(isIn: (rate: number) => boolean, outside: number, inside: number): number {
  let [out, within] = [outside, inside];
  for (let step = 0; step < 60; step++) {
    const middle = (out + within) / 2;
    if (isIn(middle)) within = middle;
    else out = middle;
  }
  return out;
}

/**
 * Confidence sequence for a difference of two means, from counts, means and sample variances. Asymptotic: it needs a few dozen values per
 * side. Rule: the always valid interval of the mixture sequential test, Johari, Koomen, Pekelis, Walsh, "Peeking at A/B tests", KDD 2017, and
 * Operations Research 70 (2022); normal approximation of both means, mixing variance `tau2` of the difference.
 * @param tau2 where the interval is tightest: the square of the differences that matter
 */
export function differenceSequence(a: Moments, b: Moments, alpha: number, tau2: number): Interval {
  const difference = b.mean - a.mean;
  if (a.count < 2 || b.count < 2) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const variance = a.variance / a.count + b.variance / b.count;
  if (variance === 0) return { low: difference, high: difference };
  const spread = variance + tau2;
  const half = Math.sqrt(((variance * spread) / tau2) * (2 * Math.log(1 / alpha) + Math.log(spread / variance)));
  return { low: difference - half, high: difference + half };
}

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Of the sample, with n - 1. */
  readonly variance: number;
}

export function momentsOf(values: Iterable<number>): Moments {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const value of values) {
    count++;
    const off = value - mean;
    mean += off / count;
    squares += off * (value - mean);
  }
  return { count, mean, variance: count > 1 ? squares / (count - 1) : 0 };
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series above 15, the recurrence below it: 1e-14 relative. Rule: Abramowitz, Stegun 6.1.41. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 15; z++) shift -= Math.log(z);
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / z;
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}
