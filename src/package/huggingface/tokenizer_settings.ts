// tokenizer_config.json beside tokenizer.json: which of its fields say how texts are cut and padded, which change nothing, and where it and
// tokenizer.json disagree. Rules from transformers/tokenization_utils_fast.py and the tokenizers of the models: on loading, transformers
// changes what tokenizer.json says where tokenizer_config.json says otherwise. Such a folder is refused, since its tokens are in no file.
import { z } from "zod";
import { type HuggingFaceFolder, unsupported } from "./task.ts";

const file = "tokenizer_config.json";
const tokens = "tokenizer.json";

const tokenFlags = ["lstrip", "rstrip", "normalized", "single_word", "special"] as const;
const token = z.union([
  z.string(),
  z
    .looseObject({ content: z.string(), __type: z.literal("AddedToken").optional() })
    .transform(({ content }) => content),
]);
const side = z.enum(["right", "left"]);

/** Every field that is understood; any other is refused by name. */
const fields = z.strictObject({
  tokenizer_class: z.string().nullish(),
  model_max_length: z.number().positive().nullish(),
  /** Its name in old files. */
  max_len: z.number().positive().nullish(),
  padding_side: side.optional(),
  truncation_side: side.optional(),
  // Compared with tokenizer.json.
  added_tokens_decoder: z.record(z.string(), z.looseObject({ content: z.string() })).default({}),
  additional_special_tokens: z.array(token).nullish(),
  bos_token: token.nullish(),
  cls_token: token.nullish(),
  eos_token: token.nullish(),
  mask_token: token.nullish(),
  pad_token: token.nullish(),
  sep_token: token.nullish(),
  unk_token: token.nullish(),
  do_lower_case: z.boolean().optional(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().optional(),
  add_prefix_space: z.boolean().nullish(),
  // Understood with one value only.
  pad_token_type_id: z.literal(0).optional(),
  split_by_punct: z.literal(false).optional(),
  sp_model_kwargs: z.strictObject({}).optional(),
  init_inputs: z.tuple([]).optional(),
  extra_special_tokens: z.union([z.strictObject({}), z.tuple([])]).optional(),
  // What does not change the ids of a text: names of files and classes, the slow tokenizers' own settings, what each call says anew, and
  // how ids become text.
  name_or_path: z.string().optional(),
  processor_class: z.string().nullish(),
  special_tokens_map_file: z.string().nullish(),
  tokenizer_file: z.string().nullish(),
  backend: z.string().optional(),
  is_local: z.boolean().optional(),
  local_files_only: z.boolean().optional(),
  use_fast: z.boolean().optional(),
  from_slow: z.boolean().optional(),
  do_basic_tokenize: z.boolean().optional(),
  never_split: z.array(z.string()).nullish(),
  keep_accents: z.boolean().nullish(),
  remove_space: z.boolean().optional(),
  vocab_type: z.string().optional(),
  max_length: z.number().nullish(),
  stride: z.number().optional(),
  truncation_strategy: z.string().optional(),
  pad_to_multiple_of: z.number().nullish(),
  model_input_names: z.array(z.string()).optional(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
  errors: z.string().optional(),
  trim_offsets: z.boolean().optional(),
  chat_template: z.unknown().optional(),
});
type Fields = z.infer<typeof fields>;
type Entry = Readonly<Record<string, unknown>>;

/** Classes that change the normalizer by `do_lower_case`, `strip_accents`, `tokenize_chinese_chars`. */
const likeBert = new Set(["bert", "distilbert", "electra", "mpnet"]);
/** Classes that change the pre-tokenizer by `add_prefix_space`. */
const likeRoberta = new Set(["roberta"]);
/** Classes that take tokenizer.json as it is. */
const asWritten = new Set(["albert", "camembert", "debertav2", "xlmroberta", "pretrained", "tokenizersbackend"]);

export interface TokenizerSettings {
  /** Most tokens of a row, where the file says it. */
  readonly maxLength: number | null;
  readonly padToken: string | null;
  readonly paddingSide: "right" | "left";
  readonly truncationSide: "right" | "left";
}

/** @throws IngotError MODEL_UNSUPPORTED naming the file and the field */
export async function tokenizerSettings(folder: HuggingFaceFolder): Promise<TokenizerSettings> {
  const written = await folder.read(tokens);
  if (!written)
    throw unsupported(
      tokens,
      "the folder has none: nothing says how texts become tokens",
      "save the fast tokenizer: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)",
    );
  const parsed = fields.safeParse((await folder.read(file)) ?? {});
  if (!parsed.success) throw fieldProblem(parsed.error.issues[0]!);
  const own = parsed.data;
  checkClass(folder, own, written);
  checkTokens(own, written);
  const directionOf = (name: string) =>
    String(entry(written[name])["direction"] ?? "Right").toLowerCase() === "left" ? "left" : "right";
  // transformers writes 1e30 where nothing is known.
  const longest = own.model_max_length ?? own.max_len ?? null;
  return {
    maxLength: longest === null || longest > 2 ** 30 ? null : Math.trunc(longest),
    padToken: own.pad_token ?? null,
    paddingSide: own.padding_side ?? directionOf("padding"),
    truncationSide: own.truncation_side ?? directionOf("truncation"),
  };
}

function fieldProblem(issue: z.core.$ZodIssue): Error {
  if (issue.code === "unrecognized_keys" && issue.path.length === 0)
    return unsupported(file, `the field \`${issue.keys[0]}\` is not known`);
  return unsupported(
    file,
    `the field \`${issue.path.join(".")}\` has a value that is not known: ${issue.message.toLowerCase()}`,
  );
}

function entry(value: unknown): Entry {
  return typeof value === "object" && value !== null ? (value as Entry) : {};
}

/** What the class makes of the file when it is loaded. */
function checkClass(folder: HuggingFaceFolder, own: Fields, written: Entry): void {
  const named = own.tokenizer_class ?? String(folder.config["tokenizer_class"] ?? folder.config["model_type"] ?? "");
  const kind = named
    .replace(/(Tokenizer)?(Fast)?$/, "")
    .toLowerCase()
    .replace(/[-_]/g, "");
  const part = (name: string) => entry(written[name]);
  if (likeBert.has(kind)) {
    const { type, lowercase, strip_accents: accents, handle_chinese_chars: chinese } = part("normalizer");
    if (type !== "BertNormalizer") return;
    agree("do_lower_case", own.do_lower_case ?? true, lowercase);
    agree("strip_accents", own.strip_accents ?? null, accents ?? null);
    agree("tokenize_chinese_chars", own.tokenize_chinese_chars ?? true, chinese);
  } else if (likeRoberta.has(kind)) {
    const { type, add_prefix_space: prefixes } = part("pre_tokenizer");
    if (type === "ByteLevel") agree("add_prefix_space", own.add_prefix_space ?? false, prefixes);
  } else if (!asWritten.has(kind)) throw unsupported(file, `the tokenizer class \`${named || "?"}\` is not known`);
}

function agree(field: string, said: unknown, written: unknown): void {
  if (said === written) return;
  throw unsupported(
    file,
    `\`${field}\` is ${said}, where ${tokens} was written with ${written}: transformers changes the tokenizer on loading`,
    "save it as it is used: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)",
  );
}

/** Tokens that transformers would add to those of tokenizer.json. */
function checkTokens(own: Fields, written: Entry): void {
  const list = Array.isArray(written["added_tokens"]) ? written["added_tokens"].map(entry) : [];
  const refuse = (what: string) =>
    unsupported(
      file,
      `${what}: transformers adds it on loading`,
      "save it as it is used: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)",
    );
  for (const [id, said] of Object.entries(own.added_tokens_decoder)) {
    const found = list.find((added) => added["id"] === Number(id));
    if (found?.["content"] !== said.content)
      throw refuse(`\`added_tokens_decoder\` has ${JSON.stringify(said.content)} as ${id}, ${tokens} has not`);
    const flag = tokenFlags.find((name) => (said[name] ?? false) !== (found[name] ?? false));
    if (flag)
      throw refuse(`\`added_tokens_decoder.${id}.${flag}\` is ${said[flag]}, in ${tokens} it is ${found[flag]}`);
  }
  const { bos_token, cls_token, eos_token, mask_token, pad_token, sep_token, unk_token } = own;
  const named = { bos_token, cls_token, eos_token, mask_token, pad_token, sep_token, unk_token };
  const special = [
    ...Object.entries(named),
    ...(own.additional_special_tokens ?? []).map((content) => ["additional_special_tokens", content] as const),
  ];
  for (const [field, content] of special)
    if (content != null && !list.some((added) => added["content"] === content))
      throw refuse(`\`${field}\` is ${JSON.stringify(content)}, which is no added token of ${tokens}`);
}
