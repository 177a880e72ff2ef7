// Expressions as tokens. Everything is bounded: what is too long is refused before it is looked at.
export interface Token {
  readonly kind: "number" | "text" | "name" | "symbol" | "end";
  readonly text: string;
  /** Offset in the expression. */
  readonly at: number;
}

/** What is wrong with an expression, and where in it. */
export class ExpressionProblem extends Error {
  readonly at: number;
  readonly fix: string | undefined;

  constructor(what: string, at: number, fix?: string) {
    super(what);
    this.at = at;
    this.fix = fix;
  }
}

export const longestExpression = 10_000;

const pattern =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<name>[\p{L}_][\p{L}\p{N}_.]*|`[^`]+`)|(?<symbol>\*\*|==|!=|<=|>=|\?\?|[-+*/%<>(),[\]]))/uy;

/** @throws ExpressionProblem at the character that begins no token */
export function tokensOf(source: string): Token[] {
  if (source.length > longestExpression)
    throw new ExpressionProblem(`is longer than ${longestExpression} characters`, 0, "compute parts of it first");
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  const matcher = new RegExp(pattern);
  while (matcher.lastIndex < end) {
    const start = matcher.lastIndex;
    const found = matcher.exec(source);
    if (!found?.groups) {
      const at = start + (source.slice(start).length - source.slice(start).trimStart().length);
      const isOpen = source[at] === '"' || source[at] === "'" || source[at] === "`";
      throw new ExpressionProblem(
        isOpen ? `the quote ${source[at]} is not closed` : `\`${source[at]}\` means nothing here`,
        at,
        source[at] === "="
          ? "equality is written `==`"
          : source[at] === "&" || source[at] === "|"
            ? "write `and`, `or`"
            : undefined,
      );
    }
    const { number, text, name, symbol } = found.groups;
    const raw = (number ?? text ?? name ?? symbol)!;
    const at = matcher.lastIndex - raw.length;
    if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (text !== undefined) tokens.push({ kind: "text", text: unquoted(text), at });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, at });
    else tokens.push({ kind: "symbol", text: symbol!, at });
  }
  return [...tokens, { kind: "end", text: "", at: end }];
}

function unquoted(text: string): string {
  return text
    .slice(1, -1)
    .replaceAll(/\\(.)/gsu, (_, character: string) =>
      character === "n" ? "\n" : character === "t" ? "\t" : character,
    );
}
