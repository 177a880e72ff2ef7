// Hugging Face folders of text models: what `ingot init` writes packs and answers as the pipelines of transformers do. Fields that would
// change the numbers and have no step are refused by name.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { Store } from "../../src/oci/index.ts";
import { float32, GraphBuilder, int64, writeModel } from "../../src/onnx/index.ts";
import { initProject, openPackage, pack } from "../../src/package/index.ts";
import type { OutputRecord } from "../../src/runtime/index.ts";

const fixtures = path.join(import.meta.dirname, "../../fixtures/transformers");
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-huggingface-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Row {
  readonly text: string;
  readonly answer: unknown;
}

type Scores = readonly { readonly label: string; readonly score: number; readonly word?: string }[];

function copyOf(name: string): string {
  const folder = path.join(root, name);
  cpSync(path.join(fixtures, name), folder, { recursive: true });
  return folder;
}

function close(actual: unknown, expected: number): void {
  expect(Math.abs((actual as number) - expected)).toBeLessThanOrEqual(1e-5);
}

const stored = (name: string) =>
  JSON.parse(gunzipSync(readFileSync(path.join(fixtures, `${name}.json.gz`))).toString()) as Row[];

function byClass(record: OutputRecord, answer: Scores): void {
  const probabilities = record["probabilities"] as Record<string, number>;
  expect(Object.keys(probabilities).sort()).toEqual(answer.map(({ label }) => label).sort());
  for (const { label, score } of answer) close(probabilities[label], score);
}

test.each<[string, string[], (record: OutputRecord, answer: never) => void]>([
  [
    "sentiment",
    ["label", "probabilities"],
    (record, answer: Scores) => {
      byClass(record, answer);
      expect(record["label"]).toBe(answer[0]!.label);
    },
  ],
  ["topics", ["probabilities"], byClass],
  ["rating", ["value"], (record, answer: Scores) => close(record["value"], answer[0]!.score)],
  [
    "people",
    ["entities", "entities_labels", "entities_scores"],
    (record, answer: Scores) => {
      // What the tokenizer does not know is [UNK] here, and what stood in the text there.
      const texts = record["entities"] as string[];
      expect(texts.length).toBe(answer.length);
      for (const [at, text] of texts.entries()) {
        const { word = "" } = answer[at]!;
        const parts = text.split("[UNK]");
        if (parts.length === 1) expect(text).toBe(word);
        else expect(word.startsWith(parts[0]!) && word.endsWith(parts.at(-1)!)).toBe(true);
      }
      expect(record["entities_labels"]).toEqual(answer.map(({ label }) => label));
      for (const [at, { score }] of answer.entries()) close((record["entities_scores"] as number[])[at], score);
    },
  ],
  [
    "sentences",
    ["embedding"],
    (record, answer: readonly number[]) => {
      expect((record["embedding"] as number[]).length).toBe(answer.length);
      for (const [at, expected] of answer.entries()) close((record["embedding"] as number[])[at], expected);
    },
  ],
])("%s: answers as transformers, with what init wrote", async (name, outputs, compare) => {
  const folder = copyOf(name);
  await initProject(folder);
  const store = await Store.open(path.join(root, "store"));
  await pack(folder, store);
  const rows = stored(name);
  const predictor = await (await openPackage(name, store)).predictor();
  const answers = (await predictor.predict(rows.map(({ text }) => ({ text })))) as OutputRecord[];
  await predictor.close();
  expect(Object.keys(answers[0]!).sort()).toEqual(outputs);
  for (const [at, record] of answers.entries()) compare(record, rows[at]!.answer as never);
});

/** A folder whose settings files are changed: fields that are undefined are taken out. */
function changed(name: string, changes: Record<string, object | null>): string {
  const folder = copyOf(name);
  for (const [file, fields] of Object.entries(changes)) {
    const place = path.join(folder, file);
    if (fields === null) rmSync(place);
    else if (Array.isArray(fields)) writeFileSync(place, JSON.stringify(fields));
    else {
      const before = existsSync(place) ? JSON.parse(readFileSync(place, "utf8")) : {};
      writeFileSync(place, JSON.stringify({ ...before, ...fields }));
    }
  }
  return folder;
}

