// Pictures that model cards carry, and sounds: understood when their structure reaches the last byte of the file.
import { bytesFollow } from "../core/index.ts";
import type { OpenFile, Survey } from "../formats/index.ts";
import { endOfRiff, riffMagics } from "./riff.ts";

/** A picture that someone hides a gigabyte in is not read. */
const largest = 64 << 20;

interface Reader {
  readonly id: string;
  readonly title: string;
  readonly magics: readonly string[];
  /** Where the structure ends, or null where it breaks. */
  end(bytes: Buffer): number | null;
}

const readers: readonly Reader[] = [
  { id: "png", title: "PNG picture", magics: ["\x89PNG\r\n\x1a\n"], end: endOfPng },
  { id: "jpeg", title: "JPEG picture", magics: ["\xff\xd8\xff"], end: endOfJpeg },
  { id: "gif", title: "GIF picture", magics: ["GIF8"], end: endOfGif },
  { id: "riff", title: "RIFF file (WAV, WebP)", magics: riffMagics, end: endOfRiff },
];

export function imageFormat(head: Uint8Array): string | null {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 8)).toString("latin1");
  return readers.find(({ magics }) => magics.some((magic) => text.startsWith(magic)))?.id ?? null;
}

export async function surveyImage(file: OpenFile, id: string, survey: Survey): Promise<void> {
  survey.reading?.(id);
  if (file.size > largest) return survey.observe({ kind: "unread", detail: `a picture of ${file.size} bytes` });
  const bytes = Buffer.from(await file.readAll());
  const { title, end: endOf } = readers.find((reader) => reader.id === id)!;
  const end = endOf(bytes);
  if (end === null || end > bytes.length)
    return survey.observe({ kind: "unread", detail: `the structure of the ${title} is broken` });
  survey.covered(0, end);
  if (end < bytes.length)
    survey.observe({
      kind: "anomaly",
      at: end,
      subject: "trailing-data",
      detail: `${bytesFollow(bytes.length - end)} the end of the ${title}`,
    });
}

function endOfPng(bytes: Buffer): number | null {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (!/^[A-Za-z]{4}$/.test(type)) return null;
    at += 12 + length;
    if (type === "IEND") return at;
  }
  return null;
}

function endOfJpeg(bytes: Buffer): number | null {
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) return at + 2;
    if (marker === 0xff) {
      at++;
      continue;
    }
    at += 2 + (marker >= 0xd0 && marker <= 0xd8 ? 0 : bytes.readUInt16BE(at + 2));
    if (marker === 0xda) {
      // Compressed data: up to the next marker that is none of its own.
      while (
        at + 1 < bytes.length &&
        !(bytes[at] === 0xff && bytes[at + 1] !== 0 && !(bytes[at + 1]! >= 0xd0 && bytes[at + 1]! <= 0xd7))
      )
        at++;
      if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return at + 2;
    }
  }
  return null;
}

function endOfGif(bytes: Buffer): number | null {
  if (bytes.length < 13) return null;
  const table = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(bytes[10]!);
  const skipBlocks = () => {
    while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1;
    at++;
  };
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === 0x3b) return at + 1;
    if (kind === 0x21) at += 2;
    else if (kind === 0x2c) at += 11 + table(bytes[at + 9] ?? 0);
    else return null;
    skipBlocks();
  }
  return null;
}
