// Who may ask: bearer tokens from a file, one a line, `<token>` for every model or `<token> <model> …` for those. Only hashes are kept.
// Rule: RFC 6750, 3: 401 with a challenge where no valid token is given, 403 where a valid one does not reach this far.
import { hash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { cannotOpen, IngotError } from "../../core/index.ts";

interface Token {
  readonly digest: Buffer;
  /** Null: all. */
  readonly models: ReadonlySet<string> | null;
}

/** What is kept of a token, as plain data. */
export interface TokenEntry {
  /** SHA-256, in hex. */
  readonly digest: string;
  /** Null: all. */
  readonly models: readonly string[] | null;
}

const shortest = 16;
const mostTokens = 1000;

export class Tokens {
  readonly #tokens: readonly Token[];

  private constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** @throws IngotError USAGE for a text without a token, and for tokens that could be guessed */
  static parse(text: string, where: string): Tokens {
    const lines = text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
    if (lines.length === 0 || lines.length > mostTokens)
      throw new IngotError("USAGE", { what: `expected 1 to ${mostTokens} tokens, got ${lines.length}`, where });
    const tokens = lines.map((line, index): Token => {
      const [token, ...models] = line.split(/\s+/) as [string, ...string[]];
      if (token.length < shortest)
        throw new IngotError("USAGE", {
          what: `token ${index + 1} is shorter than ${shortest} characters`,
          where,
          fix: "make one with `openssl rand -hex 24`",
        });
      return { digest: digestOf(token), models: models.length > 0 ? new Set(models) : null };
    });
    return new Tokens(tokens);
  }

  /** The same tokens again, in another process. */
  static of(entries: readonly TokenEntry[]): Tokens {
    return new Tokens(
      entries.map(({ digest, models }) => ({ digest: Buffer.from(digest, "hex"), models: models && new Set(models) })),
    );
  }

  get entries(): TokenEntry[] {
    return this.#tokens.map(({ digest, models }) => ({
      digest: digest.toString("hex"),
      models: models && [...models],
    }));
  }

  /** @throws IngotError FILE_NOT_FOUND, USAGE */
  static read(file: string): Tokens {
    try {
      return Tokens.parse(readFileSync(file, "utf8"), file);
    } catch (cause) {
      throw cause instanceof IngotError ? cause : cannotOpen(cause as NodeJS.ErrnoException, file);
    }
  }

  /** @param authorization of the request's header. @throws IngotError UNAUTHENTICATED */
  check(authorization: string | undefined): Grant {
    const given = /^Bearer +([\x21-\x7e]{1,4096}) *$/i.exec(authorization ?? "")?.[1];
    if (given === undefined)
      throw new IngotError("UNAUTHENTICATED", {
        what: authorization === undefined ? "a token is needed" : "the token is not given as `Bearer <token>`",
        where: "header Authorization",
        fix: "send `Authorization: Bearer <token>`",
      });
    const digest = digestOf(given);
    let found: Token | null = null;
    // Every token is compared, so that the time tells nothing.
    for (const token of this.#tokens) if (timingSafeEqual(token.digest, digest)) found = token;
    if (!found)
      throw new IngotError("UNAUTHENTICATED", { what: "this token is not known", where: "header Authorization" });
    return new Grant(found.models);
  }
}

/** What a token reaches. */
export class Grant {
  /** Null: all. */
  readonly models: ReadonlySet<string> | null;

  constructor(models: ReadonlySet<string> | null) {
    this.models = models;
  }

  /** @throws IngotError FORBIDDEN */
  mustReach(model: string): void {
    if (this.models === null || this.models.has(model)) return;
    throw new IngotError("FORBIDDEN", { what: `this token is not for model ${model}`, where: "header Authorization" });
  }
}

function digestOf(token: string): Buffer {
  return hash("sha256", token, "buffer");
}
