// Texts cleaned up: Unicode's normal form, case, patterns, surrounding space, in this order. JavaScript's rules are Unicode's, the same everywhere.
import { z } from "zod";
import { missingText } from "../emission.ts";
import type { HostKind } from "../host.ts";
import { hostSettings, recordRefused } from "./settings.ts";

export const cleanTextSettings = z.strictObject({
  columns: z.array(z.string()),
  normalize: z.enum(["NFC", "NFD", "NFKC", "NFKD", "none"]),
  case: z.enum(["lower", "upper", "keep"]),
  replace: z.array(z.strictObject({ pattern: z.string().min(1).max(500), with: z.string().max(500) })).max(50),
  trim: z.boolean(),
});
export type CleanText = z.infer<typeof cleanTextSettings>;

/** Patterns are tried at every place of a text: longer ones would take long. */
export const longestText = 65_536;

export function cleaned(text: string, { normalize, case: wanted, replace, trim }: CleanText): string {
  let clean = normalize === "none" ? text : text.normalize(normalize);
  if (wanted !== "keep") clean = wanted === "lower" ? clean.toLowerCase() : clean.toUpperCase();
  for (const { pattern, with: by } of replace) clean = clean.replace(new RegExp(pattern, "gu"), () => by);
  return trim ? clean.trim() : clean;
}

export const cleanTextKind: HostKind = {
  kind: "clean_text",
  async open(given) {
    const settings = hostSettings(cleanTextSettings, given, "clean_text");
    return {
      run: (columns, rows) =>
        Array.from({ length: rows }, (_, row) => {
          const results = [];
          for (const [at, column] of columns.entries()) {
            const text = column[row];
            if (typeof text === "string" && text.length > longestText)
              return recordRefused(
                settings.columns[at]!,
                `holds ${text.length} characters, at most ${longestText} are cleaned`,
              );
            const data = [typeof text === "string" ? cleaned(text, settings) : missingText];
            results.push({ dtype: "string" as const, dims: [], data });
          }
          return results;
        }),
    };
  },
};
