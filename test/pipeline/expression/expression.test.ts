// Expressions: on every runtime against their evaluation; precedence and meaning against JavaScript written by hand; errors with their place.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseProject } from "../../../src/package/index.ts";
import { compileExpression } from "../../../src/pipeline/expression/compile.ts";
import { ExpressionProblem } from "../../../src/pipeline/expression/tokens.ts";
import { StepFrame } from "../../../src/pipeline/index.ts";
import { agreeOnGenerated, column, planStep } from "../step_harness.ts";

const columns = [
  column("a"),
  column("b"),
  column("n", "int64", { missing: false }),
  column("t", "string", { missing: true, categories: ["red", "12", "a-b"] }),
  column("u", "string", { missing: false }),
  column("f", "bool", { missing: false }),
];
const near = { relative: 1e-13, absolute: 1e-300 };

const sources: [string, string][] = [
  ["ratio", "a / (b + 1)"],
  ["division by zero", "(a - a) / 0 + 1 / (b - b)"],
  ["precedence", "-a ** 2 + b * 3 % 4 - n / 2"],
  ["chained", "a - b - n"],
  ["rest", "a % b + n % 3"],
  ["comparisons", "a < b and not (a >= 1 or n == 3) or f"],
  ["conditions", "if(missing(a), if(t == 'red', 1, 2), a * 2)"],
  ["null", "if(f, null, a)"],
  ["coalesce", "coalesce(a, b, 0) + (a ?? 1)"],
  ["texts", "t + '-' + u"],
  ["text or none", "t ?? 'none'"],
  ["text equality", "t == u or t != 'red'"],
  ["sets", "t in ['red', 'blue', u] or n in [1, 2, 3]"],
  ["patterns", "matches(t, '[0-9]+') or matches(u, 'a-b|x{1,2}')"],
  ["extremes", "min(a, b, 3) + max(a, -b) + clip(a, -1, 1)"],
  ["rounding", "floor(a) + ceil(b) + round(a * 10) / 10 + sign(a) + abs(b)"],
  ["truth as number", "number(f) + number(a > b)"],
  ["constant", "2 ** 3 + 1"],
  ["constant text", "'x' + \"y\""],
];
test.each(sources)("%s: graph and evaluation are equal", async (_name, source) => {
  await agreeOnGenerated({ step: "compute", options: { result: source }, columns }, near, 12);
});

test("functions of engines are within their last places", async () => {
  const within = { relative: 1e-13, absolute: 1e-13 };
  const source =
    "log(abs(a) + 1) + log1p(abs(b)) + sqrt(abs(a)) + tanh(a) + exp(-abs(b)) + expm1(-abs(a)) + log10(abs(a) + 2) + log2(3)";
  await agreeOnGenerated({ step: "compute", options: { result: source }, columns }, within, 12);
});

test("later expressions read earlier ones, and a name that is replaced means what it was until then", async () => {
  const options = { c: "a + 1", d: "c * 2", a: "d - a" };
  await agreeOnGenerated({ step: "compute", options, columns }, near, 12);
  const plan = planStep({ step: "compute", options, columns });
  expect(plan.writes.map(({ name }) => name)).toEqual(["c", "d", "a"]);
});

test("expressions of one form are computed side by side", async () => {
  const numbers = ["a", "b", "c", "d"].map((name) => column(name));
  const options = {
    first: "(a ?? 0) / (b ** 2 + 1)",
    sum: "first + d",
    second: "(c ?? 0) / (d ** 2 + 1)",
    // Of the same form as `first`, and another number in it.
    third: "(c ?? 0) / (a ** 2 + 2)",
    difference: "second - first",
    chosen: "if(a > b, first, second)",
    both: "sum + second",
  };
  const plan = planStep({ step: "compute", options, columns: numbers });
  expect(plan.packed).toBeDefined();
  await agreeOnGenerated({ step: "compute", options, columns: numbers }, near, 25);
  // A name that is replaced means two things, and what has one form only gains nothing.
  for (const single of [
    { a: "a + b", e: "a + c" },
    { e: "a + b", f: "a - b" },
    { e: "a + 1", f: "2" },
  ])
    expect(planStep({ step: "compute", options: single, columns: numbers }).packed).toBeUndefined();
});

