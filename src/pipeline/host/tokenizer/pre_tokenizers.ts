// How a tokenizer cuts a text before its model sees the pieces. Rules: huggingface/tokenizers, tokenizers/src/pre_tokenizers/*.rs. Written
// here where the JavaScript library's are looser: ASCII \w and \d, behaviors of Split and Punctuation, Metaspace that is not split.
import { punctuation, whiteSpaces } from "./characters.ts";
import { malformed, type Part } from "./file.ts";
import { literal, patternOf } from "./patterns.ts";
import { type Behavior, type Piece, splitBy } from "./splitting.ts";

export type PreTokenizer = (pieces: readonly Piece[]) => Piece[];

const behaviors: readonly Behavior[] = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];
const deepest = 8;

/** @throws IngotError TOKENIZER_UNSUPPORTED naming the part */
export function preTokenizerOf(part: Part | null, depth = 0): PreTokenizer {
  if (part === null) return (pieces) => [...pieces];
  if (depth > deepest) throw malformed(`pre-tokenizers more than ${deepest} deep`, part.where);
  const each =
    (split: (piece: Piece) => Piece[]): PreTokenizer =>
    (pieces) =>
      pieces.flatMap(split);
  switch (part.type) {
    case "Sequence": {
      const parts = part.list("pretokenizers").map((inner) => preTokenizerOf(inner, depth + 1));
      return (pieces) => parts.reduce((current, split) => split(current), [...pieces]);
    }
    case "BertPreTokenizer": {
      const marks = new RegExp(`[${punctuation}]`, "gu");
      return each((piece) =>
        splitBy(piece, whiteSpaces, "Removed").flatMap((word) => splitBy(word, marks, "Isolated")),
      );
    }
    case "Whitespace":
      return each((piece) => splitBy(piece, words, "Removed", true));
    case "WhitespaceSplit":
      return each((piece) => splitBy(piece, whiteSpaces, "Removed"));
    case "Punctuation": {
      const behavior = part.oneOf("behavior", behaviors, "Isolated");
      const marks = new RegExp(`[${punctuation}]`, "gu");
      return each((piece) => splitBy(piece, marks, behavior));
    }
    case "Digits": {
      const behavior = part.flag("individual_digits", false) ? "Isolated" : "Contiguous";
      return each((piece) => splitBy(piece, /\p{N}/gu, behavior));
    }
    case "Split": {
      const [pattern, behavior, invert] = [
        patternOf(part),
        part.oneOf("behavior", behaviors, "Isolated"),
        part.flag("invert", false),
      ];
      return each((piece) => splitBy(piece, pattern, behavior, invert));
    }
    case "CharDelimiterSplit": {
      const pattern = literal(part.text("delimiter"));
      return each((piece) => splitBy(piece, pattern, "Removed"));
    }
    case "Metaspace":
      return each(metaspace(part));
    case "ByteLevel":
      return each(byteLevel(part));
    default:
      throw part.refuse(`splits by ${part.type}`);
  }
}

/** \w of Oniguruma: letters, marks, decimal digits, connectors. */
const words = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{White_Space}]+/gu;

function metaspace(part: Part): (piece: Piece) => Piece[] {
  const mark = part.text("replacement", "\u2581");
  // Files of old releases say `add_prefix_space` instead.
  const legacy = part.flag("add_prefix_space", true) ? "always" : "never";
  const scheme = part.oneOf("prepend_scheme", ["always", "first", "never"], legacy);
  const splits = part.flag("split", true);
  const pattern = literal(mark);
  return ({ text, isStart }) => {
    let marked = text.replaceAll(" ", mark);
    if (scheme !== "never" && (scheme === "always" || isStart) && !marked.startsWith(mark)) marked = mark + marked;
    const piece = { text: marked, isStart };
    return splits ? splitBy(piece, pattern, "MergedWithNext") : [piece];
  };
}

const gpt2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** The letter that stands for each byte: bytes that are printable in Latin-1 stand for themselves, the others follow from U+0100 on. */
const byteLetters: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(isPrintable ? byte : next++);
  });
})();

const encoder = new TextEncoder();

function byteLevel(part: Part): (piece: Piece) => Piece[] {
  const prefixes = part.flag("add_prefix_space", true);
  const splits = part.flag("use_regex", true);
  return (piece) => {
    const text = prefixes && !piece.text.startsWith(" ") ? ` ${piece.text}` : piece.text;
    const parts = splits ? splitBy({ ...piece, text }, gpt2, "Isolated") : [{ ...piece, text }];
    return parts.map(({ text: own, isStart }) => {
      let letters = "";
      for (const byte of encoder.encode(own)) letters += byteLetters[byte];
      return { text: letters, isStart };
    });
  };
}
