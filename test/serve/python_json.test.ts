import fc from "fast-check";
import { expect, test } from "vitest";
import { readJson, writeJson } from "../../src/runtime/index.ts";
import { readPythonJson, writePythonJson } from "../../src/serve/dialects/python_json.ts";

const rows: [text: string, value: unknown][] = [
  ["[NaN, -Infinity, Infinity]", [Number.NaN, -Infinity, Infinity]],
  ['{"a": NaN, "NaN": "NaN", "b": [-1, "Infinity\\" NaN"]}', { a: Number.NaN, NaN: "NaN", b: [-1, 'Infinity" NaN'] }],
  ["NaN", Number.NaN],
  ['"NaN"', "NaN"],
  ['{"__proto__": NaN}', JSON.parse('{"__proto__": 0}')],
  ["[9007199254740993, NaN]", [9007199254740993n, Number.NaN]],
];
test.each(rows)("%s", (text, value) => {
  const read = readPythonJson(text, "x");
  if (text.includes("__proto__")) expect(Object.keys(read as object)).toEqual(["__proto__"]);
  else expect(read).toEqual(value);
});

test.each(["[nan]", "[NaNs]", "[+Infinity]", "[-NaN]", '["NaN]', "[Na]", "NaN NaN", "-"])(
  "%s is no JSON of Python's either",
  (text) => {
    expect(() => readPythonJson(text, "x")).toThrow(/x: is not JSON/);
  },
);

test("reading takes what writing gives, and without special numbers both are plain JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (plain) => {
      const withWords = (value: unknown) => [value, Number.NaN, { "-Infinity": -Infinity }];
      // Integers beyond 2^53 are read as bigint.
      const expected = withWords(readJson(writeJson(plain), "x"));
      expect(readPythonJson(writePythonJson(withWords(plain)), "x")).toEqual(expected);
    }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (given) => {
      expect(writePythonJson(given)).toBe(writeJson(given));
      expect(readPythonJson(writeJson(given), "x")).toEqual(readJson(writeJson(given), "x"));
    }),
  );
});

test("a long text with many quotes is read in one pass", () => {
  const text = `"NaN${'\\"'.repeat(2_000_000)}`;
  expect(() => readPythonJson(text, "x")).toThrow(/is not JSON/);
});
