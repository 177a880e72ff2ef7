import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { randomSource } from "../../../fuzz/mutate.ts";
import {
  type AbReport,
  abChart,
  abReport,
  abSvg,
  type Experiment,
  readExperiment,
  startDeployed,
} from "../../../src/serve/index.ts";
import { NumberedPackages, planOf } from "../deployment/numbered_models.ts";

function experiment(rates: Record<string, number>, count: number, random: () => number): Experiment {
  const variants = Object.keys(rates);
  const observations = Array.from({ length: count }, (_, time) => {
    const variant = variants[Math.floor(random() * variants.length)]!;
    return { variant, time, value: random() < rates[variant]! ? 1 : 0 };
  });
  const requests = new Map(
    variants.map((variant) => [variant, observations.filter((one) => one.variant === variant).length]),
  );
  return { model: "m", outcome: "bought", isByUnit: false, requests, observations, unmatched: 0 };
}

test("without a difference, a report that was looked at sixty times on the way seldom decides", () => {
  const random = randomSource(5);
  const decided = Array.from(
    { length: 200 },
    () => abReport(experiment({ a: 0.2, b: 0.2 }, 1500, random), { baseline: "a" }).effects[0]!,
  ).filter(({ verdict }) => verdict !== "undecided");
  expect(decided.length).toBeLessThanOrEqual(10);
});

test("a difference is found, with its direction and size", () => {
  const [effect] = abReport(experiment({ a: 0.2, b: 0.3 }, 6000, randomSource(1)), { baseline: "a" }).effects;
  expect(effect).toMatchObject({ variant: "b", verdict: "better" });
  expect(effect!.interval.low).toBeLessThan(0.1);
  expect(effect!.interval.high).toBeGreaterThan(0.1);
  expect(effect!.lift).toBeCloseTo(effect!.difference / 0.2, 0);
  const lower = abReport(experiment({ a: 0.2, b: 0.3 }, 6000, randomSource(1)), { baseline: "a", lowerIsBetter: true });
  expect(lower.effects[0]!.verdict).toBe("worse");
});

test("rates have exact intervals, the baseline is the largest arm, few outcomes decide nothing", () => {
  const report = abReport(experiment({ a: 0.5, b: 0.5, c: 0.5 }, 60, randomSource(2)));
  expect(report.arms.map(({ variant }) => variant)).toEqual(["a", "b", "c"]);
  const largest = Math.max(...report.arms.map(({ count }) => count));
  expect(report.arms.find(({ variant }) => variant === report.baseline)!.count).toBe(largest);
  for (const { mean, interval } of report.arms) {
    expect(interval!.low).toBeLessThan(mean);
    expect(interval!.high).toBeGreaterThan(mean);
  }
  expect(report.effects.map(({ verdict, course }) => [verdict, course.length])).toEqual([
    ["undecided", 0],
    ["undecided", 0],
  ]);
});

describe("the picture", () => {
  const report: AbReport = abReport(experiment({ "a<b": 0.2, b: 0.3 }, 3000, randomSource(4)), { baseline: "a<b" });

  test("as SVG is one document without scripts, whose band is around its line", () => {
    const svg = abSvg(report);
    expect(svg).toMatch(/^<svg xmlns[^>]+role="img"><title>m: effect on bought against a&lt;b<\/title>/);
    expect(svg).not.toMatch(/<script|href|NaN|Infinity/);
    expect(svg).toContain("b against a&lt;b: better");
    expect(abSvg({ ...report, effects: [{ ...report.effects[0]!, course: [] }] })).toContain("too few outcomes yet");
  });

  test("as characters has a line for no difference and the scale at its ends", () => {
    const lines = abChart(report.effects[0]!);
    expect(lines).toHaveLength(11);
    expect(lines.join("")).toMatch(/█.*░|░.*█/);
    expect(lines.some((line) => line.trimStart().startsWith("0 "))).toBe(true);
  });
});

