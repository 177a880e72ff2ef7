// Texts as a model saw them when it was fitted: what str.lower and the removal of accents make of them. Done here because no operator of
// ONNX does it the same on every machine (StringNormalizer follows the locale). Rule: Python, Objects/unicodeobject.c, str.lower (full
// Unicode mapping, final sigma included), and sklearn/feature_extraction/text.py, _preprocess: lower case first, accents after.
import type { TextForm } from "../../core/index.ts";
import { combiningMarks } from "./combining_marks.ts";

// ASCII has no accents: the library looks no further either.
const isAscii = /^\p{ASCII}*$/u;

/** The text in that form; without one it stays as it is. */
export function textInForm(text: string, form: TextForm | undefined): string {
  if (!form) return text;
  const cased = form.lowercase ? text.toLowerCase() : text;
  if (!form.stripAccents || isAscii.test(cased)) return cased;
  const apart = Array.from(cased.normalize("NFKD"));
  const kept =
    form.stripAccents === "ascii"
      ? apart.filter((character) => character.codePointAt(0)! < 128)
      : apart.filter((character) => !combiningMarks.has(character.codePointAt(0)!));
  return kept.join("");
}
