// Simple numbers of a text. Rule: Python, unicodedata.category of each character; words are runs of \w.
import { z } from "zod";
import { float64, int64 } from "../../../onnx/index.ts";
import { missingText } from "../../emission.ts";
import type { Column } from "../../step.ts";
import { step } from "../../step.ts";
import { spaces, wordCharacters } from "../../terms/characters.ts";
import { isBlank, tokenRows } from "../../terms/terms.ts";
import { isMissing, textColumn } from "./tfidf.ts";

/** What is counted, as RE2 and JavaScript read it alike. */
const patterns = {
  characters: "[^\\x00]",
  words: `${wordCharacters.source}+`,
  letters: "[\\p{L}]",
  upper: "[\\p{Lu}]",
  // U+0295 has been a lower-case letter up to Unicode 15; newer engines call it caseless.
  lower: "[\\p{Ll}ʕ]",
  digits: "[\\p{Nd}]",
  punctuation: "[\\p{P}]",
  symbols: "[\\p{S}]",
  spaces: spaces.source,
  lines: "[^\\n]+",
} as const;
type Feature = keyof typeof patterns;
const names = Object.keys(patterns) as [Feature, ...Feature[]];

const options = z.strictObject({
  column: z.string().describe("The text"),
  count: z
    .array(z.enum(names))
    .min(1)
    .describe(
      "What is counted: characters (code points), words, letters, upper, lower, digits, punctuation, symbols, spaces, lines that are not empty",
    ),
  prefix: z.string().optional().describe("Results are called `<prefix>_<what>`; default: the column's name"),
});

export const textFeatures = step({
  name: "text_features",
  about: "Counts of characters, words and kinds of characters in a text",
  family: "texts",
  options,
  example: "text_features: { column: text, count: [characters, words, upper] }",
  reference: "unicodedata.category",
  plan({ column: name, count, prefix = name }, frame) {
    const column = textColumn(frame, name);
    const problem = { column: name, what: "is missing, and only texts have counts" };
    return {
      reads: [name],
      writes: count.map(
        (what): Column => ({ name: `${prefix}_${what}`, dtype: "float64", shape: [], missing: false, type: "int" }),
      ),
      emit([text], { g, reject }) {
        if (column.missing) reject(isMissing(g, text!), problem);
        const rows = g.op("Unsqueeze", [text!, g.constant(int64([1]))]);
        return count.map((what) => {
          const found = g.op("Cast", [g.op("Not", [isBlank(g, tokenRows(g, rows, patterns[what]))])], { to: 11 });
          const sum = g.op("ReduceSum", [found, g.constant(int64([1]))], { keepdims: 1 });
          // Of an empty batch the axis stays whole.
          const first = g.op("Slice", [sum, g.constant(int64([0])), g.constant(int64([1])), g.constant(int64([1]))]);
          return g.op("Squeeze", [first, g.constant(int64([1]))]);
        });
      },
      evaluate([text], rows, { reject }) {
        const texts = text!.data as string[];
        for (let row = 0; row < rows; row++) if (column.missing && texts[row] === missingText) reject(row, problem);
        return count.map((what) => {
          const pattern = new RegExp(patterns[what], "gu");
          return float64(texts.map((one) => one.match(pattern)?.length ?? 0));
        });
      },
    };
  },
});
