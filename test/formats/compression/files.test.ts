// Every compression reads what the usual programs write, and refuses what is damaged, cut off or a bomb.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { deflateSync, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compressionOf, decompress, decompressed } from "../../../src/formats/compression/index.ts";
import { memoryFile } from "../../../src/formats/source.ts";

const folder = path.resolve(import.meta.dirname, "../../../fixtures/compression");
const files = readdirSync(folder).filter((name) => !/\.(raw\.gz|py|txt)$/.test(name));

async function unpack(bytes: Uint8Array, limits = { output: 2 ** 30, ratio: 1e6 }) {
  const file = memoryFile(bytes, "file");
  const { file: output, end } = await decompressed(decompress(compressionOf(bytes)!, file, limits), file);
  return { bytes: await output.readAll(), end };
}

describe.each(files)("%s", (name) => {
  const bytes = readFileSync(path.join(folder, name));
  const [stem, , id] = name.split(".");
  const raw = gunzipSync(readFileSync(path.join(folder, `${stem}.raw.gz`)));

  test("gives the bytes back", async () => {
    expect(compressionOf(bytes)?.id).toBe(id);
    const { bytes: output, end } = await unpack(bytes);
    expect(Buffer.compare(output, raw)).toBe(0);
    expect(end).toBe(bytes.length);
  });

  test("stops where its data stops", async () => {
    const { bytes: output, end } = await unpack(Buffer.concat([bytes, Buffer.from("something else")]));
    expect(Buffer.compare(output, raw)).toBe(0);
    expect(end).toBe(bytes.length);
  });

  test("refuses half of it", async () => {
    await expect(unpack(bytes.subarray(0, bytes.length - 3))).rejects.toMatchObject({ code: "FILE_TRUNCATED" });
  });

  test("never gives other bytes when one is damaged", async () => {
    for (let i = 0; i < 40; i++) {
      const damaged = Uint8Array.from(bytes);
      const at = 20 + Math.floor(((bytes.length - 20) * i) / 40);
      if (at >= bytes.length) continue;
      damaged[at] = damaged[at]! ^ 0x10;
      const output = await unpack(damaged).catch((error) => error);
      if (output instanceof Error) expect(output).toHaveProperty("name", "IngotError");
      // LZMA alone, LZ4 as some write it, and .xz without a check have no checksum to tell by.
      // What no longer begins a second stream is what follows the first.
      else if (!/lzma|lz4|streams.xz/.test(name) && output.end === bytes.length)
        expect(Buffer.compare(output.bytes, raw)).toBe(0);
    }
  });
});

test.each([
  ["gzip", gzipSync(Buffer.alloc(2 ** 25))],
  ["zlib", deflateSync(Buffer.alloc(2 ** 25))],
  ["zstd", zstdCompressSync(Buffer.alloc(2 ** 25))],
])("%s that unpacks to too much", async (_name, bytes) => {
  await expect(unpack(bytes, { output: 2 ** 40, ratio: 200 })).rejects.toMatchObject({ code: "DECOMPRESSION_BOMB" });
  await expect(unpack(bytes, { output: 2 ** 24, ratio: 1e9 })).rejects.toMatchObject({ code: "DECOMPRESSION_BOMB" });
});

test("joblib up to 0.8.4 on Python 2, whose header is one space longer", async () => {
  const raw = Buffer.from("an array");
  const bytes = Buffer.concat([Buffer.from(`ZF${"0x8".padEnd(20)}`), deflateSync(raw)]);
  const { bytes: output, end } = await unpack(bytes);
  expect([Buffer.from(output).toString(), end]).toEqual(["an array", bytes.length]);
});

test("any bytes through node's own compressors", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
      for (const compress of [gzipSync, deflateSync, zstdCompressSync])
        expect(Buffer.compare((await unpack(compress(bytes))).bytes, bytes)).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test("what does not fit in memory goes through a file that is deleted", async () => {
  const raw = Buffer.alloc(300_000, "file ");
  const file = memoryFile(gzipSync(raw), "large");
  const { file: output } = await decompressed(decompress(compressionOf(await file.readAll())!, file), file, 100_000);
  expect(Buffer.compare(await output.readAll(), raw)).toBe(0);
  await output[Symbol.asyncDispose]();
  await expect(output.read(0, 1)).rejects.toThrow();
});
