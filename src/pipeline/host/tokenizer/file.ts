// A tokenizer.json, read with suspicion: what is not known by name is refused, and nothing in it can cost more than its size says.
import { IngotError, quoted } from "../../../core/index.ts";

/** 64 MiB: the largest vocabularies in use (250,000 pieces) take 17. */
const largestFile = 2 ** 26;
const mostTokens = 1_000_000;
/** Longest token, in UTF-16 units: longer ones would make every lookup as long. */
const longestToken = 512;
const mostParts = 32;

type Entry = Readonly<Record<string, unknown>>;

/** One part of a tokenizer (normalizer, pre-tokenizer, …), with its place in the file for errors. */
export class Part {
  readonly type: string;
  readonly where: string;
  readonly #entry: Entry;

  constructor(entry: unknown, where: string) {
    if (!isEntry(entry) || typeof entry["type"] !== "string")
      throw malformed(`${where} is no object with a \`type\``, where);
    this.#entry = entry;
    this.type = entry["type"];
    this.where = where;
  }

  get(name: string): unknown {
    return this.#entry[name] ?? null;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.get(name);
    if (value === null) return otherwise;
    if (typeof value === "boolean") return value;
    throw malformed(`\`${name}\` is not true or false`, this.where);
  }

  text(name: string, otherwise?: string): string {
    const value = this.get(name) ?? otherwise;
    if (typeof value === "string") return value;
    throw malformed(`\`${name}\` is no text`, this.where);
  }

  count(name: string, otherwise: number, most: number): number {
    const value = this.get(name) ?? otherwise;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
    throw malformed(`\`${name}\` is no whole number from 0 to ${most}`, this.where);
  }

  oneOf<Word extends string>(name: string, words: readonly Word[], otherwise: Word): Word {
    const value = String(this.get(name) ?? otherwise).toLowerCase();
    const found = words.find((word) => word.toLowerCase() === value);
    if (found) return found;
    throw malformed(`\`${name}\` is ${quoted(value)}, not one of ${words.join(", ")}`, this.where);
  }

  /** Parts inside this one. */
  list(name: string): Part[] {
    const items = this.get(name);
    if (!Array.isArray(items) || items.length > mostParts)
      throw malformed(`\`${name}\` is no list of at most ${mostParts} parts`, this.where);
    return items.map((item, at) => new Part(item, `${this.where}.${name}[${at}]`));
  }

  refuse(what: string): IngotError {
    return unsupported(what, this.where);
  }
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

export interface TokenizerFile {
  readonly json: Entry;
  readonly model: Part;
  readonly normalizer: Part | null;
  readonly preTokenizer: Part | null;
  readonly postProcessor: Part | null;
  readonly decoder: Part | null;
  readonly added: readonly AddedToken[];
  readonly padding: Entry | null;
  readonly truncation: Entry | null;
}

/** @throws IngotError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED, FILE_TOO_LARGE */
export function readTokenizer(bytes: Uint8Array, source: string): TokenizerFile {
  if (bytes.length > largestFile)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `a tokenizer of ${bytes.length} bytes, at most ${largestFile} are read`,
      where: source,
    });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new IngotError("TOKENIZER_INVALID", { what: "is not JSON in UTF-8", where: source, cause });
  }
  if (!isEntry(json)) throw malformed("is no JSON object", source);
  const part = (name: string) => (json[name] == null ? null : new Part(json[name], `${source}: ${name}`));
  const model = isEntry(json["model"]) ? new Part(withType(json["model"]), `${source}: model`) : null;
  if (!model) throw malformed("has no `model`", source);
  checkVocabulary(model);
  return {
    json: {
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      added_tokens: [],
      ...json,
      model: withType(json["model"] as Entry),
    },
    model,
    normalizer: part("normalizer"),
    preTokenizer: part("pre_tokenizer"),
    postProcessor: part("post_processor"),
    decoder: part("decoder"),
    added: addedTokens(json["added_tokens"] ?? [], source),
    padding: isEntry(json["padding"]) ? json["padding"] : null,
    truncation: isEntry(json["truncation"]) ? json["truncation"] : null,
  };
}

/** Files of old releases do not name the model's type. */
function withType(model: Entry): Entry {
  if (typeof model["type"] === "string") return model;
  const type = Array.isArray(model["vocab"]) ? "Unigram" : model["merges"] !== undefined ? "BPE" : "WordPiece";
  return { ...model, type };
}

function checkVocabulary(model: Part): void {
  const vocab = model.get("vocab");
  switch (model.type) {
    case "WordPiece":
    case "BPE":
      if (!isEntry(vocab)) throw malformed("`vocab` is no object", model.where);
      checkIds(Object.entries(vocab), model.where);
      break;
    case "Unigram":
      if (!Array.isArray(vocab)) throw malformed("`vocab` is no list", model.where);
      checkIds(
        vocab.map((pair, at) => [Array.isArray(pair) && typeof pair[1] === "number" ? pair[0] : null, at]),
        model.where,
      );
      break;
    default:
      throw model.refuse(`is a ${model.type}`);
  }
}

function checkIds(pairs: readonly (readonly [unknown, unknown])[], where: string): void {
  if (pairs.length > mostTokens) throw malformed(`${pairs.length} tokens, at most ${mostTokens} are read`, where);
  for (const [token, id] of pairs) {
    if (typeof token !== "string" || token.length > longestToken)
      throw malformed(`${quoted(String(token).slice(0, 40))} is no token of at most ${longestToken} characters`, where);
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= 4 * mostTokens)
      throw malformed(`token ${quoted(token)} has the id ${quoted(id)}`, where);
  }
}

function addedTokens(list: unknown, source: string): AddedToken[] {
  if (!Array.isArray(list) || list.length > mostTokens) throw malformed("`added_tokens` is no list", source);
  checkIds(
    list.map((token) => [isEntry(token) ? token["content"] : null, isEntry(token) ? token["id"] : null]),
    `${source}: added_tokens`,
  );
  return list.map((token: Entry) => {
    if (token["single_word"] === true)
      throw unsupported(
        `the token ${quoted(token["content"])} counts as a whole word only (\`single_word\`)`,
        `${source}: added_tokens`,
      );
    const special = token["special"] === true;
    return {
      id: token["id"] as number,
      content: token["content"] as string,
      lstrip: token["lstrip"] === true,
      rstrip: token["rstrip"] === true,
      normalized: (token["normalized"] ?? !special) === true,
      special,
    };
  });
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function malformed(what: string, where: string): IngotError {
  return new IngotError("TOKENIZER_INVALID", {
    what,
    where,
    fix: "save the tokenizer again with `tokenizer.save(...)`",
  });
}

export function unsupported(what: string, where: string): IngotError {
  return new IngotError("TOKENIZER_UNSUPPORTED", {
    what: `${what}, which is not known to give the same tokens here`,
    where,
    fix: "tokenize outside of the package and feed the model's inputs, or use another tokenizer",
  });
}
