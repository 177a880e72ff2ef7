// What requests hold while they come in and are answered, all together: each is bounded by itself, but there may be thousands.
import { IngotError } from "../core/index.ts";

export class RequestMemory {
  readonly limit: number;
  #held = 0;

  /** @param limit bytes of all requests together */
  constructor(limit: number) {
    this.limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** @throws IngotError OVERLOADED; nothing is taken then */
  take(bytes: number): void {
    if (bytes > 0 && this.#held + bytes > this.limit)
      throw new IngotError("OVERLOADED", {
        what: `the requests under way hold ${this.#held} bytes, and no more than ${this.limit} fit`,
        fix: "try again later, or send fewer records per request",
      });
    this.#held += bytes;
  }
}

/** One request's part of it. */
export class HeldMemory {
  readonly #all: RequestMemory;
  #held = 0;

  constructor(all: RequestMemory) {
    this.#all = all;
  }

  /** @param bytes more, or fewer where it is below 0. @throws IngotError OVERLOADED */
  take(bytes: number): void {
    if (bytes === 0) return;
    this.#all.take(bytes);
    this.#held += bytes;
  }

  /** The request is over. */
  free(): void {
    this.#all.take(-this.#held);
    this.#held = 0;
  }
}
