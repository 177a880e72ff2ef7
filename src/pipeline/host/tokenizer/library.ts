// What is used of @huggingface/tokenizers: its models and decoders. Its own types do not resolve under Node's rules for modules.
import * as library from "@huggingface/tokenizers";

export interface LibraryModel {
  /** Tokens of pieces; what is not in `tokens_to_ids` is unknown. */
  (pieces: readonly string[]): string[];
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly unk_token_id?: number | null;
  readonly unk_token?: string;
}

export interface LibraryDecoder {
  (tokens: readonly string[]): string;
  /** Of a Sequence. */
  readonly decoders?: readonly LibraryDecoder[];
  /** Of those that put bytes together. */
  text_decoder?: { decode(bytes: Uint8Array): string };
}

export interface LibraryTokenizer {
  readonly model: LibraryModel;
  readonly decoder: LibraryDecoder | null;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

interface Library {
  readonly Tokenizer: new (
    json: unknown,
    config: { readonly clean_up_tokenization_spaces: boolean },
  ) => LibraryTokenizer;
  readonly SplitPreTokenizer: new (part: unknown) => { readonly pattern: RegExp | null };
}

const { Tokenizer, SplitPreTokenizer } = library as unknown as Library;

/** @throws Error with the library's own words */
export function libraryTokenizer(json: unknown): LibraryTokenizer {
  const tokenizer = new Tokenizer(json, { clean_up_tokenization_spaces: false });
  for (const decoder of [tokenizer.decoder, ...(tokenizer.decoder?.decoders ?? [])])
    if (decoder?.text_decoder) decoder.text_decoder = { decode: textOfBytes };
  return tokenizer;
}

/** Oniguruma's expression as JavaScript's. @throws SyntaxError */
export function jsPattern(expression: string): RegExp | null {
  return new SplitPreTokenizer({ type: "Split", pattern: { Regex: expression }, behavior: "Isolated", invert: false })
    .pattern;
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** String::from_utf8_lossy: a byte order mark is a character like any other. */
function textOfBytes(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}
