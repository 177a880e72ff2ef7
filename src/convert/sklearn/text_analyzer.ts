// What a fitted vectorizer makes of a text before it counts. Rule: sklearn/feature_extraction/text.py, _VectorizerMixin.build_analyzer.
// Lower case and accents are the form that texts arrive in (TextForm), not part of it.
import type { TextForm } from "../../core/index.ts";
import { type Fitted, numberOf, PyDict, PyList, PySet, PyTuple, type PyValue } from "../../formats/index.ts";
import {
  characterRuns,
  englishStopWords,
  type Lengths,
  longestRun,
  PatternUnsupported,
  type Terms,
  type TokenPattern,
  tokenPattern,
  wordCharacterRuns,
  words,
} from "../../pipeline/index.ts";

export interface Analyzer extends Terms {
  readonly form: TextForm | null;
}

/** @throws IngotError MODEL_UNSUPPORTED naming the parameter */
export function analyzerOf(self: Fitted): Analyzer {
  for (const name of ["preprocessor", "tokenizer"])
    if (self.has(name))
      throw self.unsupported(`runs Python code of its own (\`${name}\`)`, `fit it without \`${name}\``);
  const kind = self.get("analyzer");
  if (kind !== "word" && kind !== "char" && kind !== "char_wb")
    throw self.unsupported("runs Python code of its own (`analyzer`)", "fit it with analyzer word, char or char_wb");
  if (self.string("input") !== "content")
    throw self.unsupported(`reads files (\`input="${self.string("input")}"\`)`, 'fit it with `input="content"`');
  const range = lengthsOf(self);
  const form = formOf(self);
  if (kind === "char") return { form, ...characterRuns(range) };
  if (kind === "char_wb") return { form, ...wordCharacterRuns(range) };
  return { form, ...words(tokensOf(self), stopWordsOf(self), range) };
}

function lengthsOf(self: Fitted): Lengths {
  const range = self.items("ngram_range").map((item) => numberOf(item) ?? Number.NaN);
  const [min, max] = range as [number, number];
  if (!(range.length === 2 && min >= 1 && max >= min)) throw self.invalid("has an `ngram_range` that is none");
  if (max > longestRun)
    throw self.unsupported(`takes ${max} words or characters in a row, ${longestRun} at most are converted`);
  return [min, max];
}

function formOf(self: Fitted): TextForm | null {
  const accents = self.get("strip_accents") ?? null;
  if (accents !== null && accents !== "unicode" && accents !== "ascii")
    throw self.unsupported(
      "runs Python code of its own (`strip_accents`)",
      "fit it with strip_accents unicode or ascii",
    );
  const lowercase = self.boolean("lowercase");
  if (!lowercase && accents === null) return null;
  return { ...(lowercase ? { lowercase } : {}), ...(accents === null ? {} : { stripAccents: accents }) };
}

function tokensOf(self: Fitted): TokenPattern {
  const text = self.string("token_pattern");
  try {
    return tokenPattern(text);
  } catch (error) {
    if (!(error instanceof PatternUnsupported)) throw error;
    throw self.unsupported(
      `has the \`token_pattern\` ${text.slice(0, 100)}, which is not converted: ${error.message}`,
      "fit it with the default pattern, or one like \\b[a-z]{3,}\\b, \\w+ or [^,]+",
    );
  }
}

function stopWordsOf(self: Fitted): readonly string[] {
  const value = self.get("stop_words") ?? null;
  if (value === null) return [];
  if (value === "english") return englishStopWords;
  const items = textsOf(value);
  if (!items) throw self.invalid("has `stop_words` that are no list of texts");
  return items;
}

function textsOf(value: PyValue): string[] | null {
  const items =
    value instanceof PyList || value instanceof PyTuple || value instanceof PySet
      ? value.items
      : value instanceof PyDict
        ? value.entries.map(([key]) => key)
        : null;
  return items?.every((item) => typeof item === "string") ? (items as string[]) : null;
}
