// What models of the transformer family say of tokens, back to texts.
import { z } from "zod";
import type { Frame } from "../../step.ts";
import { step } from "../../step.ts";

const file = z.string().default("tokenizer.json").describe("The tokenizer that made the ids");

function idsColumn(frame: Frame, name: string, option: string): void {
  const { dtype, shape } = frame.column(name);
  if ((dtype !== "int64" && dtype !== "int32") || shape.length !== 1)
    throw frame.refuse(`column \`${name}\` is not [tokens] whole numbers per record`, { option });
}

export const decodeTokens = step({
  name: "decode_tokens",
  about: "Token ids back to text; on the host, last",
  family: "texts",
  options: z.strictObject({
    column: z.string().describe("Token ids"),
    tokenizer: file,
    skip_special: z.boolean().default(true).describe("Whether special tokens ([CLS], </s>) are left out"),
    as: z.string().min(1).default("text").describe("Name of the result"),
  }),
  example: "decode_tokens: { column: ids, tokenizer: tokenizer.json }",
  reference: "tokenizers.Tokenizer.decode",
  files: ({ tokenizer }) => [tokenizer],
  plan({ column, tokenizer, skip_special, as }, frame) {
    idsColumn(frame, column, "column");
    return {
      reads: [column],
      writes: [{ name: as, dtype: "string", shape: [], missing: false }],
      drops: [column],
      host: { kind: "decode_tokens", settings: { tokenizer, skipSpecial: skip_special }, files: [tokenizer] },
    };
  },
});

export const entities = step({
  name: "entities",
  about: "Probabilities of each token's label to entities with their texts, labels and scores; on the host, last",
  family: "texts",
  options: z.strictObject({
    column: z.string().describe("Probabilities [tokens, labels]"),
    ids: z.string().default("input_ids").describe("Token ids"),
    mask: z.string().default("attention_mask").describe("1 at tokens, 0 at padding"),
    tokenizer: file,
    labels: z
      .array(z.string())
      .min(1)
      .optional()
      .describe("Names of the labels (O, B-PER, I-PER, …); default: those of the column"),
    ignore: z.array(z.string()).default(["O"]).describe("Labels that are no entity"),
    as: z
      .string()
      .min(1)
      .default("entities")
      .describe("Name of the texts; labels and scores are called after it: entities_labels, entities_scores"),
  }),
  example: "entities: { column: probabilities, labels: [O, B-PER, I-PER] }",
  reference: "transformers.TokenClassificationPipeline",
  files: ({ tokenizer }) => [tokenizer],
  plan({ column: name, ids, mask, tokenizer, labels: given, ignore, as }, frame) {
    const column = frame.column(name);
    const labels = given ?? column.classes;
    if (!column.dtype.startsWith("float") || column.shape.length !== 2)
      throw frame.refuse(`column \`${name}\` is not [tokens, labels] per record`, { option: "column" });
    if (!labels) throw frame.refuse(`column \`${name}\` has no names of labels`, { option: "labels" });
    const size = column.shape[1];
    if (typeof size === "number" && size !== labels.length)
      throw frame.refuse(`names ${labels.length} labels where column \`${name}\` has ${size}`, { option: "labels" });
    idsColumn(frame, ids, "ids");
    idsColumn(frame, mask, "mask");
    const list = { shape: [null], missing: false } as const;
    return {
      reads: [name, ids, mask],
      writes: [
        { name: as, dtype: "string", ...list },
        { name: `${as}_labels`, dtype: "string", ...list },
        { name: `${as}_scores`, dtype: "float64", ...list },
      ],
      drops: [name],
      host: { kind: "entities", settings: { tokenizer, labels: [...labels], ignore: [...ignore] }, files: [tokenizer] },
    };
  },
});
