// One error class for everything a person or a program can act on.
import { type ErrorCode, outcomeOf } from "./error_codes.ts";

export interface ErrorParts {
  /** What happened, one line, with the user's own names and values. */
  readonly what: string;
  /** File, field, row, offset: where to look. */
  readonly where?: string | undefined;
  /** What to do about it. */
  readonly fix?: string | undefined;
  readonly cause?: unknown;
}

/** An error for the person who must act. `code` is stable; `what`, `where`, `fix` are for reading. */
export class IngotError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(parts.where ? `${parts.where}: ${parts.what}` : parts.what, { cause: parts.cause });
    this.name = "IngotError";
    this.code = code;
    this.what = parts.what;
    this.where = parts.where;
    this.fix = parts.fix ?? outcomeOf(code).fix;
  }

  get exitStatus(): number {
    return outcomeOf(this.code).exit;
  }

  get httpStatus(): number {
    return outcomeOf(this.code).http;
  }

  toJSON(): { code: ErrorCode; what: string; where?: string; fix?: string } {
    return {
      code: this.code,
      what: this.what,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.fix === undefined ? {} : { fix: this.fix }),
    };
  }
}

/** A value as it appears in a message: JSON, control characters escaped, at most `limit` characters. */
export function quoted(value: unknown, limit = 60): string {
  const text = typeof value === "bigint" ? `${value}` : (JSON.stringify(value, withLongIntegers) ?? String(value));
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** JSON.stringify throws at the integers beyond 2^53 that readers keep as bigint. */
function withLongIntegers(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}

/** The candidate nearest to `word` by edit distance, when near enough to be a typing error. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // Comparing takes the product of the lengths, and words come from outside: nobody mistypes a word this long.
  if (word.length > 80) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, previous[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforePrevious[j - 2]! + 1);
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length]!;
}
