// Tokens against Hugging Face's own library: WordPiece, BPE and Unigram on 12,000 lines in more than 40 scripts.
import { expect, test } from "vitest";
import { type EncodeOptions, Encoder } from "../../../src/pipeline/host/tokenizer/encoder.ts";
import { readTokenizer } from "../../../src/pipeline/host/tokenizer/file.ts";
import { TextRefused } from "../../../src/pipeline/host/tokenizer/text_refused.ts";
import { hashOf, storedAnswers, storedLines, storedTokenizer } from "./stored_tokenizers.ts";

const lines = storedLines();
const open = (name: string) => new Encoder(readTokenizer(storedTokenizer(name), `${name}.json`));
const plain: EncodeOptions = { addSpecial: false, maxLength: null, truncate: "longest_first", side: "right" };

/** One of each kind sees every line, the others every line that was made to be hard and some of the rest. */
test.each([
  ["wordpiece-uncased", 1],
  ["bpe-roberta", 1],
  ["unigram", 1],
  ["wordpiece-cased", 8],
  ["bpe-llama3", 8],
  ["bpe-llama2", 8],
  ["unigram-bytes", 8],
  ["unigram-precompiled", 8],
])("%s: the same ids", (name, every) => {
  const encoder = open(name);
  const answers = storedAnswers(name);
  const different = lines.filter((line, at) => {
    if (at >= 1000 && at % every !== 0) return false;
    return hashOf(encoder.encode(line, null, plain).ids) !== answers.hashes[at];
  });
  expect(different).toEqual([]);
  for (const [at, ids] of answers.ids.entries()) expect(encoder.encode(lines[at]!, null, plain).ids).toEqual(ids);
  for (const [at, text] of answers.decoded.entries()) expect(encoder.decode(answers.ids[at]!, true)).toBe(text);
});

test.each(["wordpiece-uncased", "bpe-roberta", "bpe-llama2", "unigram"])(
  "%s: special tokens, pairs, truncation",
  (name) => {
    const encoder = open(name);
    const { special, pairs, cut } = storedAnswers(name);
    const options = { ...plain, addSpecial: true };
    for (let at = 0; at < 300; at++) {
      expect(hashOf(encoder.encode(lines[at * 5]!, null, options).ids)).toBe(special[at]);
      const { ids, types } = encoder.encode(lines[at * 5 + 1]!, lines[at * 5 + 2]!, options);
      expect(hashOf([...ids, ...types]), lines[at * 5 + 1]).toBe(pairs[at]);
    }
    const cuts = [
      { truncate: "longest_first", side: "right", maxLength: 16 },
      { truncate: "longest_first", side: "left", maxLength: 25 },
      { truncate: "only_first", side: "right", maxLength: 40 },
      { truncate: "only_second", side: "left", maxLength: 40 },
    ] as const;
    cut.forEach(([single, pair], at) => {
      const own = { ...options, ...cuts[Math.floor(at / 100)]! };
      const [a, b] = [lines[700 + (at % 100) * 2]!, lines[701 + (at % 100) * 2]!];
      if (single !== null) expect(hashOf(encoder.encode(a, null, own).ids)).toBe(single);
      if (pair === null) expect(() => encoder.encode(a, b, own)).toThrow(TextRefused);
      else {
        const { ids, types } = encoder.encode(a, b, own);
        expect(hashOf([...ids, ...types])).toBe(pair);
      }
    });
  },
);
