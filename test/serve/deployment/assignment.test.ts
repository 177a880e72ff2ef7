import { describe, expect, test } from "vitest";
import { Assignment } from "../../../src/serve/deployment/assignment.ts";

const keys = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
const assign = (weights: Record<string, number>, salt = "flights") => {
  const assignment = new Assignment(
    salt,
    Object.entries(weights).map(([name, weight]) => ({ name, weight })),
  );
  return keys.map((key) => assignment.of(key));
};
const shareOf = (variants: readonly string[], name: string) =>
  variants.filter((one) => one === name).length / variants.length;

describe("by key", () => {
  test("shares follow the weights", () => {
    const variants = assign({ a: 70, b: 25, c: 5 });
    // Six standard deviations of 20,000 draws.
    for (const [name, share] of [
      ["a", 0.7],
      ["b", 0.25],
      ["c", 0.05],
    ] as const)
      expect(Math.abs(shareOf(variants, name) - share)).toBeLessThan(
        6 * Math.sqrt((share * (1 - share)) / keys.length),
      );
  });

  test("the same key gets the same variant, in another process too", () => {
    expect(assign({ a: 1, b: 1 })).toEqual(assign({ b: 1, a: 1 }));
    // As a Python script computes it from the rule: a release that moved every user would end every experiment.
    expect(assign({ a: 1, b: 1 }).slice(0, 8)).toEqual(["b", "a", "a", "b", "a", "b", "b", "b"]);
  });

  test("raising one weight moves keys to it only, and as few as that needs", () => {
    const [before, after] = [assign({ a: 90, b: 10, c: 20 }), assign({ a: 90, b: 50, c: 20 })];
    const moved = keys.flatMap((_, i) => (before[i] === after[i] ? [] : [after[i]]));
    expect(new Set(moved)).toEqual(new Set(["b"]));
    expect(Math.abs(moved.length / keys.length - (50 / 160 - 10 / 120))).toBeLessThan(0.02);
  });

  test("a variant that goes leaves all others' keys where they were", () => {
    const [before, after] = [assign({ a: 1, b: 1, c: 1 }), assign({ a: 1, b: 1 })];
    for (const [i, variant] of before.entries()) if (variant !== "c") expect(after[i]).toBe(variant);
  });

  test("another experiment splits the same users independently", () => {
    const [one, two] = [assign({ a: 1, b: 1 }, "flights"), assign({ a: 1, b: 1 }, "penguins")];
    expect(Math.abs(one.filter((variant, i) => variant === two[i]).length / keys.length - 0.5)).toBeLessThan(0.02);
  });

  test("weight 0 gets nothing", () => {
    expect(shareOf(assign({ a: 1, b: 0 }), "b")).toBe(0);
  });
});

test.each([
  [0, "a"],
  [0.2499, "a"],
  [0.25, "c"],
  [0.999999, "c"],
])("by chance: %d is %s", (random, variant) => {
  const weights = [
    { name: "a", weight: 1 },
    { name: "b", weight: 0 },
    { name: "c", weight: 3 },
  ];
  expect(new Assignment("x", weights).byChance(random)).toBe(variant);
});
