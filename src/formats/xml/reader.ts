// XML as model files use it: elements, attributes and text. Document types are refused, so entities cannot grow or fetch anything.
// Rule: W3C XML 1.0 (Fifth Edition), without DTDs.
import { IngotError } from "../../core/index.ts";

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Text directly inside, trimmed. */
  readonly text: string;
}

const depthLimit = 512;
const elementLimit = 5_000_000;
/** One JavaScript string holds no more. */
export const xmlSizeLimit = 500 * 1024 * 1024;

/** A mark of UTF-8, white space (of Unicode, too) or the first tag. */
export const xmlFirstBytes = "<\t\n\v\f\r \xef\xc2\xe1\xe2\xe3";

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const nameAt = /[A-Za-z_:\u0080-\uffff][\w:.\-\u0080-\uffff]*/y;
const attributeAt = /\s+([A-Za-z_:\u0080-\uffff][\w:.\-\u0080-\uffff]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const endOfTag = /\s*(\/?)>/y;

interface Open {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** The root element. @throws IngotError FILE_MALFORMED */
export function readXml(bytes: Uint8Array, source: string): XmlElement {
  const content = new XmlText(bytes, source);
  const open: Open[] = [];
  let root: XmlElement | undefined;
  let count = 0;
  for (;;) {
    const text = content.until("<");
    const top = open.at(-1);
    if (top) top.text += content.decoded(text);
    else if (text.trim() !== "") content.fail("text stands outside of the root element");
    if (content.isAtEnd) break;
    if (content.skips("<?", "?>") || content.skips("<!--", "-->")) continue;
    const data = content.between("<![CDATA[", "]]>");
    if (data !== null) {
      if (top) top.text += data;
      continue;
    }
    if (content.starts("<!")) content.fail("a document type (DTD) is not read: it could define entities");
    if (content.starts("</")) {
      const closed = open.pop();
      const name = content.take(2, nameAt);
      if (!closed || closed.name !== name || content.take(0, endOfTag) === null)
        content.fail(`</${name ?? ""}> closes nothing`);
      const element = { ...closed!, text: closed!.text.trim() };
      const parent = open.at(-1);
      if (parent) parent.children.push(element);
      else if (root) content.fail("there are two root elements");
      else root = element;
      continue;
    }
    if (++count > elementLimit) content.fail(`holds more than ${elementLimit} elements`);
    const element = content.openTag();
    if (open.length >= depthLimit) content.fail(`elements are nested deeper than ${depthLimit} levels`);
    if (!element.isEmpty) open.push(element);
    else if (top) top.children.push({ ...element, text: "" });
    else if (root) content.fail("there are two root elements");
    else root = { ...element, text: "" };
  }
  if (open.length > 0) content.fail(`<${open.at(-1)!.name}> is never closed`);
  return root ?? content.fail("there is no root element");
}

class XmlText {
  readonly #text: string;
  readonly #source: string;
  #at = 0;

  constructor(bytes: Uint8Array, source: string) {
    this.#source = source;
    try {
      this.#text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      throw new IngotError("FILE_MALFORMED", { what: "text is not valid UTF-8", where: source, cause });
    }
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  fail(what: string): never {
    throw new IngotError("FILE_MALFORMED", { what, where: `${this.#source} at character ${this.#at}` });
  }

  starts(mark: string): boolean {
    return this.#text.startsWith(mark, this.#at);
  }

  /** Text up to a mark or the end; the mark is next. */
  until(mark: string): string {
    const end = this.#text.indexOf(mark, this.#at);
    const text = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at += text.length;
    return text;
  }

  between(start: string, end: string): string | null {
    if (!this.starts(start)) return null;
    const close = this.#text.indexOf(end, this.#at + start.length);
    if (close < 0) this.fail(`${start} is never closed`);
    const text = this.#text.slice(this.#at + start.length, close);
    this.#at = close + end.length;
    return text;
  }

  skips(start: string, end: string): boolean {
    return this.between(start, end) !== null;
  }

  /** What a sticky pattern matches `skip` characters on, or null. */
  take(skip: number, pattern: RegExp): string | null {
    pattern.lastIndex = this.#at + skip;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match?.[0] ?? null;
  }

  openTag(): Open & { isEmpty: boolean } {
    const name = this.take(1, nameAt) ?? this.fail("`<` begins no element");
    const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
    attributeAt.lastIndex = this.#at;
    for (let match = attributeAt.exec(this.#text); match; match = attributeAt.exec(this.#text)) {
      this.#at = attributeAt.lastIndex;
      if (match[1]! in attributes) this.fail(`attribute ${match[1]} appears twice`);
      attributes[match[1]!] = this.decoded(match[2] ?? match[3]!);
    }
    const end = this.take(0, endOfTag) ?? this.fail(`<${name}> has a malformed attribute`);
    return { name, attributes, children: [], text: "", isEmpty: end.includes("/") };
  }

  decoded(text: string): string {
    if (!text.includes("&")) return text;
    return text.replace(/&(#x?[\da-fA-F]+|\w+)?;?/g, (reference, name: string | undefined) => {
      if (!name || !reference.endsWith(";")) return this.fail("`&` begins no reference");
      const code = name.startsWith("#x")
        ? Number.parseInt(name.slice(2), 16)
        : name.startsWith("#")
          ? Number(name.slice(1))
          : null;
      if (code === null) return entities[name] ?? this.fail(`entity ${reference} is not defined`);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : this.fail(`${reference} is no character`);
    });
  }
}
