// Tokenizer files that mean harm or that would give other tokens here: refused by name, or bounded.
import { expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { type EncodeOptions, Encoder } from "../../../src/pipeline/host/tokenizer/encoder.ts";
import { readTokenizer } from "../../../src/pipeline/host/tokenizer/file.ts";
import { TextRefused } from "../../../src/pipeline/host/tokenizer/text_refused.ts";

const words = {
  type: "WordPiece",
  unk_token: "[UNK]",
  continuing_subword_prefix: "##",
  vocab: { "[UNK]": 0, a: 1, "##b": 2 },
};
const pieces = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] };
const scored = {
  type: "Unigram",
  unk_id: 0,
  vocab: [
    ["<unk>", 0],
    ["a", -1],
    ["b", -2],
  ],
};
const bytesOf = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const open = (value: unknown) => new Encoder(readTokenizer(bytesOf(value), "tokenizer.json"));
const plain: EncodeOptions = { addSpecial: false, maxLength: null, truncate: "longest_first", side: "right" };
const split = (expression: string) => ({
  model: words,
  pre_tokenizer: { type: "Split", pattern: { Regex: expression }, behavior: "Isolated", invert: false },
});
const nested = (depth: number): unknown =>
  depth === 0 ? { type: "NFC" } : { type: "Sequence", normalizers: [nested(depth - 1)] };

test.each<[name: string, file: unknown, message: RegExp]>([
  ["no JSON", "{", /is not JSON/],
  ["no object", "[]", /is no JSON object/],
  ["no model", {}, /has no `model`/],
  ["an unknown model", { model: { type: "WordLevel", vocab: {} } }, /is a WordLevel/],
  ["ids that are no numbers", { model: { ...words, vocab: { a: "1" } } }, /token "a" has the id/],
  ["ids out of bounds", { model: { ...words, vocab: { a: 1e15 } } }, /token "a" has the id/],
  ["a token without end", { model: { ...words, vocab: { ["x".repeat(600)]: 1 } } }, /no token of at most 512/],
  ["words without end", { model: { ...words, max_input_chars_per_word: 1e9 } }, /max_input_chars_per_word/],
  ["merges of what is not there", { model: { ...pieces, merges: ["a c"] } }, /merges what is not in `vocab`/],
  ["merges at random", { model: { ...pieces, dropout: 0.1 } }, /drops merges at random/],
  ["a prefix inside words", { model: { ...pieces, continuing_subword_prefix: "##" } }, /continuing_subword_prefix/],
  ["no unknown piece", { model: { ...scored, unk_id: null } }, /no piece for unknown/],
  [
    "a long piece",
    {
      model: {
        ...scored,
        vocab: [
          ["<unk>", 0],
          ["a".repeat(200), 0],
        ],
      },
    },
    /a piece of 200 characters/,
  ],
  ["an unknown normalizer", { model: words, normalizer: { type: "Nmt" } }, /normalizes by Nmt/],
  ["deep normalizers", { model: words, normalizer: nested(20) }, /more than 8 deep/],
  [
    "a long replacement",
    { model: words, normalizer: { type: "Replace", pattern: { String: "a" }, content: "a".repeat(100) } },
    /longer than 16/,
  ],
  ["an unknown pre-tokenizer", { model: words, pre_tokenizer: { type: "UnicodeScripts" } }, /splits by UnicodeScripts/],
  ["a catastrophic expression", split("(a+)+$"), /splits by the expression/],
  ["two repetitions in a row", split("a*a*b"), /splits by the expression/],
  ["back-references", split("(a)\\1"), /splits by the expression/],
  ["look-behind", split("(?<=a+)b"), /splits by the expression/],
  ["an expression that is none", split("[a"), /splits by the expression/],
  ["an unknown processor", { model: words, post_processor: { type: "Magic" } }, /processes rows by Magic/],
  [
    "tokens that are whole words",
    { model: words, added_tokens: [{ id: 9, content: "x", single_word: true }] },
    /single_word/,
  ],
  [
    "a broken character table",
    { model: words, normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA/w==" } },
    /trie/,
  ],
  [
    "a template of tokens that are not there",
    {
      model: words,
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "x", type_id: 0 } }],
        pair: [],
        special_tokens: {},
      },
    },
    /special_tokens/,
  ],
])("%s", (_name, file, message) => {
  expect(() => open(file)).toThrow(message);
  expect(() => open(file)).toThrow(IngotError);
});

test("expressions that are harmless are taken", () => {
  for (const expression of [" ?\\p{L}+", "\\p{N}", "[\\r\\n]", " {2,}", "\\s+|[,.;]", "[^\\s]+", "\\d{1,3}"])
    expect(() => open(split(expression)), expression).not.toThrow();
});

test.each([
  ["a text that is too long", { model: words }, "a".repeat(200_000), /200000 characters long/],
  [
    "a text that its normalizers blow up",
    {
      model: words,
      normalizer: {
        type: "Sequence",
        normalizers: Array(8).fill({ type: "Replace", pattern: { String: "a" }, content: "a".repeat(16) }),
      },
    },
    "aaaa",
    /normalizes to \d+ characters/,
  ],
  ["a piece without end", { model: scored }, "ab".repeat(20_000), /not cut apart/],
] as const)("%s refuses the text", (_name, file, text, message) => {
  const encoder = open(file);
  expect(() => encoder.encode(text, null, plain)).toThrow(message);
  expect(() => encoder.encode(text, null, plain)).toThrow(TextRefused);
});

test("names that objects have anyway are tokens like others", () => {
  const vocab = { "[UNK]": 0, constructor: 1, "##__proto__": 2, ["toString"]: 3 };
  expect(open({ model: { ...words, vocab } }).encode("constructor", null, plain).ids).toEqual([1]);
  expect(open({ model: { ...words, vocab } }).encode("hasOwnProperty", null, plain).ids).toEqual([0]);
});

test("characters that no token has are left out where there is none for unknown ones, as in the library", () => {
  expect(open({ model: pieces }).encode("abz", null, plain).ids).toEqual([2]);
});
