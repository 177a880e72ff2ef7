// A tokenizer at work: text to ids and back. Models (WordPiece, BPE, Unigram) and decoders are @huggingface/tokenizers'; what stands around
// them is in this folder. The same in Node and in a browser.
import { quoted } from "../../../core/index.ts";
import { AddedTokens } from "./added_tokens.ts";
import { type AddedToken, malformed, type TokenizerFile } from "./file.ts";
import { type LibraryTokenizer, libraryTokenizer } from "./library.ts";
import { type Normalizer, normalizerOf } from "./normalizers.ts";
import { type PreTokenizer, preTokenizerOf } from "./pre_tokenizers.ts";
import { type Row, rowOf, specialCount, type Template, templateOf } from "./templates.ts";
import { TextRefused } from "./text_refused.ts";

export interface EncodeOptions {
  readonly addSpecial: boolean;
  /** Most ids of a row, special tokens included. */
  readonly maxLength: number | null;
  readonly truncate: "longest_first" | "only_first" | "only_second";
  readonly side: "right" | "left";
}

/** Longest text, in UTF-16 units. */
const longestText = 2 ** 17;
/** Longest piece that a model of pieces with scores looks through: its lattice has a node for each piece at each place. */
const longestUnigram = 2 ** 14;
const longestUnigramToken = 128;
const longestWord = 1000;

export class Encoder {
  readonly #library: LibraryTokenizer;
  readonly #normalize: Normalizer;
  readonly #preTokenize: PreTokenizer;
  readonly #template: Template;
  readonly #raw: AddedTokens;
  readonly #normalized: AddedTokens;
  readonly #specialIds: ReadonlySet<number>;
  readonly #byteFallback: boolean;
  readonly #isUnigram: boolean;
  readonly #fusesUnknown: boolean;

