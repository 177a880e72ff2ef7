// The error function in float64. The rational functions are those of Cephes (ndtr.c), which scipy.special computes with: within 4e-16.

/** Coefficients from the highest power on. */
export interface Rational {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

/** erf(x) / x of x², below 1. */
export const erfNearZero: Rational = {
  above: [9.604973739870516, 90.02601972038427, 2232.005345946843, 7003.325141128051, 55592.30130103949],
  below: [1, 33.56171416475031, 521.3579497801527, 4594.323829709801, 22629.000061389095, 49267.39426086359],
};
/** exp(x²) erfc(x), from 1 to 8. */
export const erfcNear: Rational = {
  above: [
    2.461969814735305e-10, 0.5641895648310689, 7.463210564422699, 48.63719709856814, 196.5208329560771,
    526.4451949954773, 934.5285271719576, 1027.5518868951572, 557.5353353693994,
  ],
  below: [
    1, 13.228195115474499, 86.70721408859897, 354.9377788878199, 975.7085017432055, 1823.9091668790973,
    2246.3376081871097, 1656.6630919416134, 557.5353408177277,
  ],
};
/** The same from 8 on. */
export const erfcFar: Rational = {
  above: [
    0.5641895835477551, 1.275366707599781, 5.019050422511805, 6.160210979930536, 7.4097426995044895, 2.9788666537210022,
  ],
  below: [
    1, 2.2605286322011726, 9.396035249380015, 12.048953980809666, 17.08144507475659, 9.608968090632859,
    3.369076451000815,
  ],
};

export function polynomial(x: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

export function quotient(x: number, { above, below }: Rational): number {
  return polynomial(x, above) / polynomial(x, below);
}

export function erf(x: number): number {
  const z = Math.abs(x);
  if (z <= 1) return x * quotient(x * x, erfNearZero);
  // Beyond it the rest is less than half a last place of 1.
  if (z > 6) return Math.sign(x);
  return Math.sign(x) * (1 - Math.exp(-x * x) * quotient(z, erfcNear));
}
