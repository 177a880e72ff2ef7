// What a tokenizer does to a text first. Rules: huggingface/tokenizers, tokenizers/src/normalizers/*.rs. Written here and not taken from the
// JavaScript library, whose normalizers differ: final sigma, Han beyond U+FFFF, the white space of JavaScript, Precompiled.
import { lowerEach, trimEnd, trimStart, whiteSpace } from "./characters.ts";
import { malformed, type Part } from "./file.ts";
import { patternOf } from "./patterns.ts";
import { precompiled } from "./precompiled.ts";
import { TextRefused } from "./text_refused.ts";

export type Normalizer = (text: string) => string;

/** Most that one piece of a text may become. */
const longestReplacement = 16;
const deepest = 8;

/** @throws IngotError TOKENIZER_UNSUPPORTED naming the part */
export function normalizerOf(part: Part | null, depth = 0): Normalizer {
  if (part === null) return (text) => text;
  if (depth > deepest) throw malformed(`normalizers more than ${deepest} deep`, part.where);
  switch (part.type) {
    case "Sequence": {
      const parts = part.list("normalizers").map((inner) => normalizerOf(inner, depth + 1));
      return (text) => parts.reduce((current, normalize) => bounded(normalize(current)), text);
    }
    case "BertNormalizer":
      return bert(part);
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form = part.type;
      return (text) => text.normalize(form);
    }
    case "Lowercase":
      return lowerEach;
    case "StripAccents":
      return (text) => text.replaceAll(/\p{M}/gu, "");
    case "Strip": {
      const [left, right] = [part.flag("strip_left", true), part.flag("strip_right", true)];
      return (text) => {
        const cut = left ? trimStart(text) : text;
        return right ? trimEnd(cut) : cut;
      };
    }
    case "Replace": {
      const [pattern, content] = [patternOf(part), shortText(part, "content")];
      return (text) => text.replaceAll(pattern, () => content);
    }
    case "Prepend": {
      const start = shortText(part, "prepend");
      return (text) => (text === "" ? text : start + text);
    }
    case "Precompiled":
      return precompiled(part);
    default:
      throw part.refuse(`normalizes by ${part.type}`);
  }
}

function shortText(part: Part, name: string): string {
  const text = part.text(name);
  if (text.length > longestReplacement)
    throw malformed(`\`${name}\` is longer than ${longestReplacement} characters`, part.where);
  return text;
}

/** A text grows by at most `longestReplacement` each time. @throws TextRefused before it grows again */
function bounded(text: string): string {
  if (text.length <= longestNormalized) return text;
  throw new TextRefused(`normalizes to ${text.length} characters, at most ${longestNormalized} are tokenized`);
}

/** Eight times the longest text that comes in. */
const longestNormalized = 2 ** 20;

const han =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const noText = /[\p{C}\ufffd]/gu;

function bert(part: Part): Normalizer {
  const lowercase = part.flag("lowercase", true);
  const strips = part.flag("strip_accents", lowercase);
  const cleans = part.flag("clean_text", true);
  const spacesHan = part.flag("handle_chinese_chars", true);
  return (text) => {
    let current = text;
    if (cleans)
      current = current
        .replaceAll(noText, (found) => (found === "\t" || found === "\n" || found === "\r" ? " " : ""))
        .replaceAll(whiteSpaceEach, " ");
    if (spacesHan) current = current.replaceAll(han, " $& ");
    if (strips) current = current.normalize("NFD").replaceAll(/\p{Mn}/gu, "");
    return lowercase ? lowerEach(current) : current;
  };
}

const whiteSpaceEach = new RegExp(whiteSpace.source, "gu");
