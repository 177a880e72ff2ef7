import fc from "fast-check";
import { expect, test } from "vitest";
import { durations, Histogram, sizes } from "../../../src/serve/observe/histogram.ts";

test("every value lies in the bucket whose bounds are around it", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (value) => {
      const histogram = new Histogram(durations);
      histogram.add(value);
      const bucket = histogram.counts.indexOf(1);
      expect(value).toBeLessThanOrEqual(histogram.bound(bucket) * (1 + 1e-9));
      if (bucket > 0) expect(value).toBeGreaterThan(histogram.bound(bucket - 1) * (1 - 1e-9));
    }),
  );
});

test("quantiles are at most one bucket above the sorted values'", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (values) => {
        const histogram = new Histogram(durations);
        for (const value of values) histogram.add(value);
        const sorted = [...values].sort((a, b) => a - b);
        for (const q of [0.5, 0.95, 0.99]) {
          const exact = sorted[Math.max(0, Math.ceil(q * values.length) - 1)]!;
          const found = histogram.quantile(q);
          expect(found).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
          expect(found).toBeLessThanOrEqual(exact * 2 ** 0.25 * (1 + 1e-9));
        }
      },
    ),
  );
});

test("merged histograms are the histogram of everything", () => {
  const [a, b, both] = [new Histogram(sizes), new Histogram(sizes), new Histogram(sizes)];
  for (const [i, value] of [1, 2, 3, 8, 9, 4096, 5000].entries()) {
    (i % 2 === 0 ? a : b).add(value);
    both.add(value);
  }
  a.merge(b.state());
  expect(a.state()).toEqual(both.state());
  expect(both.above(8)).toBe(3);
});
