// Operators on texts: com.microsoft Tokenizer and MurmurHash3, RegexFullMatch. Patterns are RE2's; those that mean the same in JavaScript
// are run, the rest is refused.
import type { Tensor } from "../tensor.ts";
import { allocate, given, type NodeAttributes, type Operator, unsupported, writable } from "./kernel.ts";
import { murmur3 } from "./murmur3.ts";

/** What RE2 and JavaScript read differently: ASCII-only classes beside Unicode ones, anchors, flags, look-around, lazy quantifiers. */
const differs = /\\[bBAzZsSwWdDCQEpP](?!\{(?:L|N|P|S|Lu|Ll|Nd)\})|[*+?}]\?|\(\?(?!:)|[$^](?![^[]*\])|\\x\{|\[\[:/;

function expressionOf(pattern: string, flags: string): RegExp {
  if (differs.test(pattern.replaceAll(/\\\\|\[\^/g, "__")))
    throw unsupported(`regular expression \`${pattern.slice(0, 80)}\``);
  try {
    return new RegExp(pattern, flags);
  } catch {
    throw unsupported(`regular expression \`${pattern.slice(0, 80)}\``);
  }
}

/** The longest of the leftmost matches is what RE2 finds here; a pattern whose choices exclude one another has no other. */
const tokenizer: Operator = (attributes) => {
  const marks = attributes.int("mark", 0) === 0 ? 0 : 2;
  const padding = attributes.text("pad_value", "");
  const shortest = attributes.int("mincharnum", 1);
  const split = splitterOf(attributes);
  return (inputs) => {
    const input = given(inputs, 0);
    const lists = (input.data as readonly string[]).map((text) => {
      const tokens = split(text).filter((token) => token.length >= shortest || Array.from(token).length >= shortest);
      return marks > 0 ? ["\u0002", ...tokens, "\u0003"] : tokens;
    });
    // Where no text has a token there are no marks either.
    const isEmpty = lists.every((list) => list.length <= marks);
    const longest = isEmpty ? 0 : lists.reduce((most, list) => Math.max(most, list.length), 0);
    const dims = [...input.dims, longest];
    const data = allocate("string", dims);
    const out = writable(data);
    let at = 0;
    for (const list of lists) for (let i = 0; i < longest; i++) out[at++] = list[i] ?? padding;
    return [{ dtype: "string", dims, data }];
  };
};

function splitterOf(attributes: NodeAttributes): (text: string) => string[] {
  const separators = attributes.texts("separators");
  if (separators) {
    if (separators.length === 1 && separators[0] === "") return (text) => Array.from(text);
    throw unsupported("Tokenizer with separators");
  }
  const expression = expressionOf(attributes.text("tokenexp", ""), "gu");
  return (text) => (text.match(expression) ?? []).filter((token) => token !== "");
}

const regexFullMatch: Operator = (attributes) => {
  const expression = expressionOf(attributes.text("pattern", ""), "u");
  const whole = new RegExp(`^(?:${expression.source})$`, "u");
  return (inputs) => {
    const input = given(inputs, 0);
    const data = allocate("bool", input.dims);
    const out = writable(data);
    (input.data as readonly string[]).forEach((text, i) => {
      out[i] = whole.test(text) ? 1 : 0;
    });
    return [{ dtype: "bool", dims: input.dims, data }];
  };
};

const encoder = new TextEncoder();

const murmurHash3: Operator = (attributes) => {
  const isPositive = attributes.int("positive", 1) === 1;
  const seed = attributes.int("seed", 0);
  return (inputs) => {
    const input = given(inputs, 0);
    if (input.dtype !== "string") throw unsupported(`MurmurHash3 of ${input.dtype}`);
    const dtype = isPositive ? "uint32" : "int32";
    const data = allocate(dtype, input.dims);
    const out = writable(data);
    (input.data as readonly string[]).forEach((text, i) => {
      const hash = murmur3(encoder.encode(text), seed);
      out[i] = isPositive ? hash >>> 0 : hash;
    });
    return [{ dtype, dims: input.dims, data } satisfies Tensor];
  };
};

export const text: Readonly<Record<string, Operator>> = { RegexFullMatch: regexFullMatch };
export const microsoft: Readonly<Record<string, Operator>> = { Tokenizer: tokenizer, MurmurHash3: murmurHash3 };
