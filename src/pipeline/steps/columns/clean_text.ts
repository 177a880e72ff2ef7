import { z } from "zod";
import { step } from "../../step.ts";

/** Single characters, escapes, classes and their quantifiers; no groups, look-around or references: those can take exponential time. */
const plainPattern =
  /^(?:[^\\()[\]{}*+?|^$]|\\[\\.()[\]{}*+?|^$sSdDwW-]|\\[pP]\{[A-Za-z_=]{1,40}\}|\[\^?(?:[^\\[\]]|\\[\\\]^sSdDwW-]|\\[pP]\{[A-Za-z_=]{1,40}\})+\]|[*+?^$|]|\{\d{1,3}(?:,\d{0,3})?\})+$/u;

export const cleanText = step({
  name: "clean_text",
  about: "Texts in one form: Unicode normal form, case, patterns replaced, surrounding space removed; on the host",
  family: "texts",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns of texts"),
    normalize: z.enum(["NFC", "NFD", "NFKC", "NFKD", "none"]).default("none").describe("Unicode normal form"),
    case: z.enum(["lower", "upper", "keep"]).default("keep").describe("Full Unicode mapping, after the normal form"),
    replace: z
      .array(z.strictObject({ pattern: z.string().min(1).max(500), with: z.string().max(500) }))
      .max(50)
      .default([])
      .describe(
        "Every match of a pattern by a text, in order: characters, classes, \\s \\d \\w \\p{L}, quantifiers, | ^ $, no groups",
      ),
    trim: z.boolean().default(false).describe("Remove space at both ends, at last"),
  }),
  example:
    "clean_text: { columns: [city], normalize: NFKC, case: lower, trim: true, replace: [{ pattern: '\\s+', with: ' ' }] }",
  reference: "pandas.Series.str",
  plan({ columns: names, ...settings }, frame) {
    const columns = frame.select(names);
    const wrong = columns.find(({ dtype, shape, isBytes }) => dtype !== "string" || shape.length > 0 || isBytes);
    if (wrong) throw frame.refuse(`column \`${wrong.name}\` is not one text per record`, { option: "columns" });
    settings.replace.forEach(({ pattern }, at) => {
      const unbounded = pattern.match(/(?<!\\)[*+]|,\}/g)?.length ?? 0;
      if (!plainPattern.test(pattern) || unbounded > 2 || !isPattern(pattern))
        throw frame.refuse(`the pattern ${JSON.stringify(pattern)} is not among those that are quick for every text`, {
          option: ["replace", at, "pattern"],
          fix: "use characters, classes and quantifiers, with at most two `*` or `+`, and no groups",
        });
    });
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ categories: _, ...column }) => column),
      host: { kind: "clean_text", settings: { columns: columns.map(({ name }) => name), ...settings } },
    };
  },
});

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, "gu") instanceof RegExp;
  } catch {
    return false;
  }
}
