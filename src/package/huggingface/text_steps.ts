// Texts to what the graph of a text model reads.

import { type HuggingFaceFolder, type ImportedProject, unsupported } from "./task.ts";
import { tokenizerSettings } from "./tokenizer_settings.ts";

const ids = "input_ids";
const read = new Set([ids, "attention_mask", "token_type_ids"]);
/** Longest row that `tokenize` makes. */
const mostTokens = 2 ** 17;
/** Their positions are counted from after the padding token's id. */
const countsFromPadding = new Set(["roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet"]);

export interface TextRules {
  /** Most tokens of a row, where another file than the tokenizer's says it. */
  readonly maxLength?: number | undefined;
  /** Before the tokenizer. */
  readonly clean?: Readonly<Record<string, unknown>>;
}

/** The input and the steps before the model. @throws IngotError MODEL_UNSUPPORTED naming the file and the field */
export async function textSteps(
  folder: HuggingFaceFolder,
  rules: TextRules = {},
): Promise<Pick<ImportedProject, "inputs" | "preprocess">> {
  const { inputs } = folder.schema;
  const other = inputs.find(({ name }) => !read.has(name));
  if (other)
    throw unsupported(
      folder.model,
      `the graph reads \`${other.name}\`, which no tokenizer makes`,
      "export it with `input_ids`, `attention_mask` and `token_type_ids` as its only inputs",
    );
  const found = inputs.find(({ name }) => name === ids);
  if (!found) throw unsupported(folder.model, `the graph has no input \`${ids}\``);
  const length = (found.layout === "whole" ? found.shape.slice(1) : found.shape)[0];
  const settings = await tokenizerSettings(folder);
  const longest = rules.maxLength ?? longestOf(folder, settings.maxLength);
  if (typeof length === "number" && length > longest)
    throw unsupported(folder.model, `the graph reads ${length} tokens, the tokenizer makes at most ${longest}`);
  const max_length = Math.min(typeof length === "number" ? length : longest, mostTokens);
  const { padToken, paddingSide, truncationSide } = settings;
  return {
    inputs: { text: { type: "string" } },
    preprocess: [
      ...(rules.clean ? [{ clean_text: { columns: ["text"], ...rules.clean } }] : []),
      {
        tokenize: {
          column: "text",
          tokenizer: "tokenizer.json",
          max_length,
          ...(truncationSide === "left" ? { truncation_side: "left" } : {}),
          ...(typeof length === "number" ? { padding: "max_length" } : {}),
          padding_side: paddingSide,
          ...(padToken === null ? {} : { pad_token: padToken }),
        },
      },
    ],
  };
}

/** Of the tokenizer's length and the model's positions the smaller. */
function longestOf({ config }: HuggingFaceFolder, tokenizer: number | null): number {
  const positions = config["max_position_embeddings"];
  const padding = countsFromPadding.has(String(config["model_type"])) ? Number(config["pad_token_id"] ?? 1) + 1 : 0;
  const model = typeof positions === "number" && positions > padding ? positions - padding : Number.POSITIVE_INFINITY;
  const longest = Math.min(tokenizer ?? Number.POSITIVE_INFINITY, model);
  if (Number.isFinite(longest)) return longest;
  throw unsupported(
    "tokenizer_config.json",
    "the field `model_max_length` is missing: nothing says how many tokens the model takes",
  );
}

/** Labels, where they are as many as the graph's scores. @throws IngotError MODEL_UNSUPPORTED */
export function scoresOf(folder: HuggingFaceFolder, labels: readonly string[], axes: number): { others: string[] } {
  const logits = folder.schema.outputs.find(({ name }) => name === "logits");
  if (!logits) throw unsupported(folder.model, "the graph has no output `logits`");
  const shape = logits.layout === "whole" ? logits.shape.slice(1) : logits.shape;
  if (shape.length !== axes)
    throw unsupported(folder.model, `\`logits\` has ${shape.length + 1} axes, where ${axes + 1} were expected`);
  const width = shape.at(-1);
  if (typeof width === "number" && width !== labels.length)
    throw unsupported("config.json", `\`id2label\` has ${labels.length} labels for ${width} logits`);
  const others = folder.schema.outputs.filter(({ name }) => name !== "logits").map(({ name }) => name);
  return { others };
}