test("from requests and outcomes over HTTP to a verdict: people are counted once, the last word on a request stands", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "ingot-ab-"));
  for (const format of ["jsonl", "parquet"]) {
    const log = path.join(folder, format);
    const deployment = planOf(`
models: { m: { variants: { a: { package: 'numbered:1' }, b: { package: 'numbered:2' } }, sticky: { header: X-User } } }
predictions: { folder: '${log}', format: ${format} }`);
    const server = await startDeployed({ deployment, find: new NumberedPackages().find, port: 0, webFolder: null });
    const told: string[] = [];
    const tell = async (user: number, request: number) => {
      const id = `${user}-${request}`;
      const headers = { "Ingot-Request-Id": id, "X-User": `user-${user}` };
      const answer = await fetch(`${server.url}/predict`, { method: "POST", body: '{"x":1}', headers });
      const { by } = (await answer.json()) as { by: string };
      const value = by === "2" ? 1 : 0;
      for (const one of [1 - value, value])
        await fetch(`${server.url}/outcomes/${id}`, { method: "POST", body: JSON.stringify({ bought: one }) });
      told.push(by);
    };
    for (let user = 0; user < 90; user += 10)
      await Promise.all(Array.from({ length: 10 }, (_, i) => tell(user + i, 0).then(() => tell(user + i, 1))));
    await fetch(`${server.url}/outcomes/nobody`, { method: "POST", body: "1" });
    // Whoever asks for a variant is no part of the experiment.
    const pin = { "Ingot-Variant": "b", "Ingot-Request-Id": "pinned", "X-User": "user-1" };
    await fetch(`${server.url}/predict`, { method: "POST", body: '{"x":1}', headers: pin });
    await fetch(`${server.url}/outcomes/pinned`, { method: "POST", body: '{"bought":0}' });
    await server.close();
    const found = await readExperiment(log);
    expect(found).toMatchObject({ model: "m", outcome: "bought", isByUnit: true, unmatched: 1 });
    expect(found.observations).toHaveLength(90);
    const report = abReport(found, { baseline: "a" });
    expect(report.arms.map(({ requests }) => requests)).toEqual([
      told.filter((by) => by === "1").length,
      told.filter((by) => by === "2").length,
    ]);
    expect(report.arms.map(({ mean }) => mean)).toEqual([0, 1]);
    expect(report.effects[0]).toMatchObject({ verdict: "better", difference: 1 });
    await expect(readExperiment(log, { outcome: "bougt" })).rejects.toThrow(/no outcome `bougt`.*|did you mean/);
  }
  await rm(folder, { recursive: true });
});

test("whom a fallback answered counts for the variant that was to answer", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "ingot-ab-"));
  for (const format of ["jsonl", "parquet"]) {
    const packages = new NumberedPackages();
    const log = path.join(folder, format);
    const variants = "a: { package: 'numbered:1', weight: 0 }, b: { package: 'numbered:2', weight: 1 }";
    const deployment = planOf(`
models: { m: { variants: { ${variants} }, fallback: a } }
predictions: { folder: '${log}', format: ${format} }`);
    const server = await startDeployed({ deployment, find: packages.find, port: 0, webFolder: null });
    packages.of("2").fails = 1;
    for (const id of ["r1", "r2"]) {
      const headers = { "Ingot-Request-Id": id };
      const answer = await fetch(`${server.url}/predict`, { method: "POST", body: '{"x":1}', headers });
      expect(await answer.json()).toMatchObject({ by: "1" });
      await fetch(`${server.url}/outcomes/${id}`, { method: "POST", body: "1" });
    }
    packages.of("2").fails = 0;
    await server.close();
    expect((await readExperiment(log)).requests).toEqual(new Map([["b", 2]]));
  }
  await rm(folder, { recursive: true });
});

test("a folder that is no log is refused", async () => {
  await expect(readExperiment("/nowhere/at/all")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});
