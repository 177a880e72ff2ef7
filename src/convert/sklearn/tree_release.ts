// Which release of scikit-learn fitted an object, where its rules have changed.
import type { Fitted } from "../../formats/index.ts";

/** Whether `version` (`1.3.2`, `0.24.dev0`) is older than `major.minor`; an unknown one is taken for the newest. */
export function isBefore(version: string | null, major: number, minor: number): boolean {
  const [, a, b] = /^(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  if (a === undefined || b === undefined) return false;
  return Number(a) < major || (Number(a) === major && Number(b) < minor);
}

const criteria = ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"];

/**
 * Whether a tree takes NaN: the best split from 1.3 on, a random one from 1.6 on.
 * Rule: sklearn/tree/_classes.py, `allow_nan` of _more_tags and __sklearn_tags__.
 */
export function takesMissing(tree: Fitted): boolean {
  const criterion = tree.optionalString("criterion");
  if (criterion !== null && !criteria.includes(criterion)) return false;
  return !isBefore(tree.version, 1, tree.optionalString("splitter") === "random" ? 6 : 3);
}
