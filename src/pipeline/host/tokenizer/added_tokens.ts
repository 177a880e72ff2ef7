// Tokens that are found in the text before anything else. Rule: tokenizers/src/tokenizer/added_vocabulary.rs: the leftmost, of those the
// longest; lstrip and rstrip take the white space beside them.
import { trimEnd, trimStart } from "./characters.ts";
import type { AddedToken } from "./file.ts";

interface Node {
  readonly next: Map<string, Node>;
  token?: AddedToken;
}

export class AddedTokens {
  readonly #root: Node = { next: new Map() };
  readonly #isEmpty: boolean;

  /** @param spelling how each token looks in the texts that are searched */
  constructor(tokens: readonly AddedToken[], spelling: (token: AddedToken) => string) {
    let count = 0;
    for (const token of tokens) {
      const text = spelling(token);
      if (text === "") continue;
      count++;
      let node = this.#root;
      for (const unit of text) {
        const next: Node = node.next.get(unit) ?? { next: new Map() };
        node.next.set(unit, next);
        node = next;
      }
      node.token ??= token;
    }
    this.#isEmpty = count === 0;
  }

  /** Tokens, and the texts between them with where they begin. */
  split(text: string): (AddedToken | { readonly text: string; readonly at: number })[] {
    if (this.#isEmpty || text === "") return text === "" ? [] : [{ text, at: 0 }];
    const found: { token: AddedToken; start: number; end: number }[] = [];
    const units = Array.from(text);
    for (let i = 0, at = 0; i < units.length; ) {
      const match = this.#longest(units, i);
      if (!match) {
        at += units[i++]!.length;
        continue;
      }
      let end = at;
      for (let k = 0; k < match.length; k++) end += units[i + k]!.length;
      found.push({ token: match.token, start: at, end });
      i += match.length;
      at = end;
    }
    return this.#cut(text, found);
  }

  #cut(text: string, found: readonly { token: AddedToken; start: number; end: number }[]) {
    const parts: (AddedToken | { text: string; at: number })[] = [];
    let from = 0;
    const keep = (until: number) => {
      if (until > from) parts.push({ text: text.slice(from, until), at: from });
    };
    for (const { token, start, end } of found) {
      keep(token.lstrip ? Math.max(from, trimEnd(text.slice(0, start)).length) : start);
      parts.push(token);
      from = token.rstrip ? text.length - trimStart(text.slice(end)).length : end;
    }
    keep(text.length);
    return parts;
  }

  #longest(units: readonly string[], start: number): { token: AddedToken; length: number } | null {
    let node: Node | undefined = this.#root;
    let best: { token: AddedToken; length: number } | null = null;
    for (let i = start; i < units.length; i++) {
      node = node.next.get(units[i]!);
      if (!node) break;
      if (node.token) best = { token: node.token, length: i - start + 1 };
    }
    return best;
  }
}
