// Compressed bodies: gzip, deflate, br and zstd when they come, bounded; gzip and deflate when they go, only where it pays.
import { promisify } from "node:util";
import type { InputType, ZlibOptions } from "node:zlib";
import { IngotError, quoted } from "../core/index.ts";

/** Loaded for the first body that is compressed: a server's start does not wait for it. */
const zlib = () => process.getBuiltinModule("node:zlib");
const gzip = (body: InputType, options: ZlibOptions) =>
  promisify<InputType, ZlibOptions, Buffer>(zlib().gzip)(body, options);
const deflate = (body: InputType, options: ZlibOptions) =>
  promisify<InputType, ZlibOptions, Buffer>(zlib().deflate)(body, options);

export type ContentEncoding = "gzip" | "deflate" | "br" | "zstd";

/** RFC 9659: `zstd` as a content encoding needs no window of more than 8 MB, and whoever reads it need not give more. */
const largestZstdWindow = () => ({ [zlib().constants.ZSTD_d_windowLogMax]: 23 });

/**
 * The encoding that a request names; null for none.
 * @throws IngotError BODY_ENCODING_UNSUPPORTED
 */
export function bodyEncoding(header: string | undefined): ContentEncoding | null {
  const name = header?.trim().toLowerCase() ?? "identity";
  if (name === "" || name === "identity") return null;
  if (name === "gzip" || name === "x-gzip") return "gzip";
  if (name === "deflate" || name === "br" || name === "zstd") return name;
  throw new IngotError("BODY_ENCODING_UNSUPPORTED", {
    what: `Content-Encoding ${quoted(header)} is not supported`,
    where: "request body",
    fix: "send the body as gzip, deflate, br or zstd, or uncompressed",
  });
}

/**
 * @param limit bytes of the result
 * @throws IngotError BODY_TOO_LARGE before more than `limit` bytes exist, REQUEST_MALFORMED
 */
export async function decompressed(body: Buffer, encoding: ContentEncoding, limit: number): Promise<Buffer> {
  try {
    return await expanded(body, encoding, limit);
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

/** Must take every byte: zlib's functions leave what follows the end of deflate, br and zstd unread, and say nothing. */
function expanded(body: Buffer, encoding: ContentEncoding, maxOutputLength: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { maxOutputLength, info: true, ...(encoding === "zstd" ? { params: largestZstdWindow() } : {}) };
    expander(body, encoding)(body, options, (error, result) => {
      // With `info` it is the buffer and its engine, which the types do not know.
      const { buffer, engine } = (result ?? {}) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      if (error) reject(error);
      else if (engine.bytesWritten !== body.length) reject(new Error("bytes follow the end"));
      else resolve(buffer);
    });
  });
}

type Expander = (body: Buffer, options: object, then: (error: Error | null, result: Buffer) => void) => void;

function expander(body: Buffer, encoding: ContentEncoding): Expander {
  if (encoding === "gzip") return zlib().gunzip;
  if (encoding === "br") return zlib().brotliDecompress;
  if (encoding === "zstd") return zlib().zstdDecompress;
  // The name `deflate` means zlib's format (RFC 9110, 8.4.1.2); some clients send the bare stream, whose first byte is another.
  return (body[0]! & 0x0f) === 8 ? zlib().inflate : zlib().inflateRaw;
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
): Promise<{ readonly body: string | Buffer; readonly encoding: "gzip" | "deflate" | null }> {
  const encoding = accepted === undefined || body.length < worthCompressing ? null : acceptedEncoding(accepted);
  if (encoding === null) return { body, encoding };
  const level = zlib().constants.Z_BEST_SPEED;
  return { body: await (encoding === "gzip" ? gzip : deflate)(body, { level }), encoding };
}

function acceptedEncoding(header: string): "gzip" | "deflate" | null {
  const accepts = (name: string) =>
    header.split(",").some((part) => {
      const [offered = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      return offered === name && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
  return accepts("gzip") ? "gzip" : accepts("deflate") ? "deflate" : null;
}
