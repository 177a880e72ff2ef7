import { describe, expect, test } from "vitest";
import { randomSource } from "../../../fuzz/mutate.ts";
import {
  differenceSequence,
  logGamma,
  momentsOf,
  rateSequence,
} from "../../../src/serve/deployment/confidence_sequence.ts";

test.each([
  [0.5, 0.5723649429247001],
  [1, 0],
  [10, 12.801827480081469],
  [171.5, 709.1431630309282],
  [1e6, 12815504.569147611],
])("logGamma(%d) is that of the C library", (x, expected) => {
  expect(Math.abs(logGamma(x) - expected)).toBeLessThan(1e-13 * Math.max(1, expected));
});

describe("rates", () => {
  test("before anything was seen, everything is possible", () => {
    expect(rateSequence(0, 0, 0.05)).toEqual({ low: 0, high: 1 });
  });

  test("the ends are where the mixture's likelihood is 1/alpha times as large", () => {
    const [yes, count, alpha] = [30, 100, 0.05];
    const { low, high } = rateSequence(yes, count, alpha);
    const logBeta = logGamma(yes + 1) + logGamma(count - yes + 1) - logGamma(count + 2);
    for (const p of [low, high])
      expect(logBeta - yes * Math.log(p) - (count - yes) * Math.log(1 - p)).toBeCloseTo(Math.log(1 / alpha), 9);
    expect(low).toBeLessThan(0.3);
    expect(high).toBeGreaterThan(0.3);
  });

  test("more looks do not break the promise: over 1000 runs of 2000 looks each, few ever leave the truth out", () => {
    const random = randomSource(7);
    let wrong = 0;
    for (let run = 0; run < 1000; run++) {
      let yes = 0;
      for (let n = 1; n <= 2000; n++) {
        if (random() < 0.03) yes++;
        // Looking at every event is what the promise allows; looking where the count changed is where it could break.
        if (n % 10 !== 0) continue;
        const { low, high } = rateSequence(yes, n, 0.05);
        if (low > 0.03 || high < 0.03) {
          wrong++;
          break;
        }
      }
    }
    expect(wrong).toBeLessThanOrEqual(50);
  });

  test("an interval of 95 % that ignores the looks would have failed that test", () => {
    const random = randomSource(7);
    let wrong = 0;
    for (let run = 0; run < 300; run++) {
      let yes = 0;
      for (let n = 1; n <= 2000; n++) {
        if (random() < 0.03) yes++;
        const p = yes / n;
        if (n >= 100 && n % 10 === 0 && Math.abs(p - 0.03) > 1.96 * Math.sqrt((0.03 * 0.97) / n)) {
          wrong++;
          break;
        }
      }
    }
    expect(wrong).toBeGreaterThan(30);
  });
});

describe("differences of means", () => {
  test("without a difference, looking again and again seldom finds one", () => {
    const random = randomSource(11);
    let wrong = 0;
    for (let run = 0; run < 400; run++) {
      const sides = [new Running(), new Running()];
      for (let n = 1; n <= 1500; n++) {
        sides[n % 2]!.add(random() < 0.4 ? 1 : 0);
        if (n < 100 || n % 10 !== 0) continue;
        const { low, high } = differenceSequence(sides[0]!.moments, sides[1]!.moments, 0.05, 0.05 ** 2);
        if (low > 0 || high < 0) {
          wrong++;
          break;
        }
      }
    }
    expect(wrong / 400).toBeLessThanOrEqual(0.05);
  });

  test("a real difference is found, and lies inside", () => {
    const random = randomSource(3);
    const [a, b] = [new Running(), new Running()];
    for (let n = 0; n < 6000; n++) {
      a.add(random() < 0.4 ? 1 : 0);
      b.add(random() < 0.5 ? 1 : 0);
    }
    const { low, high } = differenceSequence(a.moments, b.moments, 0.05, 0.05 ** 2);
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(0.1);
    expect(high).toBeGreaterThan(0.1);
  });

  test("two values are needed", () => {
    const few = momentsOf([1]);
    expect(differenceSequence(few, momentsOf([1, 2]), 0.05, 1)).toEqual({ low: -Infinity, high: Infinity });
  });
});

test("moments are those of the textbook", () => {
  expect(momentsOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ count: 8, mean: 5, variance: 32 / 7 });
});

class Running {
  private readonly values: number[] = [];
  private sum = 0;
  private squares = 0;
  add(value: number): void {
    this.values.push(value);
    this.sum += value;
    this.squares += value * value;
  }
  get moments() {
    const count = this.values.length;
    const mean = this.sum / count;
    return { count, mean, variance: (this.squares - count * mean * mean) / (count - 1) };
  }
}
