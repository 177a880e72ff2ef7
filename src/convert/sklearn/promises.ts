// Answers in float32 inside of other estimators: XGBoost's. The library goes on computing in float32 with them, the graph in float64.
import type { Tolerance } from "../converter.ts";
import type { Step } from "./estimator.ts";

/** How much further from the library sums, products and links of such answers may be than the answers themselves. */
const growth = 8;

/** What a float64 answer promises at most: looser ones are told on. */
const ofDouble = 1e-9;

/** The step with a promise that suits the answers it computes with. */
export function loosened(step: Step, inner: readonly Step[]): Step {
  const given = inner.flatMap(({ classify, regress }) => [classify?.promise, regress?.promise]);
  const [loosest] = given
    .filter((promise) => promise !== undefined && !promise.exact)
    .filter((promise) => promise.relative > ofDouble)
    .toSorted((a, b) => b.relative - a.relative);
  if (!loosest) return step;
  const promise: Tolerance = {
    exact: false,
    absolute: loosest.absolute * growth,
    relative: loosest.relative * growth,
  };
  const { classify, regress } = step;
  return {
    ...step,
    ...(classify ? { classify: { promise, ...classify } } : {}),
    ...(regress ? { regress: { promise, ...regress } } : {}),
  };
}
