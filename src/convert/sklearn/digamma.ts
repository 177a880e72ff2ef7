// The derivative of log gamma, for positive x: recurrence up to 10, then the asymptotic series.
const series = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];

export function digamma(x: number): number {
  let [at, below] = [x, 0];
  for (; at < 10; at++) below += 1 / at;
  const square = 1 / (at * at);
  const tail = series.reduceRight((sum, term) => (sum + term) * square, 0);
  return Math.log(at) - 0.5 / at - tail - below;
}
