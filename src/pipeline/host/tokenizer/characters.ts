// Classes of characters as Rust and its crates know them, which Hugging Face's tokenizers ask: JavaScript's own \s and trim differ (U+FEFF, U+0085).

/** char::is_whitespace: the property White_Space. */
export const whiteSpace = /\p{White_Space}/u;
export const whiteSpaces = /\p{White_Space}+/gu;

/** char::is_ascii_punctuation, and the categories P*. */
export const punctuation = "\\p{P}\\u0021-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u007E";

/** char::to_lowercase of each character by itself: no final sigma. */
export function lowerEach(text: string): string {
  const lower = text.toLowerCase();
  // Only the final sigma looks at its neighbours.
  return lower.includes("ς") ? Array.from(text, (character) => character.toLowerCase()).join("") : lower;
}

export function trimStart(text: string): string {
  return text.replace(/^\p{White_Space}+/u, "");
}

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && whiteSpace.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}
