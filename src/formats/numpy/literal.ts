// Python literals as .npy headers hold them: text, integers, booleans, None, tuples, lists and dicts. Never evaluated.
import { PyDict, PyList, PyTuple, type PyValue } from "../python/values.ts";

const deepest = 20;

/** The value of a literal; null for `None`, undefined where the text is no such literal. */
export function parseLiteral(text: string): PyValue | undefined {
  const parser = new LiteralParser(text);
  const value = parser.value(0);
  return value !== undefined && parser.atEnd() ? value : undefined;
}

class LiteralParser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  atEnd(): boolean {
    this.space();
    return this.at === this.text.length;
  }

  value(depth: number): PyValue | undefined {
    if (depth > deepest) return undefined;
    this.space();
    switch (this.text[this.at]) {
      case "(": {
        const items = this.items(")", depth);
        if (!items) return undefined;
        // `(x)` is x, `(x,)` is a tuple.
        return items.values.length === 1 && !items.comma ? items.values[0] : new PyTuple(items.values);
      }
      case "[": {
        const items = this.items("]", depth);
        const list = new PyList();
        if (items) for (const item of items.values) list.items.push(item);
        return items && list;
      }
      case "{":
        return this.dict(depth);
      default:
        for (const read of [this.integer, this.word, this.string]) {
          const value: PyValue | undefined = read.call(this);
          if (value !== undefined) return value;
        }
        return undefined;
    }
  }

  private items(close: string, depth: number): { values: PyValue[]; comma: boolean } | undefined {
    this.at++;
    const values: PyValue[] = [];
    for (let comma = true; ; ) {
      if (this.take(close)) return { values, comma: comma && values.length > 0 };
      if (!comma) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      values.push(value);
      comma = this.take(",");
    }
  }

  private dict(depth: number): PyDict | undefined {
    this.at++;
    const dict = new PyDict();
    for (let comma = true; ; ) {
      if (this.take("}")) return dict;
      if (!comma) return undefined;
      const key = this.value(depth + 1);
      if (key === undefined || !this.take(":")) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      dict.entries.push([key, value]);
      comma = this.take(",");
    }
  }

  private integer(): number | undefined {
    return this.match(/-?\d{1,15}/y, Number);
  }

  private word(): PyValue | undefined {
    const word = this.match(/True|False|None/y, String);
    return word === undefined ? undefined : word === "None" ? null : word === "True";
  }

  private string(): string | undefined {
    const literal = this.match(/[ubB]?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/y, String);
    const body = literal?.replace(/^[ubB]/, "").slice(1, -1);
    if (body === undefined) return undefined;
    return body.replace(
      /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g,
      (whole, hex: string | undefined, unicode: string | undefined, plain: string | undefined) => {
        const code = hex ?? unicode;
        if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
        return { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"' }[plain ?? ""] ?? whole;
      },
    );
  }

  private match<T>(pattern: RegExp, convert: (text: string) => T): T | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    // Python 2 wrote long integers as 3L.
    if (/\d$/.test(found) && this.text[this.at] === "L") this.at++;
    return convert(found);
  }

  private take(character: string): boolean {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private space(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }
}
