// The call of an HTTP request: its time limit from a header, its end from the connection.
import type { IncomingMessage, ServerResponse } from "node:http";
import { IngotError, quoted } from "../core/index.ts";
import type { Call, Phases } from "./call.ts";
import type { ServedModel } from "./served_model.ts";

export class HttpCall implements Call {
  readonly id: string;
  deadline = Infinity;
  priority = 0;
  rows = 0;
  batchSize = 0;
  isPinned = false;
  answeredBy: ServedModel | null = null;
  readonly phases: Phases = { parse: 0, queue: 0, compute: 0, encode: 0 };
  readonly #response: ServerResponse;
  #signal: AbortSignal | null = null;

  constructor(id: string, response: ServerResponse) {
    this.id = id;
    this.#response = response;
  }

  get isGone(): boolean {
    // An answer that waits behind another on its connection has no socket yet, so the request's is asked; HTTP/2 has a stream for each.
    const { stream } = this.#response as ServerResponse & { readonly stream?: { readonly destroyed: boolean } };
    return stream === undefined ? this.#response.destroyed || this.#response.req.socket.destroyed : stream.destroyed;
  }

  get signal(): AbortSignal {
    this.#signal ??= abortedWhenGone(this.#response);
    return this.#signal;
  }
}

function abortedWhenGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else
    response.once("close", () => {
      if (!response.writableFinished) controller.abort();
    });
  return controller.signal;
}

/**
 * Milliseconds that the caller gives a request, from `Ingot-Timeout-Ms`; null when it says nothing.
 * @throws IngotError REQUEST_MALFORMED
 */
export function givenTime(request: IncomingMessage): number | null {
  const given = request.headers["ingot-timeout-ms"];
  if (given === undefined) return null;
  if (typeof given === "string" && /^\d{1,9}(\.\d{1,6})?$/.test(given) && Number(given) > 0) return Number(given);
  throw new IngotError("REQUEST_MALFORMED", {
    what: `expected milliseconds above 0, got ${quoted(given)}`,
    where: "header Ingot-Timeout-Ms",
    fix: "such as 250",
  });
}
