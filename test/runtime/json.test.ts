import fc from "fast-check";
import { expect, test } from "vitest";
import { readJson, writeJson } from "../../src/runtime/index.ts";

/** Long integers as doubles again: the generator makes doubles. */
function doubles(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(doubles);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, doubles(member)]));
}

test("what is written reads back: numbers, long integers, infinities as words", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(doubles(readJson(writeJson(value), "test"))).toEqual(value);
    }),
    { numRuns: 500 },
  );
  expect(writeJson({ a: Number.NaN, b: -Infinity, c: 2n ** 63n, d: -0, e: undefined, f: null })).toBe(
    '{"a":"NaN","b":"-Infinity","c":9223372036854775808,"d":-0,"f":null}',
  );
  expect(writeJson(Float32Array.of(0.1, 0.3, 1e-45))).toBe("[0.1,0.3,1e-45]");
  expect(writeJson(BigInt64Array.of(-1n))).toBe("[-1]");
  expect(writeJson({ __proto__: null, "": [[]] })).toBe('{"":[[]]}');
});

test("integers beyond 2^53 are kept, other numbers are doubles", () => {
  expect(
    readJson('{"id": 9007199254740993, "x": 0.1234567890123456689, "big": 1e300, "text": "9007199254740993"}', "test"),
  ).toEqual({
    id: 9007199254740993n,
    x: 0.12345678901234566,
    big: 1e300,
    text: "9007199254740993",
  });
  expect(readJson("[9007199254740991, -9007199254740993]", "test")).toEqual([9007199254740991, -9007199254740993n]);
  expect(readJson("9007199254740993", "test")).toBe(9007199254740993n);
  expect(readJson("[0.30000001192092896,9007199254740993]", "test")).toEqual([0.30000001192092896, 9007199254740993n]);
  expect(readJson("[1.5,9007199254740993.0,-0.12345678901234566]", "test")).toEqual([
    1.5, 9007199254740992, -0.12345678901234566,
  ]);
});

const refused: [name: string, text: string, message: RegExp][] = [
  ["nothing", "  ", /body: is not JSON: the text is empty/],
  ["a word", "hello", /body: is not JSON: Unexpected token .*h/],
  ["an end too early", '{"a": [1, 2', /is not JSON/],
  ["bare NaN", "[NaN]", /is not JSON/],
  ["an endless integer", `{"id": ${"9".repeat(1_000_000)}}`, /body: holds an integer of 1000000 digits/],
  ["too deep", `${"[".repeat(65)}${"]".repeat(65)}`, /nests deeper than 64 levels/],
  ["too deep behind brackets in texts", `${'["]",'.repeat(80)}1${"]".repeat(80)}`, /nests deeper than 64 levels/],
  ["endlessly deep", "[".repeat(5_000_000), /nests deeper than 64 levels/],
];
test.each(refused)("%s is refused", (_name, text, message) => {
  expect(() => readJson(text, "body")).toThrow(message);
});

test("brackets inside texts do not count as depth", () => {
  const text = JSON.stringify(Array.from({ length: 100 }, () => '[[{"\\'));
  expect(readJson(text, "body")).toHaveLength(100);
});