const meanings: [string, unknown][] = [
  ["1 + 2 * 3", 7],
  ["(1 + 2) * 3", 9],
  ["2 ** 3 ** 2", 512],
  ["-2 ** 2", -4],
  ["2 ** -1", 0.5],
  ["7 - 3 - 2", 2],
  ["-7 % 3", 2],
  ["7 % -3", -2],
  ["1 / 0", Infinity],
  ["0 / 0", Number.NaN],
  ["1e3 + .5", 1000.5],
  ["not 1 > 2 and 3 > 2", true],
  ["true or false and false", true],
  ["1 ** (0 / 0)", 1],
  ["round(2.5) + round(3.5)", 6],
  ["'it\\'s' + \"\\n\"", "it's\n"],
  ["2 in [1, 1 + 1]", true],
  ["missing(0 / 0)", true],
];
test.each(meanings)("%s", (source, value) => {
  expect(
    compileExpression(
      source,
      () => null,
      () => [],
    ).evaluate([]),
  ).toEqual(value);
});

const problems: [name: string, source: string, at: number, message: RegExp][] = [
  ["an unknown column", "a + bb", 4, /no column `bb`, did you mean `b`\?/],
  ["an unknown function", "1 + sqr(a)", 4, /no function `sqr`, did you mean `sqrt`\?/],
  ["mixed types", "a + t", 2, /values of one type, got a number and a text/],
  ["a text as condition", "if(t, 1, 2)", 0, /takes a condition and two values/],
  ["different branches", "if(f, 1, 'x')", 0, /values of one type/],
  ["a missing parenthesis", "(a + 1", 6, /expected `\)`, but the expression ends/],
  ["two values", "a b", 2, /did not expect `b`/],
  ["assignment", "a = 1", 2, /`=` means nothing here/],
  ["an open quote", "t + 'x", 4, /the quote ' is not closed/],
  ["nothing", "  ", 0, /ends where a value is expected/],
  ["null alone", "null", 0, /`null` alone has no type/],
  ["null compared", "a == null", 5, /`null` has no place here/],
  ["a missing truth", "missing(f)", 0, /a truth is never missing/],
  ["a pattern that differs", "matches(t, '\\\\d+(a|b)')", 11, /not among those that every runtime reads alike/],
  ["a pattern that takes long", "matches(t, 'a*a*a*b')", 11, /not among those/],
  ["depth", `${"(".repeat(100)}a${")".repeat(100)}`, 64, /nested more than 64 levels/],
  ["depth of signs", `${"-".repeat(5000)}1`, 64, /nested more than 64 levels/],
  ["length", "1".repeat(20_000), 0, /longer than 10000 characters/],
  ["parts", Array.from({ length: 3000 }, () => "a").join("+"), 1999, /more than 2000 parts/],
];
test.each(problems)("%s is refused at its character", (_name, source, at, message) => {
  const known = new Map(
    columns.map(({ name, dtype, missing }) => [
      name,
      { type: dtype === "string" ? "text" : dtype === "bool" ? "truth" : "number", missing } as const,
    ]),
  );
  let problem: unknown;
  try {
    compileExpression(
      source,
      (name) => known.get(name) ?? null,
      () => known.keys(),
    );
  } catch (error) {
    problem = error;
  }
  expect(problem).toBeInstanceOf(ExpressionProblem);
  expect((problem as ExpressionProblem).message).toMatch(message);
  expect((problem as ExpressionProblem).at).toBe(at);
});

test.each([
  ["plain", "  - compute: { c: a + zz }", ":5:23: "],
  ["quoted", "  - compute: { c: 'a + zz' }", ":5:24: "],
  ["block", "  - compute:\n      c: |\n        a +\n          zz", ":8:11: "],
])("the place in ingot.yaml of a %s expression is its own character", (_name, yaml, place) => {
  const text = `name: a\nversion: 1.0.0\nmodel: m.json\npreprocess:\n${yaml}\n`;
  const [declared] = parseProject(Buffer.from(text)).steps.before;
  const frame = new StepFrame(new Map([["a", column("a")]]), declared!);
  expect(() => declared!.step.plan(declared!.options, frame)).toThrow(
    `ingot.yaml${place}\`compute\`: \`c\`: there is no column \`zz\``,
  );
});

test("any text is compiled or refused with a place inside of it", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "a",
      "t",
      "f",
      "(",
      ")",
      "+",
      "-",
      "**",
      " and ",
      "not ",
      "if(",
      ",",
      "1",
      "'x'",
      "null",
      " in [",
      "]",
      "??",
      ".",
    ),
    fc.string({ maxLength: 3 }),
  );
  const known = new Map([
    ["a", "number"],
    ["t", "text"],
    ["f", "truth"],
  ] as const);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const source = pieces.join("");
      try {
        compileExpression(
          source,
          (name) => (known.has(name as "a") ? { type: known.get(name as "a")!, missing: true } : null),
          () => known.keys(),
        );
      } catch (error) {
        if (!(error instanceof ExpressionProblem)) throw error;
        expect(error.at).toBeGreaterThanOrEqual(0);
        expect(error.at).toBeLessThanOrEqual(source.length);
      }
    }),
    { numRuns: 2000 },
  );
});
