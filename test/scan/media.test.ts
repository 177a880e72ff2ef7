// Sounds and pictures beside a model: understood to their last chunk, whatever the writer counted.
import { expect, test } from "vitest";
import { scanBytes } from "../../src/scan/index.ts";

const latin = (text: string) => Buffer.from(text, "latin1");
const u32 = (value: number, bigEndian = false) => {
  const bytes = Buffer.alloc(4);
  if (bigEndian) bytes.writeUInt32BE(value);
  else bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number) => Buffer.concat([u32(value), u32(0)]);
const chunk = (name: string, body: Uint8Array, bigEndian = false) =>
  Buffer.concat([latin(name), u32(body.length, bigEndian), body]);
const riff = (magic: string, stated: number, ...chunks: Uint8Array[]) =>
  Buffer.concat([latin(magic), u32(stated, magic === "RIFX"), latin("WAVE"), ...chunks]);

const format = chunk("fmt ", Buffer.alloc(16));
const list = chunk("LIST", latin("INFOISFT\x04\x00\x00\x00Lavf"));
const sound = chunk("data", Buffer.alloc(100, 7));
const whole = 4 + format.length + list.length + sound.length;
const ds64 = (riffSize: number, dataSize: number) =>
  chunk("ds64", Buffer.concat([u64(riffSize), u64(dataSize), u64(0), u32(0)]));
const long = Buffer.concat([latin("data"), u32(0xffff_ffff), Buffer.alloc(100, 7)]);

const rows: [name: string, bytes: Uint8Array, verdict: string, what: RegExp | null][] = [
  ["more chunks than two", riff("RIFF", whole, format, list, sound), "clean", null],
  [
    "a chunk that the size of the whole does not count",
    riff("RIFF", whole - list.length, format, list, sound),
    "clean",
    null,
  ],
  ["big-endian", riff("RIFX", 112, chunk("data", Buffer.alloc(100), true)), "clean", null],
  ["sizes of 64 bits", riff("RF64", 0xffff_ffff, ds64(4 + 36 + 108, 100), long), "clean", null],
  ["an odd chunk without its filler", riff("RIFF", 4 + 8 + 3, chunk("data", Buffer.alloc(3))), "clean", null],
  [
    "one byte behind the last",
    Buffer.concat([riff("RIFF", whole, format, list, sound), latin("x")]),
    "unknown",
    /^1 byte follows the end of the RIFF file/,
  ],
  ["a chunk cut off", riff("RIFF", whole, format, list, sound).subarray(0, -1), "unknown", null],
  ["no chunk where one should be", riff("RIFF", 4 + 16, Buffer.alloc(16)), "unknown", null],
];

test.each(rows)("%s", async (_name, bytes, verdict, what) => {
  const report = await scanBytes(bytes, "sound.wav");
  expect(report.verdict).toBe(verdict);
  if (what) expect(report.findings.map((finding) => finding.what)).toEqual([expect.stringMatching(what)]);
});
