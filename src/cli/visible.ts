// Names and texts of foreign files on a terminal: they may hold characters that move the cursor, clear the screen or turn the line around.

/** Control characters but newline and tab, separators of lines, and what turns the direction of writing. */
const unseen = /[[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]--[\n\t]]/gv;
const breaks = /[\n\t]/g;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** What would not be seen as a character is written `\u001b`, which leaves JSON the same document. */
export function visible(text: string): string {
  return text.replace(unseen, escaped);
}

/** The same for a text that must stay in its line, such as the name of a file. */
export function inOneLine(text: string): string {
  return visible(text).replace(breaks, (character) => (character === "\n" ? "\\n" : "\\t"));
}
