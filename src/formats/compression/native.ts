// zlib, gzip and zstd: what node:zlib decompresses.
import type { Transform } from "node:stream";
import { crc32, createInflateRaw, createZstdDecompress, inflateRawSync, zstdDecompressSync } from "node:zlib";
import { IngotError } from "../../core/index.ts";
import { Adler32 } from "./checksums.ts";
import type { Input } from "./input.ts";

type Engine = Transform & { readonly bytesWritten: number };

/** An engine that takes a stream, and one for what is there as a whole. */
interface Decompressor {
  readonly what: string;
  stream(): Engine;
  atOnce(bytes: Uint8Array, options: object): unknown;
}

const options = { chunkSize: 256 * 1024 };
/** Input up to this size is unpacked by one call, if its output is not larger than that: a stream takes longer to begin. */
const smallInput = 256 * 1024;
const smallOutput = 4 * 2 ** 20;

const deflate: Decompressor = {
  what: "deflate",
  stream: () => createInflateRaw(options) as Engine,
  atOnce: inflateRawSync,
};
const zstd: Decompressor = {
  what: "zstd",
  stream: () => createZstdDecompress(options) as Engine,
  atOnce: zstdDecompressSync,
};
const longestGzipHeader = 1 << 20;

/** A zlib header: deflate with a window of 32 KiB as every writer sets it, no dictionary, and its check bits. */
export function isZlib(head: Uint8Array): boolean {
  if (head.length < 2 || head[0] !== 0x78) return false;
  return (0x7800 + head[1]!) % 31 === 0 && (head[1]! & 0x20) === 0;
}

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** A frame or a skippable frame. */
export function isZstd(head: Uint8Array): boolean {
  if (head[0] === 0x28) return head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
  return head.length >= 4 && (head[0]! & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
}

/** One stream; the result is the offset behind it, as of all decompressors. Output comes before its checksum is known. */
export async function* decompressZlib(input: Input): AsyncGenerator<Uint8Array, number> {
  if (!isZlib(await input.take(2))) throw input.malformed("no zlib data");
  const adler = new Adler32();
  for await (const chunk of decompressDeflate(input)) {
    adler.update(chunk);
    yield chunk;
  }
  const stated = await input.take(4);
  if (new DataView(stated.buffer, stated.byteOffset, 4).getUint32(0) !== adler.digest())
    throw input.malformed("wrong checksum of zlib data");
  return input.offset;
}

/** Deflate without a header, as zip holds it. */
export async function* decompressDeflate(input: Input): AsyncGenerator<Uint8Array, number> {
  return yield* throughEngine(input, deflate);
}

/** One or several frames. */
export async function* decompressZstd(input: Input): AsyncGenerator<Uint8Array, number> {
  do {
    yield* throughEngine(input, zstd);
    await input.fill(4);
  } while (isZstd(input.bytes.subarray(input.at)));
  return input.offset;
}

/** One or several members, each with its CRC and size checked. */
export async function* decompressGzip(input: Input): AsyncGenerator<Uint8Array, number> {
  do {
    await skipGzipHeader(input);
    let crc = 0;
    let size = 0;
    for await (const chunk of decompressDeflate(input)) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      yield chunk;
    }
    if ((await input.u32()) !== crc) throw input.malformed("wrong CRC of gzip data");
    if ((await input.u32()) !== size % 2 ** 32) throw input.malformed("gzip data is not as long as its end says");
    await input.fill(3);
  } while (isGzip(input.bytes.subarray(input.at)));
  return input.offset;
}

async function skipGzipHeader(input: Input): Promise<void> {
  const head = await input.take(10);
  if (!isGzip(head)) throw input.malformed("no gzip data");
  const flags = head[3]!;
  if (flags & 0xe0) throw input.malformed("a gzip header with unknown flags");
  if (flags & 4) {
    const [low, high] = await input.take(2);
    await input.take(low! + high! * 256);
  }
  // A file name, then a comment, each up to a NUL.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    let length = 0;
    while ((await input.u8()) !== 0)
      if (++length > longestGzipHeader) throw input.malformed("a gzip header without end");
  }
  if (flags & 2) await input.take(2);
}

/** Null where the output is large or the input is not in order: its stream tells how far it goes. */
function unpackedAtOnce(
  bytes: Uint8Array,
  atOnce: Decompressor["atOnce"],
): { readonly output: Uint8Array; readonly taken: number } | null {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const chunkSize = Math.min(options.chunkSize, Math.max(1024, bytes.length * 4));
    const { buffer, engine } = atOnce(bytes, { info: true, maxOutputLength: smallOutput, chunkSize }) as {
      readonly buffer: Uint8Array;
      readonly engine: { readonly bytesWritten: number };
    };
    return { output: buffer, taken: engine.bytesWritten };
  } catch {
    return null;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Feeds the engine until it says that its data is complete, and leaves the input right behind that. */
async function* throughEngine(
  input: Input,
  { what, stream, atOnce }: Decompressor,
): AsyncGenerator<Uint8Array, number> {
  const start = input.offset;
  if ((await input.fill(1)) && input.final && input.buffered <= smallInput) {
    const whole = unpackedAtOnce(input.bytes.subarray(input.at), atOnce);
    if (whole) {
      input.at += whole.taken;
      yield whole.output;
      return input.offset;
    }
  }
  const engine = stream();
  let ended = false;
  const feed = async () => {
    while (!ended && !engine.destroyed && (await input.fill(1))) {
      const chunk = input.bytes.subarray(input.at);
      input.at = input.bytes.length;
      // Where data stands behind the end, the engine never calls back: nobody waits for this loop.
      await new Promise((resolve) => engine.write(chunk, resolve));
    }
    if (!engine.destroyed) engine.end();
  };
  feed().catch((error) => engine.destroy(error));
  try {
    for await (const chunk of engine) yield chunk as Uint8Array;
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "Z_BUF_ERROR") throw input.truncated();
    throw input.malformed(`${what} data is damaged`);
  } finally {
    ended = true;
  }
  input.seek(start + engine.bytesWritten);
  return input.offset;
}
