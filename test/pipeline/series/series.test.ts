// Steps on windows of a series against pandas, and on every runtime against their evaluation.
import fc from "fast-check";
import { expect, test } from "vitest";
import { float64, type Tensor } from "../../../src/onnx/index.ts";
import { stored } from "../images/pictures.ts";
import { agreeOnGenerated, column, openStep, planStep } from "../step_harness.ts";

type Told = number | null | "Infinity" | "-Infinity";

interface Fixture {
  readonly windows: Told[][];
  readonly cases: { step: string; options: Record<string, unknown>; columns: Record<string, Told[][]> }[];
}

const { windows, cases } = stored<Fixture>("pandas/series");
const numberOf = (value: Told) => (value === null ? Number.NaN : Number(value));
const length = windows[0]!.length;
const batch = float64(windows.flat().map(numberOf), [windows.length, length]);
const fixed = [column("x", "float64", { shape: [length] })];
const varying = [column("x", "float64", { shape: ["times"] })];

/** Within 1e-12 of the size of the numbers that were added up. */
function expectNear({ data }: Tensor, expected: readonly number[], sizes: readonly number[], where: string): void {
  expect(data.length, where).toBe(expected.length);
  expected.forEach((value, i) => {
    const actual = data[i] as number;
    if (Object.is(actual, value) || actual === value) return;
    expect(Math.abs(actual - value), `${where}[${i}]: ${actual} instead of ${value}`).toBeLessThanOrEqual(
      1e-12 * sizes[i]!,
    );
  });
}

const sizeOf = (window: readonly Told[]) => Math.max(1, ...window.map(numberOf).filter(Number.isFinite).map(Math.abs));

test.each(cases.map((each) => [each.step, each.options, each] as const))(
  "%s %j as pandas",
  async (step, options, { columns }) => {
    for (const at of ["every", "last"]) {
      await using open = await openStep({ step, options: { column: "x", at, ...options }, columns: fixed });
      const results = [
        open.evaluate([batch]),
        ...(await Promise.all((["native", "wasm", "micro"] as const).map((runtime) => open.run(runtime, [batch])))),
      ];
      for (const result of results)
        open.plan.writes.forEach(({ name }, i) => {
          const told = columns[name]!;
          const expected = at === "every" ? told.flat() : told.map((row) => row.at(-1)!);
          const sizes =
            at === "every"
              ? windows.flatMap((window) => new Array<number>(length).fill(sizeOf(window)))
              : windows.map(sizeOf);
          expectNear(result.columns[i]!, expected.map(numberOf), sizes, `${name}, ${at}`);
        });
    }
  },
);

test.each<[string, Record<string, unknown>]>([
  ["lag", { lags: [0, 2] }],
  ["lag", { lags: [1], at: "every" }],
  ["difference", {}],
  ["difference", { lags: [2], at: "every" }],
  ["rolling", { window: 2, functions: ["min", "max"], min_periods: 1, at: "every" }],
])("%s %j of any numbers: equal on every runtime", async (step, options) => {
  await agreeOnGenerated({ step, options: { column: "x", ...options }, columns: varying }, {}, 15);
});

test("rolling of moderate numbers is the same on every runtime", async () => {
  const options = { column: "x", window: 3, functions: ["mean", "std"], min_periods: 1, at: "every" };
  await using open = await openStep({ step: "rolling", options, columns: varying });
  const numbers = fc.oneof(fc.constant(Number.NaN), fc.double({ min: -100, max: 100, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 }),
      fc.array(numbers, { minLength: 21, maxLength: 21 }),
      async (rows, list) => {
        await open.agree([float64(list.slice(0, rows * 7), [rows, 7])], { absolute: 1e-12, relative: 1e-12 });
      },
    ),
    { numRuns: 20 },
  );
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["lag", { lags: [12] }, /`x` has 12 values: none stands 12 before the last/],
  ["rolling", { window: 13, functions: ["mean"] }, /none stands 12/],
  ["rolling", { window: 3, functions: ["mean"], min_periods: 4 }, /`min_periods` 4 is above/],
])("%s %j is refused when planned", (step, options, message) => {
  expect(() => planStep({ step, options: { column: "x", ...options }, columns: fixed })).toThrow(message);
  expect(() => planStep({ step, options: { column: "x", ...options }, columns: [column("x")] })).toThrow(
    /not a window|min_periods/,
  );
});
