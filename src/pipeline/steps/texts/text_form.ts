import { z } from "zod";
import { step } from "../../step.ts";

const options = z.strictObject({
  columns: z.array(z.string()).min(1).describe("Columns of texts"),
  lowercase: z.boolean().default(true).describe("Full Unicode lower case, as Python's str.lower"),
  strip_accents: z
    .enum(["unicode", "ascii"])
    .optional()
    .describe("`unicode` leaves combining characters out of the NFKD form, `ascii` all that is not ASCII"),
});

export const textForm = step({
  name: "text_form",
  about: "Texts as a vectorizer saw them when it was fitted: lower case, without accents; on the host",
  family: "texts",
  options,
  example: "text_form: { columns: [text], strip_accents: unicode }",
  reference: "sklearn.feature_extraction.text.CountVectorizer(lowercase, strip_accents)",
  plan({ columns: names, lowercase, strip_accents }, frame) {
    const columns = frame.select(names);
    const wrong = columns.find(({ dtype, shape, isBytes }) => dtype !== "string" || shape.length > 0 || isBytes);
    if (wrong) throw frame.refuse(`column \`${wrong.name}\` is not one text per record`, { option: "columns" });
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ categories: _, ...column }) => column),
      host: { kind: "text_form", settings: { lowercase, stripAccents: strip_accents ?? null } },
    };
  },
});
