// Token patterns: what is converted finds Python's tokens in the graph, what is not is refused by name.
import fc from "fast-check";
import { expect, test } from "vitest";
import { GraphBuilder, strings, writeModel } from "../../../src/onnx/index.ts";
import { tokenPattern } from "../../../src/pipeline/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";

/** Two patterns and what Python's `re.findall` finds in them. */
const found: [pattern: string, text: string, tokens: string[]][] = [
  [
    "(?u)\\b\\w\\w+\\b",
    "naïve café हिन्दी क x2 a don't _ __ ２０ cafe\u0301",
    ["naïve", "café", "x2", "don", "__", "２０", "cafe"],
  ],
  ["\\b[a-zA-Z]{3,}\\b", "abc abc1 ab abcd_ déjà end", ["abc", "end"]],
  ["(?u)\\b[^\\W\\d_]+\\b", "a1 b ② été ٣ x_y 中文", ["b", "②", "été", "中文"]],
  ["\\w+(?:[-']\\w+)*", "rock-n-roll don't -x- 'q'", ["rock-n-roll", "don't", "x", "q"]],
  ["[^,]+", "new york, rio de janeiro,,x", ["new york", " rio de janeiro", "x"]],
  ["\\b(\\w{2,})\\b", "a bc def", ["bc", "def"]],
  ["\\d{2,4}", "1 12345678 ٣٤", ["1234", "5678", "٣٤"]],
  ["\\S+", "a\u00a0b\u200bc\u2028d\x1fe", ["a", "b\u200bc", "d", "e"]],
];

test.each(found)("%s in %s", async (pattern, text, tokens) => {
  expect(text.match(tokenPattern(pattern).plain)).toEqual(tokens);
  expect(await inGraph(pattern, [text], "native")).toEqual([tokens]);
  expect(await inGraph(pattern, [text], "micro")).toEqual([tokens]);
});

const character = fc.constantFrom(
  "a",
  "b",
  "ab",
  "Z",
  "1",
  "٣",
  "_",
  "é",
  "\u0301",
  "中",
  "ि",
  " ",
  "\n",
  "-",
  "'",
  ",",
  "😀",
);
const text = fc.array(character, { maxLength: 15 }).map((parts) => parts.join(""));
const more = [
  "\\w+",
  "\\w{3}",
  "\\b\\w{2,3}\\b",
  "\\b\\w*[ab]\\w*\\b",
  "(?:a{1,2}b){2}",
  "[\\w\\-]+",
  "[^\\w\\s]+|\\w+",
  ".",
];

test.each([...found.map(([pattern]) => pattern), ...more])(
  "%s finds the same in a graph as by itself",
  async (pattern) => {
    const { plain: expression } = tokenPattern(pattern);
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
        const plain = texts.map((one) => one.match(expression) ?? []);
        expect(await inGraph(pattern, texts, "native")).toEqual(plain);
        expect(await inGraph(pattern, texts, "micro")).toEqual(plain);
      }),
      { numRuns: 3 },
    );
  },
);

const refused: [pattern: string, why: string][] = [
  ["a|ab", "choices that begin with the same characters"],
  ["a?ab?", "choices that begin with the same characters"],
  ["\\w+?", "lazy repetition"],
  ["\\bab", "\\b at one side only"],
  ["\\b\\w[\\w']+\\b", "\\b around characters that are not of words"],
  ["\\w*", "a match of no characters"],
  ["(a)(b)", "several groups"],
  ["x(a)", "a group that is a part of the token"],
  ["(?i)a+", "flags, names or look-around"],
  ["(?<!x)a", "flags, names or look-around"],
  ["^a", "the anchor ^"],
  ["\\Aa", "\\A"],
  ["\\1", "\\1"],
  ["a++", "possessive or multiple repetition"],
  ["a{2000}", "repetition {2000,2000}"],
  ["(a", "a group without an end"],
  ["[a", "an end too soon"],
  ["a)", "an unmatched )"],
  [`${"(?:".repeat(60)}a${")".repeat(60)}`, "groups more than 50 deep"],
  ["(?:a{900}b){900}", "more than 256 characters in a row"],
];

test.each(refused)("%s is refused", (pattern, why) => {
  expect(() => tokenPattern(pattern)).toThrow(why);
});

async function inGraph(pattern: string, texts: readonly string[], runtime: "native" | "micro"): Promise<string[][]> {
  const { find, keep } = tokenPattern(pattern);
  const g = new GraphBuilder("tokens");
  const tokens = g.op(
    "Tokenizer",
    [g.input("x", "string", ["N", 1])],
    { mark: 0, mincharnum: 1, pad_value: "\uffff", tokenexp: find },
    { domain: "com.microsoft" },
  );
  const isToken = keep === null ? g.op("Equal", [tokens, tokens]) : g.op("RegexFullMatch", [tokens], { pattern: keep });
  g.output(g.op("Where", [isToken, tokens, g.constant(strings(["\uffff"]))]), "tokens");
  const predictor = await openPredictor({ bytes: writeModel(g.build()) }, { inputs: [], outputs: [] }, { runtime });
  const { tokens: all } = await predictor.run({ x: strings(texts, [texts.length, 1]) });
  await predictor.close();
  const width = all!.dims[2]!;
  return texts.map((_, row) =>
    (all!.data as string[]).slice(row * width, (row + 1) * width).filter((token) => token !== "\uffff"),
  );
}
