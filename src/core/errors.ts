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
