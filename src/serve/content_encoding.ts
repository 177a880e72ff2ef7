// Compressed bodies, both ways: gzip and deflate, bounded when they come, only where it pays when they go.
import { promisify } from "node:util";
import zlib from "node:zlib";
import { IngotError, quoted } from "../core/index.ts";

const gunzip = promisify(zlib.gunzip);
const inflate = promisify(zlib.inflate);
const inflateRaw = promisify(zlib.inflateRaw);
const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip);
const deflate = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.deflate);

export type ContentEncoding = "gzip" | "deflate";

/**
 * The encoding that a request names; null for none.
 * @throws IngotError BODY_ENCODING_UNSUPPORTED
 */
export function bodyEncoding(header: string | undefined): ContentEncoding | null {
  const name = header?.trim().toLowerCase() ?? "identity";
  if (name === "" || name === "identity") return null;
  if (name === "gzip" || name === "x-gzip") return "gzip";
  if (name === "deflate") return "deflate";
  throw new IngotError("BODY_ENCODING_UNSUPPORTED", {
    what: `Content-Encoding ${quoted(header)} is not supported`,
    where: "request body",
    fix: "send the body as gzip, as deflate, or uncompressed",
  });
}

/**
 * @param limit bytes of the result
 * @throws IngotError BODY_TOO_LARGE before more than `limit` bytes exist, REQUEST_MALFORMED
 */
export async function decompressed(body: Buffer, encoding: ContentEncoding, limit: number): Promise<Buffer> {
  // The name `deflate` means zlib's format (RFC 9110, 8.4.1.2); some clients send the bare stream, whose first byte is another.
  const expand = encoding === "gzip" ? gunzip : (body[0]! & 0x0f) === 8 ? inflate : inflateRaw;
  try {
    return await expand(body, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw new IngotError("BODY_TOO_LARGE", {
        what: `the body is larger than ${limit} bytes once it is decompressed`,
        where: "request body",
        fix: "send fewer records per request",
      });
    throw new IngotError("REQUEST_MALFORMED", {
      what: `is not ${encoding} data`,
      where: "request body",
      fix: "leave the header Content-Encoding out where nothing is compressed",
      cause,
    });
  }
}

/** Smaller answers leave in one packet anyway. */
const worthCompressing = 1400;

/**
 * A body as the client accepts it.
 * @param accepted its header Accept-Encoding
 */
export async function compressed(
  body: string | Buffer,
  accepted: string | undefined,
): Promise<{ readonly body: string | Buffer; readonly encoding: ContentEncoding | null }> {
  const encoding = accepted === undefined || body.length < worthCompressing ? null : acceptedEncoding(accepted);
  if (encoding === null) return { body, encoding };
  const level = zlib.constants.Z_BEST_SPEED;
  return { body: await (encoding === "gzip" ? gzip : deflate)(body, { level }), encoding };
}

function acceptedEncoding(header: string): ContentEncoding | null {
  const accepts = (name: string) =>
    header.split(",").some((part) => {
      const [offered = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      return offered === name && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
  return accepts("gzip") ? "gzip" : accepts("deflate") ? "deflate" : null;
}
