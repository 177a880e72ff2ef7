// Tokenizer, RegexFullMatch, MurmurHash3 and ScatterElements of the evaluator against ONNX Runtime.
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileGraph, float64, GraphBuilder, int64, murmur3, strings } from "../../src/onnx/index.ts";
import { agree } from "./agree.ts";

const character = fc.constantFrom(
  "a",
  "b",
  "Z",
  "é",
  "e\u0301",
  "中",
  "1",
  "٣",
  "_",
  " ",
  "\t",
  "-",
  "😀",
  "कि",
  "\u2028",
);
const texts = fc.array(
  fc.array(character, { maxLength: 12 }).map((parts) => parts.join("")),
  {
    minLength: 1,
    maxLength: 4,
  },
);

test.each([
  ["[\\p{L}\\p{N}_]{2,}", 1],
  ["(?:[a-z]){1,}(?:[\\x2d][a-z]){0,}", 1],
  ["[^\\x00]", 1],
  ["(?:[\\x09\\x20]{2,}|[^\\x00])", 1],
  ["[\\p{Nd}]+|[\\p{L}]+", 2],
])("Tokenizer finds what ONNX Runtime finds: %s of at least %i", async (tokenexp, mincharnum) => {
  await fc.assert(
    fc.asyncProperty(texts, fc.constantFrom(0, 1), (list, mark) =>
      agree({ x: strings(list, [list.length, 1]) }, (g, [x]) =>
        g.op("Tokenizer", [x!], { mark, mincharnum, pad_value: "#", tokenexp }, { domain: "com.microsoft" }),
      ),
    ),
    { numRuns: 15 },
  );
});

test("Tokenizer takes characters apart like ONNX Runtime", async () => {
  await fc.assert(
    fc.asyncProperty(texts, (list) =>
      agree({ x: strings(list, [list.length, 1]) }, (g, [x]) =>
        g.op(
          "Tokenizer",
          [x!],
          { mark: 0, mincharnum: 1, pad_value: "#", separators: [""] },
          { domain: "com.microsoft" },
        ),
      ),
    ),
    { numRuns: 15 },
  );
});

test.each(["[\\p{L}]+", "[a-z]|[\\p{Nd}]{2}", "(?:[^\\x20]){3,5}"])(
  "RegexFullMatch equals ONNX Runtime: %s",
  async (pattern) => {
    await fc.assert(
      fc.asyncProperty(texts, (list) =>
        agree({ x: strings(list) }, (g, [x]) => g.op("RegexFullMatch", [x!], { pattern })),
      ),
      { numRuns: 15 },
    );
  },
);

const foreign = ["\\bab", "\\w+", "(?i)a", "a+?", "^a", "a$", "\\pL", "[[:alpha:]]", "\\x{1F600}"];

test.each(foreign)("a pattern that JavaScript reads differently is refused: %s", (pattern) => {
  const g = new GraphBuilder("test");
  const x = g.input("x", "string", ["N"]);
  g.output(g.op("RegexFullMatch", [x], { pattern }), "y");
  expect(() => compileGraph(g.build())).toThrow(/the micro runtime has no regular expression/);
});

test("MurmurHash3 equals ONNX Runtime", async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.constantFrom(0, 1), fc.constantFrom(0, 7), (list, positive, seed) =>
      agree({ x: strings(list) }, (g, [x]) =>
        g.op("MurmurHash3", [x!], { positive, seed }, { domain: "com.microsoft" }),
      ),
    ),
    { numRuns: 25 },
  );
  // sklearn.utils.murmurhash3_32("foo", 0)
  expect(murmur3(new TextEncoder().encode("foo"), 0)).toBe(-156908512);
});

const place = fc.integer({ min: -4, max: 3 });
const value = fc.constantFrom(0.5, 1, -2, 3);

test.each(["none", "add"])("ScatterElements equals ONNX Runtime, reduction %s", async (reduction) => {
  const six = fc.tuple(
    fc.uniqueArray(place, { minLength: 3, maxLength: 3, selector: (at) => (at + 4) % 4 }),
    fc.uniqueArray(place, { minLength: 3, maxLength: 3, selector: (at) => (at + 4) % 4 }),
    fc.array(value, { minLength: 6, maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(six, ([first, second, updates]) => {
      const places = reduction === "add" ? [...first, first[0]!, ...second.slice(1)] : [...first, ...second];
      return agree(
        { x: float64([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]), i: int64(places, [2, 3]), u: float64(updates, [2, 3]) },
        (g, [x, i, u]) => g.op("ScatterElements", [x!, i!, u!], { axis: 1, reduction }),
      );
    }),
    { numRuns: 20 },
  );
});

test("ScatterElements refuses positions outside of the value", () => {
  const g = new GraphBuilder("test");
  const x = g.input("x", "float64", ["N", 2]);
  g.output(
    g.op("ScatterElements", [x, g.constant(int64([2], [1, 1])), g.constant(float64([1], [1, 1]))], { axis: 1 }),
    "y",
  );
  expect(() => compileGraph(g.build()).run({ x: float64([1, 2], [1, 2]) })).toThrow("writes to 2 of 2 values");
});
