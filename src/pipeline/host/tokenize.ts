// Texts to rows of token ids, padded to the longest of the batch: what models of the transformer family read.
import { z } from "zod";
import { IngotError } from "../../core/index.ts";
import { int64, type Tensor } from "../../onnx/index.ts";
import type { HostColumn, HostKind, HostResult } from "../host.ts";
import { hostSettings, recordRefused } from "./settings.ts";
import { Encoder } from "./tokenizer/encoder.ts";
import { readTokenizer, type TokenizerFile } from "./tokenizer/file.ts";
import type { Row } from "./tokenizer/templates.ts";
import { TextRefused } from "./tokenizer/text_refused.ts";

export const tokenizeSettings = z.strictObject({
  tokenizer: z.string(),
  columns: z.array(z.string()).min(1).max(2),
  maxLength: z
    .int()
    .min(1)
    .max(2 ** 17),
  truncate: z.enum(["longest_first", "only_first", "only_second", "refuse"]),
  side: z.enum(["right", "left"]),
  padding: z.enum(["longest", "max_length"]),
  padToMultipleOf: z.int().min(1).max(1024),
  padToken: z.string().nullable(),
  padSide: z.enum(["right", "left"]).nullable(),
  addSpecial: z.boolean(),
});
type Settings = z.infer<typeof tokenizeSettings>;

/** Ids of a batch that are padded alike: 32 MB for each of the three tensors. Beyond that each row grows to a power of two only. */
const mostTogether = 2 ** 22;

export const tokenize: HostKind = {
  kind: "tokenize",
  async open(given, read) {
    const settings = hostSettings(tokenizeSettings, given, "tokenize");
    const file = readTokenizer(await read(settings.tokenizer), settings.tokenizer);
    const encoder = new Encoder(file);
    const pad = paddingOf(file, encoder, settings);
    const special = settings.addSpecial ? encoder.specialCount(settings.columns.length === 2) : 0;
    if (special >= settings.maxLength)
      throw new IngotError("PIPELINE_INVALID", {
        what: `\`tokenize\`: \`max_length\` ${settings.maxLength} leaves no room beside ${special} special tokens`,
      });
    return {
      run(columns, rows) {
        const encoded = Array.from({ length: rows }, (_, row) => encodedRow(encoder, settings, columns, row));
        return padded(encoded, settings, pad);
      },
    };
  },
};

function encodedRow(
  encoder: Encoder,
  settings: Settings,
  columns: readonly HostColumn[],
  row: number,
): Row | IngotError {
  const texts = columns.map((column) => column[row]);
  const missing = texts.findIndex((text) => typeof text !== "string");
  if (missing !== -1) return recordRefused(settings.columns[missing]!, "is no text, and a tokenizer reads texts only");
  const { addSpecial, maxLength, side, truncate } = settings;
  try {
    const [text, pair = null] = texts as string[];
    if (truncate !== "refuse") return encoder.encode(text!, pair, { addSpecial, maxLength, side, truncate });
    const whole = encoder.encode(text!, pair, { addSpecial, maxLength: null, side, truncate: "longest_first" });
    if (whole.ids.length <= maxLength) return whole;
    return recordRefused(settings.columns[0]!, `makes ${whole.ids.length} tokens, at most ${maxLength} are taken`);
  } catch (error) {
    if (!(error instanceof TextRefused)) throw error;
    return recordRefused(settings.columns[0]!, error.message);
  }
}

interface Padding {
  readonly id: number;
  readonly type: number;
  readonly side: "right" | "left";
}

function padded(rows: readonly (Row | IngotError)[], settings: Settings, pad: Padding): HostResult[] {
  const multiple = settings.padToMultipleOf;
  const upTo = (length: number) => Math.ceil(Math.max(length, 1) / multiple) * multiple;
  const lengths = rows.map((row) => (row instanceof IngotError ? 0 : row.ids.length));
  const longest = upTo(settings.padding === "max_length" ? settings.maxLength : Math.max(0, ...lengths));
  const isLarge = settings.padding === "longest" && longest * rows.length > mostTogether;
  return rows.map((row, at) => {
    if (row instanceof IngotError) return row;
    const length = isLarge ? Math.min(longest, upTo(2 ** Math.ceil(Math.log2(Math.max(lengths[at]!, 1))))) : longest;
    const fill = (values: readonly number[], filler: number): Tensor => {
      const more = new Array<number>(length - values.length).fill(filler);
      return int64(pad.side === "right" ? [...values, ...more] : [...more, ...values]);
    };
    return [fill(row.ids, pad.id), fill(new Array<number>(row.ids.length).fill(1), 0), fill(row.types, pad.type)];
  });
}

/** The step's own words, then the file's, then the names that padding goes by. @throws IngotError PIPELINE_INVALID */
function paddingOf({ padding }: TokenizerFile, encoder: Encoder, settings: Settings): Padding {
  const direction = String(padding?.["direction"] ?? "Right").toLowerCase() === "left" ? "left" : "right";
  const side = settings.padSide ?? direction;
  const type = Number.isInteger(padding?.["pad_type_id"]) ? (padding!["pad_type_id"] as number) : 0;
  if (settings.padToken === null && Number.isInteger(padding?.["pad_id"]))
    return { id: padding!["pad_id"] as number, type, side };
  const names =
    settings.padToken === null ? ["[PAD]", "<pad>", "<|pad|>", "<|endoftext|>", "</s>"] : [settings.padToken];
  const id = names.map((name) => encoder.idOf(name)).find((found) => found !== undefined);
  if (id === undefined)
    throw new IngotError("PIPELINE_INVALID", {
      what: `\`tokenize\`: the tokenizer has no token ${names.join(" or ")} to pad with`,
      where: settings.tokenizer,
      fix: "name one: `pad_token: …`",
    });
  return { id, type, side };
}
