// How sequences and special tokens make one row of ids. Rules: tokenizers/src/processors/{template,bert,roberta}.rs. Written here: the
// JavaScript library takes special tokens by name, and counts the second text of RoBERTa as type 1.
import { malformed, type Part } from "./file.ts";

/** One element of a row: the first or second text, or tokens. */
type Item =
  | { readonly text: 0 | 1; readonly type: number }
  | { readonly ids: readonly number[]; readonly type: number };

export interface Template {
  readonly single: readonly Item[];
  readonly pair: readonly Item[];
}

export interface Row {
  readonly ids: number[];
  readonly types: number[];
  /** Whether the token came from the template and not from a text. */
  readonly isSpecial: boolean[];
}

const plain: Template = {
  single: [{ text: 0, type: 0 }],
  pair: [
    { text: 0, type: 0 },
    { text: 1, type: 1 },
  ],
};

/** @throws IngotError TOKENIZER_UNSUPPORTED naming the part */
export function templateOf(part: Part | null): Template {
  if (part === null) return plain;
  switch (part.type) {
    // It moves offsets only.
    case "ByteLevel":
      return plain;
    case "TemplateProcessing":
      return { single: items(part, "single"), pair: items(part, "pair") };
    case "BertProcessing": {
      const [start, end] = [special(part, "cls"), special(part, "sep")];
      const single: Item[] = [
        { ids: [start], type: 0 },
        { text: 0, type: 0 },
        { ids: [end], type: 0 },
      ];
      return { single, pair: [...single, { text: 1, type: 1 }, { ids: [end], type: 1 }] };
    }
    case "RobertaProcessing": {
      const [start, end] = [special(part, "cls"), special(part, "sep")];
      const single: Item[] = [
        { ids: [start], type: 0 },
        { text: 0, type: 0 },
        { ids: [end], type: 0 },
      ];
      return { single, pair: [...single, { ids: [end], type: 0 }, { text: 1, type: 0 }, { ids: [end], type: 0 }] };
    }
    case "Sequence": {
      const shaping = part.list("processors").filter(({ type }) => type !== "ByteLevel");
      if (shaping.length > 1) throw part.refuse("processes rows more than once");
      return templateOf(shaping[0] ?? null);
    }
    default:
      throw part.refuse(`processes rows by ${part.type}`);
  }
}

export function rowOf(template: readonly Item[], texts: readonly (readonly number[])[], addSpecial: boolean): Row {
  const row: Row = { ids: [], types: [], isSpecial: [] };
  for (const item of template) {
    const isSpecial = "ids" in item;
    if (isSpecial && !addSpecial) continue;
    for (const id of isSpecial ? item.ids : texts[item.text]!) {
      row.ids.push(id);
      row.types.push(item.type);
      row.isSpecial.push(isSpecial);
    }
  }
  return row;
}

export function specialCount(template: readonly Item[]): number {
  return template.reduce((count, item) => count + ("ids" in item ? item.ids.length : 0), 0);
}

const mostItems = 64;

function items(part: Part, name: string): Item[] {
  const list = part.get(name);
  const specials = (part.get("special_tokens") ?? {}) as Readonly<Record<string, { ids?: unknown }>>;
  if (!Array.isArray(list) || list.length > mostItems)
    throw malformed(`\`${name}\` is no list of at most ${mostItems}`, part.where);
  return list.map((item): Item => {
    const sequence = item?.Sequence;
    if (sequence) {
      if (sequence.id === "B" && name === "single") throw malformed("one text is a row of two", part.where);
      return { text: sequence.id === "B" ? 1 : 0, type: typeOf(sequence.type_id, part) };
    }
    const token = item?.SpecialToken;
    const ids = Object.hasOwn(specials, String(token?.id)) ? specials[token.id]!.ids : undefined;
    if (!Array.isArray(ids) || ids.length > mostItems || !ids.every((id) => Number.isInteger(id) && id >= 0))
      throw malformed(`\`${name}\` holds a token that \`special_tokens\` does not know`, part.where);
    return { ids, type: typeOf(token.type_id, part) };
  });
}

function typeOf(value: unknown, part: Part): number {
  if (Number.isInteger(value) && (value as number) >= 0) return value as number;
  throw malformed("a `type_id` is no whole number", part.where);
}

function special(part: Part, name: string): number {
  const pair = part.get(name);
  const id: unknown = Array.isArray(pair) ? pair[1] : null;
  if (Number.isInteger(id) && (id as number) >= 0) return id as number;
  throw malformed(`\`${name}\` is no token with its id`, part.where);
}
