// Two processes that ask each other by name over the channel between a process and its child.
import { type ErrorCode, IngotError } from "../../core/index.ts";

/** What one side answers: a function of one value for each name. */
export type Methods<T> = { readonly [K in keyof T]: (value: never) => unknown };

/** What is used of a process and of a child. */
export interface End {
  send(message: object, callback: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown, handle: unknown) => void): unknown;
}

/** The other side ended before it answered. */
export class OtherSideGone extends Error {}

/** An error on its way between processes, which keep neither class nor cause. */
type Failure =
  | { readonly code: ErrorCode; readonly what: string; readonly where?: string; readonly fix?: string }
  | { readonly code: null; readonly stack: string };

type Message =
  | { readonly ask: number; readonly name: string; readonly value: unknown }
  | { readonly tell: string; readonly value: unknown }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly failure: Failure };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export class Channel<Ours extends Methods<Ours>, Theirs extends Methods<Theirs>> {
  readonly #end: End;
  readonly #ours: Readonly<Record<string, (value: unknown) => unknown>>;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #isOver = false;

  constructor(end: End, ours: Ours) {
    this.#end = end;
    this.#ours = ours as unknown as Readonly<Record<string, (value: unknown) => unknown>>;
    end.on("message", (message) => void this.#hear(message as Message));
  }

  /** @throws what the other side threw; OtherSideGone */
  ask<K extends string & keyof Theirs>(
    name: K,
    value: Parameters<Theirs[K]>[0],
  ): Promise<Awaited<ReturnType<Theirs[K]>>> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) {
        reject(new OtherSideGone());
        return;
      }
      const ask = this.#next++;
      this.#waiting.set(ask, { resolve: resolve as Waiting["resolve"], reject });
      this.#send({ ask, name, value });
    });
  }

  /** Says something that needs no answer. */
  tell<K extends string & keyof Theirs>(name: K, value: Parameters<Theirs[K]>[0]): void {
    if (!this.#isOver) this.#send({ tell: name, value });
  }

  /** The other side ended: whoever waits is told. */
  over(): void {
    this.#isOver = true;
    for (const { reject } of this.#waiting.values()) reject(new OtherSideGone());
    this.#waiting.clear();
  }

  /** What cannot be sent any more is heard of as the end of the other side. */
  #send(message: Message): void {
    this.#end.send(message, () => {});
  }

  async #hear(message: Message): Promise<void> {
    if ("tell" in message) {
      this.#ours[message.tell]?.(message.value);
    } else if ("ask" in message) {
      const { ask, name, value } = message;
      try {
        const answer = await this.#ours[name]!(value);
        if (!this.#isOver) this.#send({ answer: ask, value: answer });
      } catch (error) {
        if (!this.#isOver) this.#send({ answer: ask, failure: failureOf(error) });
      }
    } else if ("answer" in message) {
      const waiting = this.#waiting.get(message.answer);
      this.#waiting.delete(message.answer);
      if ("failure" in message) waiting?.reject(errorOf(message.failure));
      else waiting?.resolve(message.value);
    }
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof IngotError) {
    const { code, what, where, fix } = error;
    return { code, what, ...(where === undefined ? {} : { where }), ...(fix === undefined ? {} : { fix }) };
  }
  return { code: null, stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function errorOf(failure: Failure): Error {
  return failure.code === null ? new Error(failure.stack) : new IngotError(failure.code, failure);
}
