// Texts to terms: words or characters, alone and in rows. Rule: sklearn/feature_extraction/text.py, _VectorizerMixin: _word_ngrams,
// _char_ngrams, _char_wb_ngrams.
import { type GraphBuilder, int64, strings, type Value } from "../../onnx/index.ts";
import { emitTopK } from "../top_k.ts";
import { spaces } from "./characters.ts";
import type { TokenPattern } from "./token_pattern.ts";

export interface Terms {
  /** string `[N, T]`, T at least 1: the terms of every text, in any order, `noTerm` among and after them. @param text string `[N, 1]` */
  emit(g: GraphBuilder, text: Value): Value;
  evaluate(text: string): string[];
}

/** How many words or characters in a row are terms. */
export type Lengths = readonly [min: number, max: number];

/** Fills what has no term. Nothing that is written has three of these in a row. */
export const noTerm = "\uffff\uffff\uffff";

const anything = "[^\\x00]";

/** Longest row of words or characters that is unrolled. */
export const longestRun = 32;

function tokenized(g: GraphBuilder, text: Value, find: string): Value {
  return g.op(
    "Tokenizer",
    [text],
    { mark: 0, mincharnum: 1, pad_value: noTerm, tokenexp: find },
    { domain: "com.microsoft", name: "tokens" },
  );
}

/** `noTerm` in the shape of the given texts. */
function blank(g: GraphBuilder, like: Value): Value {
  return g.op(
    "LabelEncoder",
    [like],
    { keys_strings: [noTerm], values_strings: [noTerm], default_string: noTerm },
    { domain: "ai.onnx.ml", name: "blank" },
  );
}

const text = (g: GraphBuilder, value: string) => g.constant(strings([value]), "text");

export function isBlank(g: GraphBuilder, value: Value): Value {
  return g.op("Equal", [value, text(g, noTerm)]);
}

/** `[N, 1]` texts as `[N, T + 1]`: tokens, one blank at least after them. */
export function tokenRows(g: GraphBuilder, value: Value, find: string): Value {
  const flat = g.op("Squeeze", [tokenized(g, value, find), g.constant(int64([1]))]);
  return g.op("Concat", [flat, blank(g, value)], { axis: 1 });
}

export function words({ find, keep, plain }: TokenPattern, stopWords: readonly string[], [min, max]: Lengths): Terms {
  const stop = new Set(stopWords);
  const stopKeys = stopWords.filter((word) => word !== "" && !word.includes("\0"));
  const kept = keep === null ? null : new RegExp(`^(?:${keep})$`, "u");
  return {
    emit(g, value) {
      let tokens = tokenRows(g, value, find);
      const filters: Value[] = [];
      if (keep !== null) filters.push(g.op("RegexFullMatch", [tokens], { pattern: keep }));
      if (stopKeys.length > 0) {
        const found = g.op(
          "LabelEncoder",
          [tokens],
          { keys_strings: stopKeys, values_int64s: stopKeys.map(() => 1), default_int64: 0 },
          { domain: "ai.onnx.ml", name: "stop_words" },
        );
        filters.push(g.op("Equal", [found, g.constant(int64([0], []))]));
      }
      if (filters.length > 0) {
        const isTerm = filters.reduce((all, one) => g.op("And", [all, one]));
        tokens = g.op("Where", [isTerm, tokens, text(g, noTerm)]);
        if (max > 1) tokens = gathered(g, tokens);
      }
      return runs(g, tokens, [min, max], " ");
    },
    evaluate(value) {
      const tokens = (value.match(plain) ?? []).filter((token) => !stop.has(token));
      if (kept && tokens.some((token) => !kept.test(token))) throw new Error(`a token that ${keep} does not match`);
      return joinedRuns(tokens, [min, max], " ");
    },
  };
}

