// Scikit-learn fixtures, converted, against what the library answered: in the graph and by the evaluation beside it. Every case of the oldest
// and of the newest release, and of those between one each in turn: `npm run exactness` compares all with all.
import { expect, test } from "vitest";
import { type Tensor, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor, type RuntimeName } from "../../../src/runtime/index.ts";
import { type Cell, numberOf } from "../fixture.ts";
import {
  answeredBy,
  answersOf,
  columnsOf,
  convertedCase,
  feedsOfCase,
  type SklearnCase,
  sklearnCases,
} from "./fixture.ts";

const cases = sampled(sklearnCases());

/** Sums in another order: what cancels out to almost 0 has no relative error worth naming. */
const near = { relative: 1e-12, absolute: 1e-12 };

test("the fixtures cover the releases", () => {
  expect(cases.size).toBeGreaterThanOrEqual(10);
  expect(new Set([...cases.values()].flat().map((one) => one.case)).size).toBeGreaterThanOrEqual(400);
});

function sampled(all: Map<string, SklearnCase[]>): Map<string, SklearnCase[]> {
  const releases = [...all.keys()];
  const between = releases.slice(1, -1);
  const turns = new Map<string, string>();
  for (const [position, name] of [...new Set([...all.values()].flat().map((one) => one.case))].entries())
    turns.set(name, between[position % between.length]!);
  return new Map(
    [...all].map(([version, list]) => [
      version,
      between.includes(version) ? list.filter((one) => turns.get(one.case) === version) : list,
    ]),
  );
}

test("every case has at least 300 rows", () => {
  for (const one of sklearnCases().get("1.9.1")!)
    expect(columnsOf(one)[0]!.values.length, one.case).toBeGreaterThanOrEqual(300);
});

// One test per release and family: thousands of tests of a millisecond would take longer to report than to run.
const families = [...cases].flatMap(([version, list]) =>
  [...Map.groupBy(list, ({ family }) => family)].map(([family, own]) => [version, family, own] as const),
);

const newest = [...cases.keys()].at(-1);

/** Graphs of other releases have the same operators: the newest is run on micro too, of the others a part. */
function runtimesOf(version: string, position: number): RuntimeName[] {
  return [
    "native",
    ...(version === newest || position % 5 === 0 ? (["micro"] as const) : []),
    ...(position % 10 === 0 ? (["wasm"] as const) : []),
  ];
}

test.each(families)("scikit-learn %s, %s", { timeout: 180_000 }, async (version, _family, own) => {
  for (const [position, one] of own.entries()) await compare(one, runtimesOf(version, position));
});

async function compare(one: SklearnCase, runtimes: readonly RuntimeName[]): Promise<void> {
  const { model, schema, promises, reference } = await convertedCase(one);
  const feeds = feedsOfCase(one, schema);
  const answers = answersOf(one, schema);
  const results: [string, Record<string, Tensor>][] = [["evaluation", reference!(feeds)]];
  const bytes = writeModel(model);
  for (const runtime of runtimes) {
    const predictor = await openPredictor({ bytes }, schema, { runtime });
    results.push([runtime, await answeredBy(predictor, one, feeds)]);
    await predictor.close();
  }
  for (const [name, expected] of answers)
    for (const [by, outputs] of results) {
      const where = `${one.case} (${one.form}), ${name} by ${by}`;
      const isExact = promises[name]!.exact;
      expect(outputs[name]?.data.length, where).toBe(expected.length);
      expected.forEach((want, at) => {
        const got = outputs[name]!.data[at]!;
        if (!agrees(got, want, isExact, one.tolerance)) expect.fail(`${where}: value ${at} is ${got}, not ${want}`);
      });
    }
}

function agrees(got: Tensor["data"][number], want: Cell, isExact: boolean, tolerance: number = near.relative): boolean {
  if (typeof got === "string") return got === want;
  const [number, goal] = [Number(got), numberOf(want)];
  if (number === goal || Object.is(number, goal)) return true;
  return !isExact && Math.abs(number - goal) <= near.absolute + tolerance * Math.abs(goal);
}
