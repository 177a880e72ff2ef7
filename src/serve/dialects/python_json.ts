// JSON as Python writes and reads it: NaN, Infinity and -Infinity stand bare. For dialects whose clients are Python programs.
// Rule: Python, Lib/json, `allow_nan`; tensorflow/serving, g3doc/api_rest.md, "JSON conformance".
import { readJson, writeJson } from "../../runtime/index.ts";

const words: readonly (readonly [word: string, value: number])[] = [
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];
/** What stands for a bare word while JSON.parse looks at the text. It begins with NUL, which no input takes in a text. */
const marks = new Map(words.map(([word, value]) => [`\u0000${word}`, value]));

/**
 * Like `readJson`; bare NaN and infinities become the numbers they name. Texts stay texts: `"NaN"` is one.
 * @throws IngotError JSON_MALFORMED
 */
export function readPythonJson(text: string, where: string): unknown {
  if (!text.includes("NaN") && !text.includes("Infinity")) return readJson(text, where);
  const marked = withMarks(text);
  return marked === text ? readJson(text, where) : unmarked(readJson(marked, where));
}

/** The text with every bare word turned into a string, in one pass. */
function withMarks(text: string): string {
  let marked = "";
  let copied = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inText) {
      if (character === "\\") i++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "N" || character === "I" || character === "-") {
      const [word] = words.find(([candidate]) => text.startsWith(candidate, i)) ?? [];
      if (word === undefined) continue;
      marked += `${text.slice(copied, i)}"\\u0000${word}"`;
      copied = i + word.length;
      i = copied - 1;
    }
  }
  return copied === 0 ? text : marked + text.slice(copied);
}

/** The reader has bounded how deep this goes. */
function unmarked(value: unknown): unknown {
  if (typeof value === "string") return marks.get(value) ?? value;
  if (typeof value !== "object" || value === null) return value;
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    const member = members[key];
    const plain = unmarked(member);
    if (plain !== member) Object.defineProperty(members, key, { value: plain });
  }
  return value;
}

/** Like `writeJson`, with NaN and infinities bare; where there are none, the text is plain JSON. */
export function writePythonJson(value: unknown): string {
  return writeJson(value, "bare");
}
