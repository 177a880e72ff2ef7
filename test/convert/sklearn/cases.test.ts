// Every scikit-learn fixture, converted, against what the library answered: in the graph and by the evaluation beside it.
import { expect, test } from "vitest";
import { type Tensor, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";
import { type Cell, numberOf } from "../fixture.ts";
import { answersOf, convertedCase, feedsOfCase, type SklearnCase, sklearnCases } from "./fixture.ts";

const cases = sklearnCases();

/** Sums in another order: what cancels out to almost 0 has no relative error worth naming. */
const near = { relative: 1e-12, absolute: 1e-12 };

test("the fixtures cover the releases", () => {
  expect(cases.size).toBeGreaterThanOrEqual(5);
});

// One test per release and family: thousands of tests of a millisecond would take longer to report than to run.
const families = [...cases].flatMap(([version, list]) =>
  [...Map.groupBy(list, ({ family }) => family)].map(([family, own]) => [version, family, own] as const),
);

test.each(families)("scikit-learn %s, %s", async (_version, _family, own) => {
  for (const [position, one] of own.entries()) await compare(one, position % 10 === 0);
});

async function compare(one: SklearnCase, withWasm: boolean): Promise<void> {
  const { model, schema, promises, reference } = await convertedCase(one);
  const feeds = feedsOfCase(one, schema);
  const answers = answersOf(one, schema);
  const results: [string, Record<string, Tensor>][] = [["evaluation", reference!(feeds)]];
  const bytes = writeModel(model);
  for (const runtime of ["native", "micro", ...(withWasm ? (["wasm"] as const) : [])] as const) {
    const predictor = await openPredictor({ bytes }, schema, { runtime });
    results.push([runtime, await predictor.run(feeds)]);
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
