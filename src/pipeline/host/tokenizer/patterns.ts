// Regular expressions of tokenizers. The library writes Oniguruma's as JavaScript's; which are let in is decided here: an expression from a
// file can take exponential time, and nothing stops one that runs. Those of well-known tokenizers are listed, others must be plain.
import { quoted } from "../../../core/index.ts";
import { malformed, type Part } from "./file.ts";
import { jsPattern } from "./library.ts";

/** Known to be harmless: GPT-2, cl100k (GPT-4, Llama 3), Qwen 2, o200k, DeepSeek's, StarCoder's, BLOOM's. */
const known = new Set([
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${"`"}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw` ?[^(\s|[.,!?…。，、।۔،])]+`,
  String.raw`\w+|[^\w\s]+`,
]);

const longestPattern = 1000;
// One character or class, taken once, a few times, or as often as it comes; nothing is grouped, so nothing repeats a repetition.
const atom = String.raw`(?:\\[pP]\{[A-Za-z_]{1,30}\}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[^pPxu0-9kgbBAzZG]|\[(?:\\[pP]\{[A-Za-z_]{1,30}\}|\\[^pP]|[^\[\]\\&])+\]|[^\\\[\](){}|*+?^$])`;
const plainBranch = new RegExp(
  `^(?:${atom}(?:\\?|\\{\\d{1,2}(?:,\\d{1,2})?\\})?)*(?:${atom}(?:[+*]|\\{\\d{1,2},\\}))?(?:${atom})?$`,
  "u",
);

/** The pattern of a Split or Replace as JavaScript's, with `g` and `u`. @throws IngotError TOKENIZER_UNSUPPORTED, TOKENIZER_INVALID */
export function patternOf(part: Part): RegExp {
  const pattern = part.get("pattern");
  if (typeof pattern !== "object" || pattern === null) throw malformed("has no `pattern`", part.where);
  const { String: text, Regex: expression } = pattern as { String?: unknown; Regex?: unknown };
  if (typeof text === "string" && text !== "" && text.length <= longestPattern) return literal(text);
  if (typeof expression !== "string" || expression.length > longestPattern)
    throw malformed(
      `has a \`pattern\` that is no text and no expression of at most ${longestPattern} characters`,
      part.where,
    );
  if (!known.has(expression) && !branchesOf(expression).every((branch) => branch !== "" && plainBranch.test(branch)))
    throw part.refuse(`splits by the expression ${quoted(expression.slice(0, 80))}`);
  return compiled(expression, part);
}

export function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "gu");
}

function compiled(expression: string, part: Part): RegExp {
  let pattern: RegExp | null = null;
  try {
    pattern = jsPattern(expression);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  if (!pattern) throw part.refuse(`splits by the expression ${quoted(expression.slice(0, 80))}`);
  return pattern;
}

/** Alternatives at the top; | within a class is a character. */
function branchesOf(expression: string): string[] {
  return expression.match(/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^|\\[])+|(?<=\|)(?=\||$)|^(?=\|)/gsu) ?? [];
}
