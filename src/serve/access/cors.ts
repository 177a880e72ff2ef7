// Which pages of other origins may ask from a browser. Rule: Fetch standard, "CORS protocol".
import type { OutgoingHttpHeaders } from "node:http";
import { IngotError } from "../../core/index.ts";

export class Cors {
  readonly #origins: ReadonlySet<string>;

  /** @param origins such as `https://app.example`, or `*`. @throws IngotError USAGE */
  constructor(origins: readonly string[]) {
    for (const origin of origins)
      if (origin !== "*" && !(URL.canParse(origin) && new URL(origin).origin === origin))
        throw new IngotError("USAGE", {
          what: `\`${origin}\` is no origin`,
          where: "--cors",
          fix: "such as https://app.example: scheme, host and port, nothing behind",
        });
    this.#origins = new Set(origins);
  }

  /** Headers for an answer to a page of this origin; none where it may not ask, or is no page. */
  headers(origin: string | undefined): OutgoingHttpHeaders {
    if (origin === undefined) return {};
    if (this.#origins.has("*")) return { ...exposed, "Access-Control-Allow-Origin": "*" };
    if (!this.#origins.has(origin)) return { Vary: "Origin" };
    return { ...exposed, "Access-Control-Allow-Origin": origin, Vary: "Origin" };
  }

  /** Headers for what a browser asks before it asks. */
  preflight(origin: string | undefined, allow: string): OutgoingHttpHeaders {
    const headers = this.headers(origin);
    if (headers["Access-Control-Allow-Origin"] === undefined) return headers;
    return {
      ...headers,
      "Access-Control-Allow-Methods": allow,
      "Access-Control-Allow-Headers": allowedHeaders,
      "Access-Control-Max-Age": "600",
    };
  }
}

const allowedHeaders =
  "Authorization, Content-Type, Content-Encoding, Inference-Header-Content-Length, Ingot-Request-Id, Ingot-Timeout-Ms, Ingot-Variant, traceparent, tracestate";
const exposed = {
  "Access-Control-Expose-Headers":
    "Ingot-Package, Ingot-Variant, Ingot-Request-Id, Server-Timing, Retry-After, Inference-Header-Content-Length",
};
