// PNG: what the file says of itself, checked chunk by chunk. Rule: PNG specification (third edition), chapters 5 and 11.
import { IngotError } from "../../core/index.ts";
import { exifOrientation } from "./exif.ts";
import { checkSize, type ImageLimits, lies, malformed, truncated } from "./image_limits.ts";

export interface PngFile {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  readonly bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colourType: number;
  readonly isInterlaced: boolean;
  /** RGB triples. */
  readonly palette: Uint8Array;
  /** As stored: alpha of palette entries, or the one transparent colour. */
  readonly transparency: Uint8Array | null;
  /** Compressed image data, in order. */
  readonly data: readonly Uint8Array[];
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
export const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/** @throws IngotError FILE_TRUNCATED, FILE_MALFORMED, FILE_TOO_LARGE */
export function readPngFile(bytes: Uint8Array, limits: ImageLimits): PngFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | null = null;
  let palette = new Uint8Array(0);
  let transparency: Uint8Array | null = null;
  let orientation = 1;
  const data: Uint8Array[] = [];
  let at = 8;
  for (;;) {
    if (at + 12 > bytes.length) throw truncated("the PNG ends before its last chunk");
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (at + 12 + length > bytes.length) throw truncated(`the PNG ends within its chunk ${JSON.stringify(kind)}`);
    const chunk = bytes.subarray(at + 8, at + 8 + length);
    if (!header && kind !== "IHDR") throw malformed("the PNG does not begin with its header");
    if (
      /^(IHDR|PLTE|tRNS|IDAT)$/.test(kind) &&
      crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)
    )
      throw malformed(`the checksum of the PNG's chunk ${kind} is wrong`);
    if (kind === "IHDR") {
      if (header) throw malformed("the PNG has two headers");
      header = headerOf(chunk, limits);
    } else if (kind === "PLTE") palette = chunk.slice();
    else if (kind === "tRNS") transparency = chunk.slice();
    else if (kind === "eXIf") orientation = exifOrientation(chunk);
    else if (kind === "IDAT") data.push(chunk);
    else if (kind === "IEND") break;
    else if (kind[0]! < "a") throw malformed(`the PNG has a chunk ${JSON.stringify(kind)} that cannot be ignored`);
    at += 12 + length;
  }
  if (!header) throw malformed("the PNG has no header");
  const { width, height, colourType, bitDepth } = header;
  if (colourType === 3 && (palette.length === 0 || palette.length % 3 !== 0 || palette.length > 768))
    throw malformed("the PNG has no palette for its colours");
  // Deflate packs 1032 bytes into one at best.
  const compressed = data.reduce((sum, part) => sum + part.length, 0);
  const least = height * Math.ceil((width * bitDepth * channelsOf[colourType]!) / 8);
  if (compressed * 1032 < least) throw lies(width, height, compressed);
  return { ...header, orientation, palette, transparency, data };
}

type Header = Pick<PngFile, "width" | "height" | "bitDepth" | "colourType" | "isInterlaced">;

function headerOf(chunk: Uint8Array, limits: ImageLimits): Header {
  if (chunk.length !== 13) throw malformed("the PNG has a header of the wrong length");
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bitDepth, colourType, compression, filter, interlace] = chunk.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  checkSize(width, height, limits);
  if (!depths[colourType]?.includes(bitDepth) || compression !== 0 || filter !== 0 || interlace > 1)
    throw malformed("the PNG has a header that the standard does not know");
  if (bitDepth === 16 && (colourType === 0 || colourType === 4))
    throw new IngotError("FILE_MALFORMED", {
      what: "the PNG has 16 bits of grey, which no two programs bring to 8 bits alike",
      fix: "save the image again with 8 bits per channel",
    });
  return { width, height, bitDepth, colourType, isInterlaced: interlace === 1 };
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) value = table[(value ^ bytes[i]!) & 255]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
