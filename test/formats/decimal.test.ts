import fc from "fast-check";
import { expect, test } from "vitest";
import { DecimalScanner } from "../../src/formats/decimal.ts";

const scan = (text: string) => {
  const bytes = Buffer.from(text);
  const scanner = new DecimalScanner(bytes);
  return { value: scanner.next(bytes.length), end: scanner.offset };
};

/** Like Python's `%.17g`: 17 significant digits, shortest zeros. */
const digits17 = (value: number) => (Object.is(value, -0) ? "-0" : value.toPrecision(17));

test("any float64 in 17 digits reads as itself", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(scan(digits17(value)).value).toBe(value);
    }),
    { numRuns: 20000 },
  );
});

test("any decimal text reads as Number reads it", () => {
  const digits = fc.stringMatching(/^[0-9]{1,24}$/);
  const exponent = fc.oneof(
    fc.constant(""),
    fc.integer({ min: -30, max: 30 }).map((e) => `e${e}`),
    fc.integer().map((e) => `E${e}`),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("", "-", "+"),
      digits,
      fc.oneof(
        fc.constant(""),
        digits.map((d) => `.${d}`),
      ),
      exponent,
      (sign, whole, fraction, e) => {
        const text = sign + whole + fraction + e;
        expect(scan(text)).toEqual({ value: Number(text), end: text.length });
      },
    ),
    { numRuns: 20000 },
  );
});

test("halfway cases round to even", () => {
  for (const text of [
    "9007199254740993",
    "9007199254740995",
    "90071992547409930e-1",
    "0.50000000000000005551",
    "1.00000000000000011102e0",
    "4503599627370497.5",
    "450359962737049.55e1",
  ])
    expect(scan(text).value, text).toBe(Number(text));
});

const rows: [text: string, value: number, end: number][] = [
  ["12 13", 12, 2],
  ["-0", -0, 2],
  ["1.5,2", 1.5, 3],
  [".5", 0.5, 2],
  ["5.", 5, 2],
  ["1e", Number.NaN, 0],
  ["1e+", Number.NaN, 0],
  ["", Number.NaN, 0],
  ["-", Number.NaN, 0],
  ["nan", Number.NaN, 0],
  ["0x10", 0, 1],
  ["1e999", Number.POSITIVE_INFINITY, 5],
  ["0e999999999999", 0, 14],
];
test.each(rows)("%j", (text, value, end) => {
  expect(scan(text)).toEqual({ value, end });
});
