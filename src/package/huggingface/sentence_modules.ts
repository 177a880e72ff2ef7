// modules.json of sentence-transformers: what happens to a text before and after the model. Rules from sentence_transformers/models/*.py.
import { z } from "zod";
import { type HuggingFaceFolder, unsupported } from "./task.ts";

const modules = z.array(z.looseObject({ path: z.string(), type: z.string() })).max(32);

/** Every field that is understood; any other is refused by name. */
const files = {
  "sentence_bert_config.json": z.strictObject({
    max_seq_length: z.int().positive().nullish(),
    do_lower_case: z.boolean().default(false),
  }),
  "config_sentence_transformers.json": z.strictObject({
    // Put before texts only where the caller names one.
    prompts: z.record(z.string(), z.string().nullable()).optional(),
    default_prompt_name: z.null().optional(),
    // How embeddings are compared, and who wrote the file.
    similarity_fn_name: z.string().nullish(),
    model_type: z.literal("SentenceTransformer").optional(),
    __version__: z.unknown().optional(),
  }),
} as const;

const pooling = z.strictObject({
  pooling_mode_cls_token: z.boolean().default(false),
  pooling_mode_mean_tokens: z.boolean().default(false),
  pooling_mode_max_tokens: z.boolean().default(false),
  pooling_mode_mean_sqrt_len_tokens: z.literal(false).optional(),
  pooling_mode_weightedmean_tokens: z.literal(false).optional(),
  pooling_mode_lasttoken: z.literal(false).optional(),
  pooling_mode: z.enum(["cls", "mean", "max"]).optional(),
  // Which are in the graph's shapes, and what counts only where a prompt stands before the text.
  word_embedding_dimension: z.int().optional(),
  embedding_dimension: z.int().optional(),
  include_prompt: z.boolean().optional(),
});

export interface SentenceModules {
  readonly maxLength?: number | undefined;
  readonly isLowercase: boolean;
  readonly pooling: "mean" | "first" | "max";
  readonly isNormalized: boolean;
  /** Modules with weights of their own, which are in the graph or nowhere. */
  readonly weighted: readonly string[];
}

/** null where the folder has none. @throws IngotError MODEL_UNSUPPORTED naming the file and the field */
export async function sentenceModules(folder: HuggingFaceFolder): Promise<SentenceModules | null> {
  const listed = await folder.readList("modules.json");
  if (!listed) return null;
  const [first, pool, ...others] = parsed("modules.json", modules, listed).map(({ path, type }) => ({
    path,
    kind: /^sentence_transformers\.(?:[\w.]+\.)?(\w+)$/.exec(type)?.[1] ?? type,
  }));
  if (first?.kind !== "Transformer" || first.path !== "")
    throw unsupported("modules.json", "the first module is not the `Transformer` of this folder");
  if (pool?.kind !== "Pooling") throw unsupported("modules.json", "the second module is not `Pooling`");
  const unknown = others.find(({ kind }) => kind !== "Normalize" && kind !== "Dense");
  if (unknown) throw unsupported("modules.json", `the module \`${unknown.kind}\` has no step`);
  const last = others.findIndex(({ kind }) => kind === "Normalize");
  if (last !== -1 && last < others.length - 1) throw unsupported("modules.json", "a module stands after `Normalize`");
  const texts = parsed(
    "sentence_bert_config.json",
    files["sentence_bert_config.json"],
    await folder.read("sentence_bert_config.json"),
  );
  const whole = "config_sentence_transformers.json";
  parsed(whole, files[whole], await folder.read(whole));
  if (!/^[\w.-]+$/.test(pool.path) || /^\.+$/.test(pool.path))
    throw unsupported("modules.json", "the path of `Pooling` is no folder beside it");
  return {
    maxLength: texts.max_seq_length ?? undefined,
    isLowercase: texts.do_lower_case,
    pooling: await poolingOf(folder, `${pool.path}/config.json`),
    isNormalized: last !== -1,
    weighted: others.filter(({ kind }) => kind === "Dense").map(({ kind }) => kind),
  };
}

async function poolingOf(folder: HuggingFaceFolder, file: string): Promise<"mean" | "first" | "max"> {
  const given = await folder.read(file);
  if (!given) throw unsupported(file, "the folder has none: nothing says how vectors of tokens become one");
  const own = parsed(file, pooling, given);
  const modes = {
    first: own.pooling_mode_cls_token || own.pooling_mode === "cls",
    mean: own.pooling_mode_mean_tokens || own.pooling_mode === "mean",
    max: own.pooling_mode_max_tokens || own.pooling_mode === "max",
  };
  const [mode, ...more] = (["first", "mean", "max"] as const).filter((name) => modes[name]);
  if (!mode) throw unsupported(file, "it names no way of pooling");
  if (more.length > 0) throw unsupported(file, `it pools in ${more.length + 1} ways at once, which has no step`);
  return mode;
}

function parsed<Form extends z.ZodType>(file: string, form: Form, given: unknown): z.infer<Form> {
  const result = form.safeParse(given ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === "unrecognized_keys") throw unsupported(file, `the field \`${issue.keys[0]}\` is not known`);
  throw unsupported(
    file,
    `the field \`${issue.path.join(".")}\` has a value that has no step: ${issue.message.toLowerCase()}`,
  );
}
