// Whether a chat template stays within the small part of Jinja that joins messages. Judged by its tokens; nothing is rendered.

export interface TemplateProblem {
  readonly kind: "dangerous" | "unusual";
  readonly what: string;
}

const largest = 512 * 1024;
const statements = new Set(
  "for endfor if elif else endif set endset macro endmacro generation endgeneration break continue filter endfilter raw endraw with endwith call endcall".split(
    " ",
  ),
);
/** Attributes through which Python objects lead to everything else, without an underscore pair. */
const dangerousAttributes = new Set(
  "mro gi_frame gi_code cr_frame cr_code f_globals f_locals f_builtins f_back func_globals func_code im_func im_self tb_frame co_code environment".split(
    " ",
  ),
);
const dangerousNames = new Set(
  "cycler joiner lipsum self url_for get_flashed_messages request config popen os sys subprocess eval exec import getattr".split(
    " ",
  ),
);

/** @returns what is wrong with the template, or null */
export function judgeTemplate(text: string): TemplateProblem | null {
  if (text.length > largest) return unusual(`is longer than ${largest} characters`);
  for (const [block, kind] of blocksOf(text)) {
    const found = kind === "{%" ? judgeStatement(block) : judgeExpression(block);
    if (found) return found;
  }
  return null;
}

function judgeStatement(block: string): TemplateProblem | null {
  const word = /^\s*([a-z]+)/i.exec(block)?.[1] ?? "";
  if (/^(import|include|from|extends|do)$/.test(word))
    return word === "do"
      ? (judgeExpression(block) ?? unusual("uses the statement `do`"))
      : dangerous(`uses the statement \`${word}\``);
  return judgeExpression(block) ?? (statements.has(word) ? null : unusual(`uses the statement \`${word}\``));
}

function judgeExpression(block: string): TemplateProblem | null {
  const { code, strings } = withoutStrings(block);
  const pair =
    /[A-Za-z0-9]*__[A-Za-z0-9_]*/.exec(code)?.[0] ?? strings.find((text) => /__\w*|\\x5f|\\u005f|\\137/i.test(text));
  if (pair !== undefined) return dangerous(`names \`${pair.slice(0, 60)}\``);
  const attribute = [...code.matchAll(/\.\s*([A-Za-z_]\w*)/g)].find(
    (match) => dangerousAttributes.has(match[1]!) || /^_/.test(match[1]!),
  );
  if (attribute) return dangerous(`reads the attribute \`${attribute[1]}\``);
  const filter = /\|\s*(attr|map\s*\(\s*attribute|format|xmlattr)\b/.exec(code)?.[1];
  if (filter === "attr") return dangerous("reads attributes by computed name (`|attr`)");
  for (const match of code.matchAll(/(?<![.\w])([A-Za-z_]\w*)\s*[.([]/g))
    if (dangerousNames.has(match[1]!)) return dangerous(`uses \`${match[1]}\``);
  const joined = strings.find((text) =>
    /^(os|sys|subprocess|popen|builtins|globals|class|import|getitem|subclasses)$/.test(text),
  );
  if (joined !== undefined) return unusual(`holds the text ${JSON.stringify(joined)}`);
  return null;
}

/** The code with its string literals emptied, and those literals. */
function withoutStrings(block: string): { code: string; strings: string[] } {
  const strings: string[] = [];
  const code = block.replace(/'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"/g, (_all, single, double) => {
    strings.push(single ?? double ?? "");
    return '""';
  });
  return { code, strings };
}

/** `{% … %}` and `{{ … }}`; comments are skipped. */
function* blocksOf(text: string): Generator<[inner: string, kind: "{%" | "{{"]> {
  for (let at = 0; ; ) {
    const open = text.indexOf("{", at);
    if (open < 0) return;
    const kind = text.slice(open, open + 2);
    const close = { "{%": "%}", "{{": "}}", "{#": "#}" }[kind];
    if (close === undefined) {
      at = open + 1;
      continue;
    }
    const end = endOf(text, open + 2, close, kind !== "{#");
    if (kind !== "{#") yield [text.slice(open + 2, end).replace(/^[-+]|[-+]$/g, ""), kind as "{%" | "{{"];
    at = end + 2;
  }
}

/** Where `close` stands outside of string literals; the end of the text where it does not. */
function endOf(text: string, start: number, close: string, hasStrings: boolean): number {
  if (!hasStrings) {
    const end = text.indexOf(close, start);
    return end < 0 ? text.length : end;
  }
  let quote = "";
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== "") {
      if (char === "\\") at++;
      else if (char === quote) quote = "";
    } else if (char === "'" || char === '"') quote = char;
    else if (text.startsWith(close, at)) return at;
  }
  return text.length;
}

function dangerous(what: string): TemplateProblem {
  return { kind: "dangerous", what };
}

function unusual(what: string): TemplateProblem {
  return { kind: "unusual", what };
}
