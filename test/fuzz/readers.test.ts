// Every reader meets its corpus and a short, seeded run of mutations: only coded errors may come out.
import { expect, test } from "vitest";
import { fuzz, fuzzTargets } from "../../fuzz/run.ts";

for (const target of await fuzzTargets()) {
  test(`${target.name} answers hostile bytes with coded errors only`, async () => {
    const result = await fuzz(target, { seed: 7, runs: 1500, seconds: 20 });
    expect(result.crash).toBeUndefined();
    expect(result.accepted).toBeGreaterThan(0);
  });
}
