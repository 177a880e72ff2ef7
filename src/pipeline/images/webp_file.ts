// WebP: what the file says of itself, and the part that a decoder needs. Rule: RFC 9649.
import { IngotError } from "../../core/index.ts";
import { exifOrientation } from "./exif.ts";
import { checkSize, type ImageLimits, malformed, truncated } from "./image_limits.ts";
import { joined } from "./jpeg_file.ts";

export interface WebpFile {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  readonly bytes: Uint8Array;
}

const text = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));

export function isWebp(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && text(bytes, 0) === "RIFF" && text(bytes, 8) === "WEBP";
}

/** @throws IngotError FILE_TRUNCATED, FILE_MALFORMED, FILE_TOO_LARGE */
export function readWebpFile(bytes: Uint8Array, limits: ImageLimits): WebpFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw truncated(`the WebP ends at byte ${bytes.length} of ${end}`);
  const kept: Uint8Array[] = [];
  let canvas: Size | null = null;
  let image: Size | null = null;
  let orientation = 1;
  for (let at = 12; at + 8 <= end; ) {
    const kind = text(bytes, at);
    const size = view.getUint32(at + 4, true);
    const next = at + 8 + size + (size % 2);
    // The last chunk may lack its byte of padding.
    if (at + 8 + size > end) throw truncated("the WebP ends within a chunk");
    const chunk = bytes.subarray(at + 8, at + 8 + size);
    if (kind === "ANIM" || kind === "ANMF") throw animated();
    if (kind === "EXIF") orientation = exifOrientation(withoutExifMark(chunk));
    if (kind === "VP8X") canvas = canvasOf(chunk, limits);
    if (kind === "VP8 " || kind === "VP8L") {
      if (image) throw malformed("the WebP has two images");
      image = kind === "VP8 " ? lossySize(chunk) : losslessSize(chunk);
      checkSize(image.width, image.height, limits);
    }
    if (kind === "VP8X" || kind === "ALPH" || kind === "VP8 " || kind === "VP8L") kept.push(chunkOf(kind, chunk));
    at = next;
  }
  if (!image) throw malformed("the WebP holds no image");
  if (canvas && (canvas.width !== image.width || canvas.height !== image.height))
    throw malformed(
      `the WebP claims ${canvas.width} × ${canvas.height} pixels and holds ${image.width} × ${image.height}`,
    );
  const body = joined(kept);
  const head = new Uint8Array(12);
  head.set(bytes.subarray(0, 12));
  new DataView(head.buffer).setUint32(4, 4 + body.length, true);
  return { ...image, orientation, bytes: joined([head, body]) };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function animated(): IngotError {
  return new IngotError("FILE_MALFORMED", {
    what: "the WebP is an animation, which is not decoded",
    fix: "send one of its frames as an image",
  });
}

function canvasOf(chunk: Uint8Array, limits: ImageLimits): Size {
  if (chunk.length < 10) throw malformed("the WebP has a header of the wrong length");
  if ((chunk[0]! & 2) !== 0) throw animated();
  const at = (i: number) => 1 + (chunk[i]! | (chunk[i + 1]! << 8) | (chunk[i + 2]! << 16));
  const size = { width: at(4), height: at(7) };
  checkSize(size.width, size.height, limits);
  return size;
}

function lossySize(chunk: Uint8Array): Size {
  const isKey = chunk.length >= 10 && (chunk[0]! & 1) === 0;
  if (!isKey || chunk[3] !== 0x9d || chunk[4] !== 1 || chunk[5] !== 0x2a)
    throw malformed("the WebP has no key frame where its image begins");
  return { width: (chunk[6]! | (chunk[7]! << 8)) & 0x3fff, height: (chunk[8]! | (chunk[9]! << 8)) & 0x3fff };
}

function losslessSize(chunk: Uint8Array): Size {
  if (chunk.length < 5 || chunk[0] !== 0x2f) throw malformed("the WebP has no lossless image where one begins");
  const bits = chunk[1]! | (chunk[2]! << 8) | (chunk[3]! << 16) | (chunk[4]! << 24);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** Some programs write the mark of JPEG in front. */
function withoutExifMark(chunk: Uint8Array): Uint8Array {
  return text(chunk, 0) === "Exif" ? chunk.subarray(6) : chunk;
}

/** The chunk again; of the header only the bit for alpha is true still. */
function chunkOf(kind: string, chunk: Uint8Array): Uint8Array {
  const all = new Uint8Array(8 + chunk.length + (chunk.length % 2));
  for (let i = 0; i < 4; i++) all[i] = kind.charCodeAt(i);
  new DataView(all.buffer).setUint32(4, chunk.length, true);
  all.set(chunk, 8);
  if (kind === "VP8X") all[8] = all[8]! & 0x10;
  return all;
}
