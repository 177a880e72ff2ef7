// Request bodies: bounded, UTF-8, JSON. Which parser applies is the route's decision, never the Content-Type's.
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { IngotError } from "../core/index.ts";
import { bodyEncoding, decompressed } from "./content_encoding.ts";
import type { HeldMemory } from "./request_memory.ts";
import { BodyClock } from "./slow_body.ts";

/** The client went away before its request was complete; nobody is left to answer. */
export class ClientGone extends Error {}

/**
 * The whole body of a request, decompressed.
 * @param limit bytes, on the wire and after decompression
 * @param memory told of what is kept; whoever gave it frees it
 * @throws IngotError BODY_TOO_LARGE, BODY_ENCODING_UNSUPPORTED, REQUEST_MALFORMED, OVERLOADED; ClientGone
 */
export async function readBody(request: IncomingMessage, limit: number, memory?: HeldMemory): Promise<Buffer> {
  const encoding = bodyEncoding(request.headers["content-encoding"]);
  const body = await receivedBody(request, limit, memory);
  if (encoding === null) return body;
  const expanded = await decompressed(body, encoding, limit);
  memory?.take(expanded.length - body.length);
  return expanded;
}

const usualClock = new BodyClock();

/** @throws IngotError BODY_TOO_LARGE, REQUEST_TIMEOUT, OVERLOADED; ClientGone */
export function receivedBody(
  request: IncomingMessage,
  limit: number,
  memory?: HeldMemory,
  clock = usualClock,
): Promise<Buffer> {
  if (Number(request.headers["content-length"]) > limit) throw tooLarge(limit);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const gone = () => {
      clock.forget(arriving);
      reject(new ClientGone("the client left before its request was complete"));
    };
    const refuse = (error: IngotError) => {
      chunks.length = 0;
      clock.forget(arriving);
      request.off("data", collect).off("close", gone);
      reject(error);
    };
    const arriving = clock.watch(() => refuse(tooSlow(size)));
    const collect = (chunk: Buffer) => {
      size += chunk.byteLength;
      arriving.received = size;
      if (size > limit) {
        refuse(tooLarge(limit));
        return;
      }
      try {
        memory?.take(chunk.byteLength);
      } catch (error) {
        refuse(error as IngotError);
        return;
      }
      chunks.push(chunk);
    };
    const complete = () => {
      clock.forget(arriving);
      request.off("close", gone);
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    };
    request.on("data", collect).once("end", complete).once("error", gone).once("close", gone);
  });
}

/** @throws IngotError JSON_MALFORMED with the position of the first byte that is not UTF-8 */
export function textOf(body: Buffer): string {
  if (!isUtf8(body))
    throw new IngotError("JSON_MALFORMED", {
      what: "not valid UTF-8",
      where: `request body at byte ${firstInvalidByte(body)}`,
      fix: "encode the body as UTF-8",
    });
  return body.toString("utf8");
}

/** Where the first character starts that is not UTF-8, found by halving: only errors pay for it. */
function firstInvalidByte(body: Buffer): number {
  let valid = 0;
  let invalid = body.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    if (decodedStart(body, middle) === null) invalid = middle;
    else valid = middle;
  }
  return Buffer.byteLength(decodedStart(body, valid) ?? "");
}

/** The whole characters among the first bytes; null when those bytes are the start of no UTF-8 text. */
function decodedStart(bytes: Buffer, length: number): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length), {
      stream: true,
    });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function tooSlow(received: number): IngotError {
  return new IngotError("REQUEST_TIMEOUT", {
    what: `the body comes too slowly: ${received} bytes so far`,
    where: "request body",
    fix: "send it in one go",
  });
}

function tooLarge(limit: number): IngotError {
  return new IngotError("BODY_TOO_LARGE", {
    what: `the body is larger than ${limit} bytes`,
    where: "request body",
    fix: "send fewer records per request",
  });
}