const tokenizer = "tokenizer_config.json";
const modules = (...kinds: string[]) =>
  kinds.map((kind, idx) => ({
    idx,
    path: idx === 0 ? "" : `${idx}_${kind}`,
    type: `sentence_transformers.models.${kind}`,
  }));

test.each<[string, string, Record<string, object | null>, RegExp]>([
  ["no tokenizer", "sentiment", { "tokenizer.json": null }, /nothing says how texts become tokens/],
  ["an unknown field", "sentiment", { [tokenizer]: { remove_vowels: true } }, /the field `remove_vowels` is not known/],
  ["an unknown value", "sentiment", { [tokenizer]: { padding_side: "up" } }, /the field `padding_side` has a value/],
  [
    "an unknown class",
    "sentiment",
    { [tokenizer]: { tokenizer_class: "TapasTokenizer" } },
    /class `TapasTokenizer` is/,
  ],
  ["case that disagrees", "sentiment", { [tokenizer]: { do_lower_case: false } }, /`do_lower_case` is false, where/],
  ["case by default", "people", { [tokenizer]: { do_lower_case: undefined } }, /`do_lower_case` is true, where/],
  [
    "a prefix that disagrees",
    "rating",
    { [tokenizer]: { add_prefix_space: true } },
    /`add_prefix_space` is true, where/,
  ],
  [
    "a token too many",
    "sentiment",
    { [tokenizer]: { bos_token: "[BOS]" } },
    /`bos_token` is "\[BOS\]", which is no added/,
  ],
  [
    "added tokens that disagree",
    "sentiment",
    { [tokenizer]: { added_tokens_decoder: { 4: { content: "[MASK]", lstrip: true, special: true } } } },
    /`added_tokens_decoder.4.lstrip` is true, in tokenizer.json it is false/,
  ],
  [
    "no length",
    "sentiment",
    { [tokenizer]: { model_max_length: 1e30 }, "config.json": { max_position_embeddings: undefined } },
    /the field `model_max_length` is missing/,
  ],
  ["an unknown problem", "sentiment", { "config.json": { problem_type: "ranking" } }, /`problem_type` has a value/],
  ["a cross-encoder", "sentiment", { "config.json": { sentence_transformers: {} } }, /field `sentence_transformers`/],
  ["labels that do not fit", "people", { "config.json": { id2label: { 0: "O" } } }, /1 labels for 5 logits/],
  [
    "a graph for another task",
    "sentiment",
    { "config.json": { architectures: ["BertModel"] } },
    /no output `last_hidden/,
  ],
  ["a module", "sentences", { "modules.json": modules("Transformer", "Pooling", "LSTM") }, /module `LSTM` has no step/],
  [
    "lost weights",
    "sentences",
    { "modules.json": modules("Transformer", "Pooling", "Dense") },
    /no weights of the module `D/,
  ],
  [
    "no Transformer",
    "sentences",
    { "modules.json": modules("CLIPModel") },
    /the first module is not the `Transformer`/,
  ],
  [
    "two poolings",
    "sentences",
    { "1_Pooling/config.json": { pooling_mode_max_tokens: true } },
    /it pools in 2 ways at once/,
  ],
  [
    "a pooling without a step",
    "sentences",
    { "1_Pooling/config.json": { pooling_mode_lasttoken: true } },
    /the field `pooling_mode_lasttoken` has a value that has no step/,
  ],
  [
    "a prompt before every text",
    "sentences",
    { "config_sentence_transformers.json": { default_prompt_name: "query" } },
    /the field `default_prompt_name` has a value that has no step/,
  ],
  ["no list", "sentences", { "modules.json": { a: 1 } }, /is no list/],
])("refuses %s", async (_name, fixture, changes, message) => {
  await expect(initProject(changed(fixture, changes), { dryRun: true })).rejects.toThrow(message);
});

