// What several processes know of variants, put together.
import type { Details } from "../deployment/carrier.ts";
import { mergeComparisons } from "../deployment/comparison.ts";

export function mergeDetails(all: readonly Details[]): Details {
  const merged = new Map<string, Details extends ReadonlyMap<string, infer D> ? D : never>();
  for (const details of all)
    for (const [key, { inFlight, comparison }] of details) {
      const known = merged.get(key);
      const both = comparison && known?.comparison ? mergeComparisons(known.comparison, comparison) : comparison;
      merged.set(key, { inFlight: inFlight + (known?.inFlight ?? 0), ...(both ? { comparison: both } : {}) });
    }
  return merged;
}