/** Blanks moved behind the other tokens of their row, whose order stays. */
function gathered(g: GraphBuilder, tokens: Value): Value {
  const blanks = g.op("Cast", [isBlank(g, tokens)], { to: 7 });
  const one = g.constant(int64([1]));
  const place = g.op("CumSum", [g.op("Add", [g.op("Sub", [blanks, blanks]), one]), g.constant(int64([1], []))]);
  const key = g.op("Add", [place, g.op("Mul", [blanks, g.constant(int64([2 ** 40], []))])]);
  const count = g.op("Shape", [tokens], { start: 1, end: 2 });
  const [, order] = emitTopK(g, key, count, { lowest: true });
  return g.op("GatherElements", [tokens, order], { axis: 1 });
}

/**
 * Every row of `min` to `max` neighbours along the last axis, as texts; what reaches into blanks is blank.
 * @param tokens string `[..., T]`, blanks at the end
 */
function runs(g: GraphBuilder, tokens: Value, [min, max]: Lengths, separator: string): Value {
  const axis = tokens.shape!.length - 1;
  const at = g.constant(int64([axis]));
  const found: Value[] = [];
  let run = tokens;
  for (let n = 1; n <= max; n++) {
    if (n > 1) {
      // The neighbour n - 1 places on; its row is shorter by as much.
      const next = g.op("Slice", [tokens, g.constant(int64([n - 1])), g.constant(int64([2 ** 31 - 1])), at]);
      const start = g.op("Slice", [run, g.constant(int64([0])), g.constant(int64([-1])), at]);
      const both = g.op("StringConcat", [separator ? g.op("StringConcat", [start, text(g, separator)]) : start, next]);
      run = g.op("Where", [isBlank(g, next), text(g, noTerm), both]);
    }
    if (n >= min) found.push(run);
  }
  // A text may be shorter than the shortest row: one blank stays.
  if (min > 1) found.push(g.op("Slice", [blank(g, tokens), g.constant(int64([0])), g.constant(int64([1])), at]));
  return found.length === 1 ? found[0]! : g.op("Concat", found, { axis }, { name: "terms" });
}

function joinedRuns(tokens: readonly string[], [min, max]: Lengths, separator: string): string[] {
  const found: string[] = [];
  for (let n = min; n <= Math.min(max, tokens.length); n++)
    for (let i = 0; i + n <= tokens.length; i++) found.push(tokens.slice(i, i + n).join(separator));
  return found;
}

const spaceRun = `${spaces.source}{2,}`;

export function characterRuns(range: Lengths): Terms {
  const several = new RegExp(spaceRun, "gu");
  return {
    emit(g, value) {
      // Several spaces in a row are one.
      const pieces = tokenRows(g, value, `(?:${spaceRun}|${anything})`);
      const isRun = g.op("RegexFullMatch", [pieces], { pattern: spaceRun });
      return runs(g, g.op("Where", [isRun, text(g, " "), pieces]), range, "");
    },
    evaluate: (value) => joinedRuns(Array.from(value.replaceAll(several, " ")), range, ""),
  };
}

/** Characters of each word with a space before and after it; a word too short for the shortest row counts as a whole. */
export function wordCharacterRuns([min, max]: Lengths): Terms {
  const word = `[^${spaces.source.slice(1)}`;
  const each = new RegExp(`${word}+`, "gu");
  return {
    emit(g, value) {
      const found = tokenRows(g, value, `${word}+`);
      const spaced = g.op("StringConcat", [g.op("StringConcat", [text(g, " "), found]), text(g, " ")]);
      const whole = g.op("Where", [isBlank(g, found), text(g, ""), spaced]);
      const pieces = tokenized(g, whole, anything);
      const ended = g.op("Concat", [pieces, g.op("Unsqueeze", [blank(g, whole), g.constant(int64([2]))])], { axis: 2 });
      const terms = g.op("Flatten", [runs(g, ended, [min, max], "")], { axis: 1 });
      if (min < 4) return terms;
      const isShort = g.op("RegexFullMatch", [whole], { pattern: `${anything}{3,${min - 1}}` });
      return g.op("Concat", [terms, g.op("Where", [isShort, whole, text(g, noTerm)])], { axis: 1 });
    },
    evaluate(value) {
      return (value.match(each) ?? []).flatMap((one) => {
        const padded = Array.from(` ${one} `);
        return padded.length < min ? [padded.join("")] : joinedRuns(padded, [min, max], "");
      });
    },
  };
}
