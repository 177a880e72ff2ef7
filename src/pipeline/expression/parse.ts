// Expressions as trees, by precedence climbing. Depth and size are bounded, so that nothing that reads them can exhaust the stack.
import { ExpressionProblem, type Token, tokensOf } from "./tokens.ts";

export type Expression =
  | { readonly kind: "number"; readonly value: number; readonly at: number }
  | { readonly kind: "text"; readonly value: string; readonly at: number }
  | { readonly kind: "truth"; readonly value: boolean; readonly at: number }
  | { readonly kind: "null"; readonly at: number }
  | { readonly kind: "column"; readonly name: string; readonly at: number }
  /** Operators are calls under their symbol; `-x` is `negate`. */
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[]; readonly at: number };

const deepest = 64;
const mostParts = 2000;

/** From loose to tight; all to the left but `**`. */
const levels: readonly (readonly string[])[] = [
  ["??"],
  ["or"],
  ["and"],
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];
const words = new Set(["and", "or", "not", "in", "true", "false", "null"]);

/** @throws ExpressionProblem */
export function parseExpression(source: string): Expression {
  return new Parser(tokensOf(source)).whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #parts = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const found = this.#level(0);
    const rest = this.#peek();
    if (rest.kind !== "end") throw new ExpressionProblem(`did not expect \`${rest.text}\``, rest.at);
    return found;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #isAt(text: string): boolean {
    const { kind, text: own } = this.#peek();
    return own === text && (kind === "symbol" || (kind === "name" && words.has(text)));
  }

  #take(text: string): Token {
    const token = this.#peek();
    if (!this.#isAt(text))
      throw new ExpressionProblem(
        `expected \`${text}\`, ${token.kind === "end" ? "but the expression ends" : `got \`${token.text}\``}`,
        token.at,
      );
    this.#next++;
    return token;
  }

  #made(expression: Expression): Expression {
    if (++this.#parts > mostParts)
      throw new ExpressionProblem(`has more than ${mostParts} parts`, expression.at, "compute parts of it first");
    return expression;
  }

  #nested<T>(at: number, parse: () => T): T {
    if (++this.#depth > deepest)
      throw new ExpressionProblem(`is nested more than ${deepest} levels deep`, at, "compute parts of it first");
    const found = parse();
    this.#depth--;
    return found;
  }

  #level(level: number): Expression {
    if (level === levels.length) return this.#unary();
    let left = this.#level(level + 1);
    for (;;) {
      const operator = levels[level]!.find((candidate) => this.#isAt(candidate));
      if (operator === undefined) return left;
      const { at } = this.#take(operator);
      if (operator === "in") {
        left = this.#made({ kind: "call", name: "in", args: [left, ...this.#list()], at });
        continue;
      }
      const right = this.#level(level + 1);
      left = this.#made({ kind: "call", name: operator, args: [left, right], at });
    }
  }

  #list(): Expression[] {
    this.#take("[");
    const items = [this.#nested(this.#peek().at, () => this.#level(0))];
    while (this.#isAt(",")) {
      this.#next++;
      items.push(this.#nested(this.#peek().at, () => this.#level(0)));
    }
    this.#take("]");
    return items;
  }

  #unary(): Expression {
    const { at } = this.#peek();
    for (const [symbol, name] of [
      ["-", "negate"],
      ["not", "not"],
    ] as const)
      if (this.#isAt(symbol)) {
        this.#next++;
        const arg = this.#nested(at, () => (symbol === "not" ? this.#level(3) : this.#unary()));
        return this.#made({ kind: "call", name, args: [arg], at });
      }
    return this.#power();
  }

  #power(): Expression {
    const base = this.#primary();
    if (!this.#isAt("**")) return base;
    const { at } = this.#take("**");
    const exponent = this.#nested(at, () => this.#unary());
    return this.#made({ kind: "call", name: "**", args: [base, exponent], at });
  }

  #primary(): Expression {
    const token = this.#peek();
    const { at } = token;
    if (this.#isAt("(")) {
      this.#next++;
      const inner = this.#nested(at, () => this.#level(0));
      this.#take(")");
      return inner;
    }
    this.#next++;
    if (token.kind === "number") return this.#made({ kind: "number", value: Number(token.text), at });
    if (token.kind === "text") return this.#made({ kind: "text", value: token.text, at });
    if (token.kind !== "name") {
      const what = token.kind === "end" ? "ends where a value is expected" : `expected a value, got \`${token.text}\``;
      throw new ExpressionProblem(what, at);
    }
    if (token.text === "true" || token.text === "false")
      return this.#made({ kind: "truth", value: token.text === "true", at });
    if (token.text === "null") return this.#made({ kind: "null", at });
    if (words.has(token.text)) throw new ExpressionProblem(`expected a value, got \`${token.text}\``, at);
    if (!this.#isAt("(")) {
      const name = token.text.startsWith("`") ? token.text.slice(1, -1) : token.text;
      return this.#made({ kind: "column", name, at });
    }
    this.#next++;
    const args: Expression[] = [];
    if (!this.#isAt(")"))
      do args.push(this.#nested(at, () => this.#level(0)));
      while (this.#isAt(",") && this.#next++ >= 0);
    this.#take(")");
    return this.#made({ kind: "call", name: token.text, args, at });
  }
}