test.each<[string, string, Record<string, object | null>, Record<string, unknown>]>([
  ["the model's positions", "sentiment", { [tokenizer]: { model_max_length: 1e30 } }, { max_length: 48 }],
  ["positions after the padding's", "rating", { [tokenizer]: { model_max_length: 1e30 } }, { max_length: 46 }],
  [
    "padding and cuts on the left",
    "sentiment",
    { [tokenizer]: { padding_side: "left", truncation_side: "left", pad_token: "[MASK]" } },
    { padding_side: "left", truncation_side: "left", pad_token: "[MASK]" },
  ],
  ["the length of sentences", "sentences", {}, { max_length: 32 }],
  [
    "the old name of their length",
    "sentiment",
    { [tokenizer]: { model_max_length: undefined, max_len: 20 } },
    { max_length: 20 },
  ],
  ["without modules", "sentences", { "modules.json": null }, { max_length: 48 }],
])("tokens by %s", async (_name, fixture, changes, expected) => {
  const { yaml } = await initProject(changed(fixture, changes), { dryRun: true });
  const { preprocess } = parse(yaml) as { preprocess: Record<string, object>[] };
  expect(preprocess.at(-1)!["tokenize"]).toMatchObject({ column: "text", tokenizer: "tokenizer.json", ...expected });
});

test("sentences: modules say what happens before and after", async () => {
  const changes = {
    "sentence_bert_config.json": { do_lower_case: true },
    "modules.json": modules("Transformer", "Pooling"),
    "1_Pooling/config.json": { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
  };
  const { yaml } = await initProject(changed("sentences", changes), { dryRun: true });
  const { preprocess, postprocess } = parse(yaml) as Record<string, unknown[]>;
  expect(preprocess![0]).toEqual({ clean_text: { columns: ["text"], trim: true, case: "lower" } });
  expect(postprocess).toEqual([
    { mean_pool: { column: "last_hidden_state", mask: "attention_mask", pooling: "first", as: "embedding" } },
    { drop: { columns: ["last_hidden_state"] } },
  ]);
});

/** `[N, 4]` ids to as many numbers: a graph of another export in the place of the folder's. */
function graphOf(folder: string, tokens: string | number, output: string, width: number): void {
  const g = new GraphBuilder("other");
  const ids = g.input("input_ids", "int64", ["N", tokens]);
  const sum = g.op("ReduceSum", [g.op("Cast", [ids], { to: 1 }), g.constant(int64([1]))], { keepdims: 1 });
  const ones = g.constant(float32(new Float32Array(width).fill(1), [1, width]), "ones");
  g.output(g.op("MatMul", [sum, ones]), output);
  writeFileSync(path.join(folder, "model.onnx"), writeModel(g.build()));
}

async function answerOf(folder: string): Promise<OutputRecord> {
  await initProject(folder);
  const store = await Store.open(path.join(root, "store"));
  await pack(folder, store);
  const predictor = await (await openPackage(path.basename(folder), store)).predictor();
  const [answer] = await predictor.predict([{ text: "her talk" }]);
  await predictor.close();
  return answer as OutputRecord;
}

test("sentences: a graph that pools by itself is taken as it is", async () => {
  const folder = changed("sentences", { "modules.json": modules("Transformer", "Pooling", "Dense", "Normalize") });
  graphOf(folder, "sequence", "sentence_embedding", 4);
  expect(await answerOf(folder)).toEqual({ embedding: [0.5, 0.5, 0.5, 0.5] });
});

test("sentiment: a graph for rows of one length, labels that nobody named", async () => {
  const folder = changed("sentiment", { "config.json": { id2label: undefined } });
  graphOf(folder, 12, "logits", 2);
  expect(await answerOf(folder)).toEqual({ label: "LABEL_0", probabilities: { LABEL_0: 0.5, LABEL_1: 0.5 } });
});
