// What gRPC says in headers and trailers (grpc/grpc, doc/PROTOCOL-HTTP2.md).
import type { IncomingHttpHeaders } from "node:http2";
import { bodyEncoding, type ContentEncoding } from "../../content_encoding.ts";
import { WireError } from "./wire_error.ts";

const unitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds that the client waits; Infinity where it does not say. @throws WireError */
export function timeoutOf(header: string | string[] | undefined): number {
  if (header === undefined) return Infinity;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  if (digits === undefined)
    throw new WireError(
      "INVALID_ARGUMENT",
      "header grpc-timeout: expected at most eight digits and a unit, such as 250m",
    );
  return Number(digits) * unitsMs[unit!]!;
}

/** How messages are compressed that say they are. @throws WireError for an algorithm that is not known */
export function messageEncoding(header: string | string[] | undefined): ContentEncoding | null {
  if (header === undefined || header === "identity") return null;
  if (header === "gzip" || header === "deflate") return bodyEncoding(header);
  throw new WireError(
    "UNIMPLEMENTED",
    `messages compressed as ${String(header).slice(0, 40)} are not understood; there are gzip and deflate`,
  );
}

/** gRPC's own content type, with or without the encoding that all messages here have. */
export function isGrpc({ "content-type": type }: IncomingHttpHeaders): boolean {
  return type !== undefined && /^application\/grpc(\+proto)?([ ;]|$)/.test(type);
}

/** Headers of clients must fit into their limit, which is 8 KiB with many. */
const longestMessage = 4096;

/** A status message: percent-encoded bytes of UTF-8, cut off between two characters where it is long. */
export function encodedMessage(text: string): string {
  let encoded = "";
  for (const character of text) {
    const next = /^[ -$&-~]$/.test(character)
      ? character
      : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
    if (encoded.length + next.length > longestMessage) break;
    encoded += next;
  }
  return encoded;
}
