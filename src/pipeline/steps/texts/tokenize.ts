import { z } from "zod";
import type { Column } from "../../step.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("The text"),
  pair: z.string().optional().describe("A second text, for models that compare two"),
  tokenizer: z.string().default("tokenizer.json").describe("File of Hugging Face's `tokenizers`, beside ingot.yaml"),
  max_length: z
    .int()
    .min(1)
    .max(2 ** 17)
    .describe("Most tokens of a row, special ones included"),
  truncate: z
    .enum(["longest_first", "only_first", "only_second", "refuse"])
    .default("longest_first")
    .describe("What is cut where there are more; `refuse` refuses the record"),
  truncation_side: z.enum(["right", "left"]).default("right").describe("Which end is cut"),
  padding: z
    .enum(["longest", "max_length"])
    .default("longest")
    .describe(
      "Rows grow to the longest of the batch, or always to `max_length`: an answer then never depends on its neighbours",
    ),
  padding_side: z.enum(["right", "left"]).optional().describe("Default: as the file says, else right"),
  pad_token: z.string().optional().describe("Default: as the file says, else [PAD], <pad>, <|endoftext|> or </s>"),
  pad_to_multiple_of: z.int().min(1).max(1024).default(1).describe("Lengths are multiples of it"),
  special_tokens: z
    .boolean()
    .default(true)
    .describe("Whether the file's template ([CLS] … [SEP]) is put around the text"),
  ids: z.string().min(1).default("input_ids").describe("Name of the result with the ids, int64 [tokens]"),
  mask: z.string().min(1).default("attention_mask").describe("Name of the result that is 1 at tokens and 0 at padding"),
  types: z
    .string()
    .min(1)
    .default("token_type_ids")
    .describe("Name of the result that tells first and second text apart"),
});

export const tokenize = step({
  name: "tokenize",
  about:
    "Text to token ids by a Hugging Face tokenizer.json (WordPiece, BPE, Unigram); on the host, the same in Node and in browsers",
  family: "texts",
  options,
  example: "tokenize: { column: text, tokenizer: tokenizer.json, max_length: 128 }",
  reference: "tokenizers.Tokenizer.encode",
  files: ({ tokenizer }) => [tokenizer],
  plan(given, frame) {
    const texts = [given.column, ...(given.pair === undefined ? [] : [given.pair])].map((name) => frame.column(name));
    const wrong = texts.find(({ dtype, shape, isBytes }) => dtype !== "string" || shape.length > 0 || isBytes);
    if (wrong) throw frame.refuse(`column \`${wrong.name}\` is not one text per record`, { option: "column" });
    if (given.pair === undefined && (given.truncate === "only_first" || given.truncate === "only_second"))
      throw frame.refuse(`\`truncate: ${given.truncate}\` needs a \`pair\``, { option: "truncate" });
    const names = [given.ids, given.mask, given.types];
    if (new Set(names).size < names.length) throw frame.refuse("calls two results the same", { option: "ids" });
    return {
      reads: texts.map(({ name }) => name),
      writes: names.map((name): Column => ({ name, dtype: "int64", shape: ["tokens"], missing: false })),
      host: {
        kind: "tokenize",
        settings: {
          tokenizer: given.tokenizer,
          columns: texts.map(({ name }) => name),
          maxLength: given.max_length,
          truncate: given.truncate,
          side: given.truncation_side,
          padding: given.padding,
          padToMultipleOf: given.pad_to_multiple_of,
          padToken: given.pad_token ?? null,
          padSide: given.padding_side ?? null,
          addSpecial: given.special_tokens,
        },
        files: [given.tokenizer],
      },
    };
  },
});