  /** @throws IngotError TOKENIZER_UNSUPPORTED, TOKENIZER_INVALID */
  constructor(file: TokenizerFile) {
    checkModel(file);
    this.#isUnigram = file.model.type === "Unigram";
    this.#byteFallback = this.#isUnigram && file.model.flag("byte_fallback", false);
    this.#fusesUnknown = file.model.type === "BPE" && file.model.flag("fuse_unk", false);
    this.#normalize = normalizerOf(file.normalizer);
    this.#preTokenize = preTokenizerOf(file.preTokenizer);
    this.#template = templateOf(file.postProcessor);
    try {
      const only = { ...file.json, normalizer: null, pre_tokenizer: null, post_processor: null };
      this.#library = libraryTokenizer(only);
    } catch (cause) {
      throw malformed(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, file.model.where);
    }
    const raw = file.added.filter(({ normalized }) => !normalized);
    this.#raw = new AddedTokens(raw, ({ content }) => content);
    this.#normalized = new AddedTokens(
      file.added.filter(({ normalized }) => normalized),
      ({ content }) => this.#normalize(content),
    );
    this.#specialIds = new Set(file.added.filter(({ special }) => special).map(({ id }) => id));
  }

  idOf(token: string): number | undefined {
    return this.#library.token_to_id(token);
  }

  isSpecial(id: number): boolean {
    return this.#specialIds.has(id);
  }

  isUnknown(id: number): boolean {
    return this.#library.model.unk_token_id === id;
  }

  /** Special tokens of a row, with one text or two. */
  specialCount(isPair: boolean): number {
    return specialCount(isPair ? this.#template.pair : this.#template.single);
  }

  /** @throws TextRefused */
  encode(text: string, pair: string | null, options: EncodeOptions): Row {
    const { addSpecial, maxLength } = options;
    const template = pair === null ? this.#template.single : this.#template.pair;
    const texts = [text, ...(pair === null ? [] : [pair])].map((each) => this.#ids(each));
    if (maxLength === null) return rowOf(template, texts, addSpecial);
    const room = maxLength - (addSpecial ? specialCount(template) : 0);
    return rowOf(template, truncated(texts, Math.max(room, 0), options), addSpecial);
  }

  /** @param ids those that no token has are left out, as in the library */
  decode(ids: readonly number[], skipSpecial: boolean): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = skipSpecial && this.#specialIds.has(id) ? undefined : this.#library.id_to_token(id);
      if (token !== undefined) tokens.push(token);
    }
    const { decoder } = this.#library;
    return decoder ? decoder(tokens) : tokens.join(" ");
  }

  #ids(text: string): number[] {
    if (text.length > longestText)
      throw new TextRefused(`is ${text.length} characters long, at most ${longestText} are tokenized`);
    const ids: number[] = [];
    for (const part of this.#raw.split(text)) {
      if (isToken(part)) {
        ids.push(part.id);
        continue;
      }
      const isFirst = part.at === 0;
      for (const inner of this.#normalized.split(this.#normalize(part.text))) {
        if (isToken(inner)) ids.push(inner.id);
        else
          for (const { text: piece } of this.#preTokenize([{ text: inner.text, isStart: isFirst && inner.at === 0 }])) {
            if (piece !== "") this.#push(ids, piece);
          }
      }
    }
    return ids;
  }

  #push(ids: number[], piece: string): void {
    if (this.#isUnigram && piece.length > longestUnigram)
      throw new TextRefused(
        `holds ${piece.length} characters that are not cut apart, at most ${longestUnigram} are tokenized`,
      );
    const model = this.#library.model;
    let wasUnknown = false;
    for (const token of model([piece])) {
      const id = model.tokens_to_ids.get(token);
      if (id !== undefined && token !== model.unk_token) {
        ids.push(id);
        wasUnknown = false;
        continue;
      }
      const bytes = this.#byteFallback ? bytesOf(token).map((byte) => model.tokens_to_ids.get(byte)) : [undefined];
      if (bytes.every((byte) => byte !== undefined)) {
        ids.push(...(bytes as number[]));
        wasUnknown = false;
        continue;
      }
      if (model.unk_token_id === undefined || model.unk_token_id === null)
        throw new TextRefused(`holds ${quoted(token)}, which is no token, and the tokenizer has none for unknown ones`);
      // Neighbours that are unknown are one; a Unigram model has joined them itself.
      if (!(wasUnknown && this.#fusesUnknown)) ids.push(model.unk_token_id);
      wasUnknown = true;
    }
  }
}

function isToken(part: AddedToken | { readonly text: string }): part is AddedToken {
  return "id" in part;
}

function bytesOf(text: string): string[] {
  return Array.from(encoder.encode(text), (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
}

const encoder = new TextEncoder();

/** Rule: tokenizers/src/utils/truncation.rs, truncate_encodings. */
function truncated(texts: readonly number[][], room: number, { truncate, side }: EncodeOptions): number[][] {
  const lengths = texts.map(({ length }) => length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total <= room) return [...texts];
  const cut = (ids: number[], length: number) =>
    side === "right" ? ids.slice(0, length) : ids.slice(ids.length - length);
  if (texts.length === 1) return [cut(texts[0]!, room)];
  const [first, second] = texts as [number[], number[]];
  if (truncate !== "longest_first") {
    const [target, other] = truncate === "only_first" ? [first, second] : [second, first];
    const left = room - other.length;
    if (left <= 0)
      throw new TextRefused(
        `and its pair make ${total} tokens; ${room} have room, and only the ${truncate === "only_first" ? "first" : "second"} may be cut`,
      );
    const short = cut(target, left);
    return truncate === "only_first" ? [short, second] : [first, short];
  }
  const swaps = first.length > second.length;
  let [short, long] = swaps ? [second.length, first.length] : [first.length, second.length];
  long = short > room ? short : Math.max(short, room - short);
  if (short + long > room) {
    short = Math.floor(room / 2);
    long = short + (room % 2);
  }
  return swaps ? [cut(first, long), cut(second, short)] : [cut(first, short), cut(second, long)];
}

/** What the library would compute in another way, or not at all. */
function checkModel({ model }: TokenizerFile): void {
  const isEmpty = (name: string) => (model.get(name) ?? "") === "";
  switch (model.type) {
    case "WordPiece":
      model.count("max_input_chars_per_word", 100, longestWord);
      model.text("continuing_subword_prefix", "##");
      if (typeof model.get("unk_token") !== "string") throw malformed("has no `unk_token`", model.where);
      break;
    case "BPE": {
      if ((model.get("dropout") ?? 0) !== 0) throw model.refuse("drops merges at random (`dropout`)");
      if (!isEmpty("continuing_subword_prefix")) throw model.refuse("has a `continuing_subword_prefix`");
      checkMerges(model.get("merges"), model.get("vocab") as Readonly<Record<string, number>>, model.where);
      break;
    }
    case "Unigram": {
      const vocab = model.get("vocab") as readonly (readonly [string, number])[];
      const long = vocab.find(([token]) => token.length > longestUnigramToken);
      if (long) throw model.refuse(`has a piece of ${long[0].length} characters`);
      const unknown = model.get("unk_id");
      if (!(Number.isInteger(unknown) && (unknown as number) >= 0 && (unknown as number) < vocab.length))
        throw model.refuse("has no piece for unknown characters (`unk_id`)");
    }
  }
}

function checkMerges(merges: unknown, vocab: Readonly<Record<string, number>>, where: string): void {
  if (!Array.isArray(merges) || merges.length > 4_000_000) throw malformed("`merges` is no list", where);
  for (const merge of merges) {
    const parts: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    const isMerge =
      Array.isArray(parts) &&
      parts.length === 2 &&
      parts.every((part) => typeof part === "string" && Object.hasOwn(vocab, part));
    if (!isMerge || !Object.hasOwn(vocab, parts[0] + parts[1]))
      throw malformed(`${quoted(String(merge).slice(0, 40))} merges what is not in \`vocab\``, where);
  }
}
